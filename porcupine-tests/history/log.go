package history

import (
	"slices"
	"sync"
	"time"

	"raftlab/porcupine-tests/model"
)

// log is a list of operations. Calls and returns have places in one order, whether or not virtual time
// went on between them: many things happen at one instant of it, and an operation that returned before
// another was called shall count as earlier.
type log struct {
	mu     sync.Mutex
	places int // given so far
	ops    []model.Op
	faults []model.Fault
}

// call adds an operation, which is open, and returns its handle.
func (l *log) call(op model.Op, at time.Duration) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places++
	op.Call, op.Begin, op.Open = l.places, at, true
	l.ops = append(l.ops, op)
	return len(l.ops) - 1
}

// answer records the return of an operation.
func (l *log) answer(handle int, at time.Duration, answered model.Op) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places++
	op := &l.ops[handle]
	op.Return, op.End, op.Open = l.places, at, false
	op.Err, op.Got, op.GotVersion = answered.Err, answered.Got, answered.GotVersion
}

// begin adds a fault, which lasts, and returns its handle; end ends it.
func (l *log) begin(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places++
	l.faults = append(l.faults, model.Fault{What: what, From: l.places, To: lasting})
	return len(l.faults) - 1
}

const lasting = -1 // model.Fault.To of a fault that has not ended

func (l *log) end(handle int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places++
	l.faults[handle].To = l.places
}

// copies returns what there is so far. Faults that last end now.
func (l *log) copies() ([]model.Op, []model.Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	faults := slices.Clone(l.faults)
	for i := range faults {
		if faults[i].To == lasting {
			faults[i].To = l.places + 1
		}
	}
	return slices.Clone(l.ops), faults
}

func (l *log) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ops)
}
