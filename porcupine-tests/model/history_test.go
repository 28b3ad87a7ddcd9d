package model

import (
	"sync"
	"time"
)

// History records the operations of several clients. Its methods are safe for concurrent use.
type History struct {
	mu  sync.Mutex
	now int // the place in the order of calls and returns
	ops []Op
}

// Call records that a client begins an operation, at the virtual time at. It returns a handle for
// Return. Of op, the fields are used that say what is asked.
func (h *History) Call(op Op, at time.Duration) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now++
	op.Call, op.Begin, op.Open = h.now, at, true
	h.ops = append(h.ops, op)
	return len(h.ops) - 1
}

// Return records the answer to an operation; answer fills it in. It returns the operation.
func (h *History) Return(handle int, at time.Duration, answer func(*Op)) Op {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now++
	op := &h.ops[handle]
	answer(op)
	op.Return, op.End, op.Open = h.now, at, false
	return *op
}

// Ops returns what has been recorded so far. Operations without a return are open.
func (h *History) Ops() []Op {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Op(nil), h.ops...)
}

// Len returns how many operations have begun.
func (h *History) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.ops)
}
