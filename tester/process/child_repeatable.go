//go:build raftlab_native && !wasip1

package process

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	_ "unsafe" // for go:linkname

	"raftlab/internal/backedge"
	"raftlab/internal/record"
)

// Repeatable says that this binary was built with the overlay of the Go runtime
// (internal/sim/overlay): a run in it is a function of the code, the case and the seed, and the
// same as in the wasm engine.
const Repeatable = true

//go:linkname raftlab_begin runtime.raftlab_begin
func raftlab_begin(now int64, memory uint64)

//go:linkname raftlab_counts runtime.raftlab_counts
func raftlab_counts() (gcs, forced int, idles uint64)

// streamHost hands every event to the engine's parent process, in a file that outlives a crash.
type streamHost struct {
	*childHost
	stream stream
	file   string // for the verdict
	line   []byte
}

// Event writes the event on one line, and its detail, as a JSON string, on the next.
func (h *streamHost) Event(e *record.Event, detail string) {
	h.line = append(e.AppendJSON(h.line[:0]), '\n')
	if detail != "" {
		if text, err := json.Marshal(detail); err == nil {
			h.line = append(append(h.line, text...), '\n')
		}
	}
	h.stream.Write(h.line)
}

func (h *streamHost) Verdict(v record.Verdict) {
	v.Secret = secret
	end := record.NativeEnd{Verdict: v}
	end.GCs, end.Forced, end.Idle = raftlab_counts()
	leave(h.file, end)
}

// runRepeatable runs one case in a bubble that begins as a guest of the engine does.
func runRepeatable(t *testing.T, c Case, p record.Params, h *childHost) {
	host := &streamHost{childHost: h, stream: stream{file: h.trace}, file: h.file}
	memory, _ := strconv.ParseUint(os.Getenv(record.MemoryVariable), 10, 64)
	os.Unsetenv(record.MemoryVariable)
	backedge.OnSpin(func(message, stacks string, at time.Duration) {
		host.Verdict(record.Verdict{Outcome: record.BusyLoop, Rule: "busy loop", Message: message,
			Stack: strings.ToValidUTF8(stacks, "?"), Time: at})
	})
	synctest.Test(t, func(*testing.T) {
		raftlab_begin(timeOfDay(p), memory)
		reseed(p)
		c.Run(host, p)
	})
}

// timeOfDay is when the run begins, in ns since 1970: as in the wasm engine (sim.newClock).
func timeOfDay(p record.Params) int64 {
	s := sha256.Sum256(fmt.Appendf(nil, "%s|%d|%s", p.Case, p.Seed, "clock"))
	now := int64(time.Second) + int64(binary.LittleEndian.Uint64(s[:])%uint64(time.Millisecond))
	day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	return now + day.UnixNano() + int64(binary.LittleEndian.Uint64(s[8:])%uint64(900*24*time.Hour))
}
