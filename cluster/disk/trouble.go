package disk

import (
	"encoding/json"
	"errors"
	"os"
	"sync"
	"syscall"
)

// Trouble is what a test does to a [Fragile] disk from outside of the process that uses it: the
// file that holds it is read before each operation.
type Trouble struct {
	Step  string // of the log in which it comes ([Troubled.Step]); "" in any
	Op    string // operation that has it, as [OpenFragile] calls them; "" any
	After int    // operations that would have it, and do not yet
	Crash bool   // the process ends there, as by kill -9; otherwise the operation fails
	Full  int64  // if not 0: how many bytes more there is room for, from the first operation on; the rest is not meant
}

// Troubled is a disk that can have a [Trouble].
type Troubled struct {
	file string

	mu   sync.Mutex
	step string
	seen int
	took int64
	had  Trouble
}

// NewTroubled returns the trouble of a disk that is written in file, while that is there.
func NewTroubled(file string) *Troubled { return &Troubled{file: file} }

// Step says what the user of the disk is doing.
func (t *Troubled) Step(step string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.step = step
}

// now reads what is wrong. Another trouble begins to count anew.
func (t *Troubled) now() (now Trouble, any bool) {
	b, err := os.ReadFile(t.file)
	if err != nil || json.Unmarshal(b, &now) != nil {
		t.had, t.seen, t.took = Trouble{}, 0, 0
		return now, false
	}
	if now != t.had {
		t.had, t.seen, t.took = now, 0, 0
	}
	return now, true
}

var errIO = errors.New("input/output error (a test's)")

// Before is a hook of [OpenFragile].
func (t *Troubled) Before(op, _ string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, any := t.now()
	if !any || now.Full != 0 || now.Step != "" && now.Step != t.step || now.Op != "" && now.Op != op {
		return nil
	}
	if t.seen++; t.seen <= now.After {
		return nil
	}
	if now.Crash {
		endProcess()
	}
	return errIO
}

// Grow is for [Fragile.Limit].
func (t *Troubled) Grow(n int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now, _ := t.now(); now.Full == 0 {
		return nil
	} else if t.took += n; t.took > now.Full {
		return syscall.ENOSPC
	}
	return nil
}

// endProcess ends this process so that nothing of it gets a chance to put things in order.
func endProcess() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil && p.Kill() == nil {
		select {}
	}
	os.Exit(137)
}
