// Package tester is the smallest harness that speaks the engine's protocol. It is not the course's: it is here so
// that the engine can be tested by itself. Packages record and backedge are added by the tests.
package tester

import (
	"encoding/json"
	"time"
	"unsafe"

	"raftlab/internal/record"
)

//go:wasmimport raftlab params
func hostParams(p unsafe.Pointer, capacity uint32) uint32

//go:wasmimport raftlab event
func hostEvent(p unsafe.Pointer, n uint32)

//go:wasmimport raftlab detail
func hostDetail(p unsafe.Pointer, n uint32)

//go:wasmimport raftlab verdict
func hostVerdict(p unsafe.Pointer, n uint32)

func send(f func(unsafe.Pointer, uint32), b []byte) { f(unsafe.Pointer(&b[0]), uint32(len(b))) }

// Run runs one case and reports how it ended. f returns what is wrong, or "".
func Run(f func(name string, note func(string)) string) {
	buf := make([]byte, 4096)
	n := hostParams(unsafe.Pointer(&buf[0]), uint32(len(buf)))
	var p record.Params
	if err := json.Unmarshal(buf[:n], &p); err != nil {
		panic(err)
	}
	if again := hostParams(unsafe.Pointer(&buf[0]), uint32(len(buf))); again != 0 {
		panic("the parameters were told twice")
	}
	began := time.Now()
	note := func(text string) {
		e := record.Event{Time: time.Since(began), Kind: record.Note, Peer: 0, Other: record.None, Text: text}
		send(hostEvent, e.AppendJSON(nil))
		if p.Detail {
			send(hostDetail, []byte("detail of "+text))
		}
	}
	v := record.Verdict{Secret: p.Secret, Outcome: record.Pass}
	switch p.Case {
	case "verdict without secret":
		v.Secret = "guess"
	case "harness crashes":
		panic("harness")
	}
	if wrong := f(p.Case, note); wrong != "" {
		v.Outcome, v.Rule, v.Message = record.Fail, "wrong", wrong
	}
	v.Time = time.Since(began)
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	send(hostVerdict, b)
	v.Outcome = record.Pass // only the first counts, and nothing comes after it
	b, _ = json.Marshal(v)
	send(hostVerdict, b)
}
