package globals

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// Methods of a message (GobDecode) run while it is on its way. They may neither see the variables
// of the sender nor those of the receiver, or they would carry something past the network; and what
// they keep must be of no use to anybody but the receiver. So each message that has such methods is
// an owner of its own, a visitor. Hardly any method uses package variables, so a visitor's copies
// are made when it does.

// visitors is the first of the visitors' numbers.
const visitors = Owner(1) << 40

var (
	lastVisitor atomic.Uint64
	visiting    sync.Map // Owner -> *copies
)

// NewVisitor returns an owner for the methods of one message.
func NewVisitor() Owner {
	if variables == 0 {
		return 0
	}
	return visitors + Owner(lastVisitor.Add(1))
}

// visitor returns the copies of the goroutine's owner.
func visitor(o Owner) *copies {
	if c, ok := visiting.Load(o); ok {
		return c.(*copies)
	}
	c, loaded := visiting.LoadOrStore(o, &copies{vars: make([]unsafe.Pointer, variables)})
	if !loaded {
		c.(*copies).make()
	}
	return c.(*copies)
}
