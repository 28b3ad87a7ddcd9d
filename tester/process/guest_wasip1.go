package process

import (
	"encoding/json"
	"os"
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"raftlab/internal/record"
)

// In the engine the run is a guest, and talks to its host through four calls.

//go:wasmimport raftlab params
func hostParams(ptr unsafe.Pointer, capacity uint32) uint32

//go:wasmimport raftlab event
func hostEvent(ptr unsafe.Pointer, length uint32)

//go:wasmimport raftlab detail
func hostDetail(ptr unsafe.Pointer, length uint32)

//go:wasmimport raftlab verdict
func hostVerdict(ptr unsafe.Pointer, length uint32)

// secret is the word by which the engine knows that a verdict is ours. Nothing points to it: what
// the code under test can reach by reflection, from its persister for example, does not lead here.
var secret string

// engineHost hands everything to the engine.
type engineHost struct{ line []byte }

func (h *engineHost) Event(e *record.Event, detail string) {
	h.line = e.AppendJSON(h.line[:0])
	hostEvent(unsafe.Pointer(unsafe.SliceData(h.line)), uint32(len(h.line)))
	if detail != "" {
		hostDetail(unsafe.Pointer(unsafe.StringData(detail)), uint32(len(detail)))
	}
}

// Verdict ends the guest: the host does not return from the call.
func (h *engineHost) Verdict(v record.Verdict) {
	v.Secret = secret
	text, err := json.Marshal(v)
	if err != nil {
		text, _ = json.Marshal(record.Verdict{Secret: secret, Outcome: record.FrameworkError, Message: err.Error()})
	}
	hostVerdict(unsafe.Pointer(unsafe.SliceData(text)), uint32(len(text)))
	os.Exit(1) // a host that lets us go on has not believed us
}

// readParams asks the host what to run. The host answers once: the secret in the answer is known
// to whoever asks first, and that has to be us.
var readParams = sync.OnceValues(func() (record.Params, error) {
	var p record.Params
	text := make([]byte, 1<<12)
	n := hostParams(unsafe.Pointer(unsafe.SliceData(text)), uint32(len(text)))
	if int(n) > len(text) {
		text = make([]byte, n)
		n = hostParams(unsafe.Pointer(unsafe.SliceData(text)), uint32(len(text)))
	}
	err := json.Unmarshal(text[:n], &p)
	secret, p.Secret = p.Secret, ""
	return p, err
})

// Repeatable says that time in a bubble goes on while somebody waits for a mutex. There are no
// bubbles in a guest.
const Repeatable = false

// Run runs the one case that the host asks for.
func Run(t *testing.T, lab Lab) {
	t.Helper()
	h := &engineHost{}
	p, err := readParams()
	if err != nil {
		t.Fatalf("the engine gave no parameters: %v", err)
	}
	c, err := lab.find(p.Case)
	if err != nil {
		h.Verdict(record.Verdict{Outcome: record.FrameworkError, Message: err.Error()})
	}
	reseed(p)
	c.Run(h, p)
}

// A heap profile, which nobody asks for in the engine, samples the stacks of allocations. Go 1.26's
// wasm runtime may take the end of the scheduler's stack for code when the heap has grown to
// addresses that code has, too (from 300 MB on), and then ends the process with "invalid runtime
// symbol table".
func init() { runtime.MemProfileRate = 0 }
