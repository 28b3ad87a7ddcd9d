package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"

	"raftlab/internal/record"
)

// keptEvents is how many events before the end of a failed run go into its result.
const keptEvents = 400

// events takes the guest's events: it hashes all of them, keeps the last ones, and writes
// them to a file if there is one.
type events struct {
	hash hash.Hash
	n    int
	last [keptEvents][]byte // ring
	cast []record.Event     // starts that said what a server is, and are in the ring no more
	file *limitedFile
	held []byte // event that waits for its detail before it is written
}

func newEvents() *events { return &events{hash: sha256.New()} }

// add takes one event as a JSON object without a line break.
func (e *events) add(line []byte) {
	e.hash.Write(line)
	e.hash.Write([]byte{'\n'})
	slot := &e.last[e.n%keptEvents]
	if bytes.Contains(*slot, startKind) {
		if gone, ok := decoded(*slot); ok && gone.Text != "" {
			e.cast = append(e.cast, gone)
		}
	}
	*slot = append((*slot)[:0], line...)
	e.n++
	if e.file != nil {
		e.flush()
		e.held = append(e.held[:0], line...)
	}
}

// detail takes text that belongs to the last event. It is not hashed.
func (e *events) detail(text []byte) {
	if e.file == nil || len(e.held) < 2 {
		return
	}
	e.held = record.AppendDetailed(e.held, string(text))
}

func (e *events) flush() {
	if len(e.held) > 0 {
		e.file.Write(append(e.held, '\n'))
		e.held = e.held[:0]
	}
}

// close ends the trace file.
func (e *events) close() error {
	if e.file == nil {
		return nil
	}
	e.flush()
	return e.file.Close()
}

// sum returns the identity of the run: the hash of all events and of how it ended.
func (e *events) sum(v record.Verdict) string {
	fmt.Fprintf(e.hash, "%s\n%s\n%s\n%d\n", v.Outcome, v.Rule, v.Message, v.Time)
	return hex.EncodeToString(e.hash.Sum(nil)[:16])
}

// startKind is how the start of a server shows in a line.
var startKind = []byte(`"k":"` + string(record.Start) + `"`)

// tail returns the last events, oldest first; and before them those that say what each server is.
func (e *events) tail() []record.Event {
	list := slices.Clone(e.cast)
	for i := max(0, e.n-keptEvents); i < e.n; i++ {
		if event, ok := decoded(e.last[i%keptEvents]); ok {
			list = append(list, event)
		}
	}
	return list
}

func decoded(line []byte) (event record.Event, ok bool) {
	err := json.Unmarshal(line, &event)
	return event, err == nil
}
