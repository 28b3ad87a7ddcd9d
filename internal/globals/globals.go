// Package globals keeps the package variables of the code under test apart, one copy for each life
// of each server, although all servers of a run share a process.
//
// On a real cluster a package variable is a variable of one machine, and gone when the machine
// crashes. In a simulated one it would be a channel past the network, and a disk that nobody pays
// for. The engine therefore compiles the code under test with each use of a variable that can
// change replaced by one of a copy:
//
//	var votes = 1                 var votes = raftlab_globals.Init(6, func() int { return 1 })
//	...                  becomes  ...
//	votes++                       (*raftlab_globals.At(&votes,6))++
//
// Whose copy it is follows from the goroutine. Each has an owner, which the engine's Go runtime
// hands on to the goroutines that it starts; the harness sets it around its calls into the code
// under test, and the simulated network around handlers.
//
//	owner 0          the harness               the variable itself
//	a life           each server, each life    a copy of its own of everything
//	a client         each clerk                a copy of its own; a counter goes on from the last clerk's
//	a visitor        a message on its way      a copy of its own of everything, made when it is used
//
// Counters are variables that hold plain numbers and locks, a few bytes in all. Clerks often take
// their numbers from one, so they begin where another clerk has left them (clients.go).
//
// A new owner's copies are made by running the initializers of the variables again, in the order in
// which the program ran them, and then those init functions that have to do with them.
//
// Outside the engine there is one owner, 0, and nothing is rewritten.
package globals

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// Owner is somebody with copies of the variables. The zero Owner has none: it uses the variables
// themselves.
type Owner uint64

// copies are the variables of one owner.
type copies struct {
	vars   []unsafe.Pointer // by the variable's number without its marks; nil: not used yet
	client *client          // nil: it is no client
	made   bool
	making bool
}

// all holds the copies by owner. It only grows; mu is for writing.
var (
	mu  sync.Mutex
	all atomic.Pointer[[]*copies]
)

// steps make the variables of a new owner, in the program's order.
var steps []func()

// NewServer returns an owner for a life of a server, whose number a crash says.
func NewServer(peer int) Owner { return named(newOwner(nil), peer) }

// NewClient returns an owner for a client, whose counters go on from the last one's. A crash says its
// number in the trace.
func NewClient(number int) Owner {
	if variables == 0 {
		return 0
	}
	return named(newOwner(newClient()), number)
}

func named(o Owner, number int) Owner {
	setName(uint64(o), uint64(number))
	return o
}

func newOwner(c *client) Owner {
	if variables == 0 {
		return 0
	}
	mu.Lock()
	defer mu.Unlock()
	list := []*copies{nil}
	if old := all.Load(); old != nil {
		list = append(list, (*old)[1:]...)
	}
	list = append(list, &copies{vars: make([]unsafe.Pointer, variables), client: c})
	all.Store(&list)
	return Owner(len(list) - 1)
}

// Current returns the owner of the goroutine that calls it.
func Current() Owner { return Owner(owner()) }

// Enter makes o the owner of the goroutine that calls it, and returns the one before. It makes the
// owner's variables if it is the first to come; so it may run initializers of the code under test.
func Enter(o Owner) (before Owner) {
	before = Owner(setOwner(uint64(o)))
	if o != 0 && o < visitors {
		(*all.Load())[o].make()
	}
	return before
}

// make gives the variables of the goroutine's owner their initial values, once.
func (c *copies) make() {
	if c.made {
		return
	}
	c.made, c.making = true, true
	for _, step := range steps {
		step()
	}
	c.making = false
}

// Leave gives the goroutine its former owner back.
func Leave(before Owner) { setOwner(uint64(before)) }

// At returns the copy of variable number n that belongs to the goroutine's owner. shared is the
// variable itself.
func At[T any](shared *T, n uint) *T {
	o := owner()
	if o == 0 {
		return shared
	}
	var c *copies
	if Owner(o) < visitors {
		c = (*all.Load())[o]
	} else {
		c = visitor(Owner(o))
	}
	at := &c.vars[n>>marks]
	p := atomic.LoadPointer(at)
	if p == nil {
		atomic.CompareAndSwapPointer(at, nil, unsafe.Pointer(new(T)))
		p = atomic.LoadPointer(at)
	}
	if n&counter != 0 && c.client != nil && !c.making {
		begin(c.client, n, (*T)(p))
	}
	return (*T)(p)
}

// None is the number of a variable that is not kept apart, but whose initializer has to run for
// each owner.
const None = ^uint(0)

func set[T any](n uint, v T) {
	if n != None {
		*At[T](nil, n) = v
	}
}

// Init is the initial value of variable n.
func Init[T any](n uint, f func() T) T {
	steps = append(steps, func() { set(n, f()) })
	return f()
}

// Init2 is the initial value of two variables that are set by one call.
func Init2[A, B any](a, b uint, f func() (A, B)) (A, B) {
	steps = append(steps, func() {
		x, y := f()
		set(a, x)
		set(b, y)
	})
	return f()
}

// Init3 is Init2 for three.
func Init3[A, B, C any](a, b, c uint, f func() (A, B, C)) (A, B, C) {
	steps = append(steps, func() {
		x, y, z := f()
		set(a, x)
		set(b, y)
		set(c, z)
	})
	return f()
}

// Flag is the initial value of variable n that points to a flag of the command line. A flag can be
// defined only once; a new owner gets a copy of its value.
func Flag[T any](n uint, f func() *T) *T {
	p := f()
	steps = append(steps, func() {
		v := *p
		set(n, &v)
	})
	return p
}

// Setup runs f, which was an init function, and will run it for each owner.
func Setup(f func()) {
	steps = append(steps, f)
	f()
}
