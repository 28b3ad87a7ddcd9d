package globals

import (
	"reflect"
	"sync"
	"unsafe"
)

// Clerks often take their numbers from a counter, one for all of them. If clients shared it while
// they work, they could tell each other anything by it, past the network. So they do not, and yet
// their numbers differ:
//
//	the first       MakeClerk   ids = 1 ---- works with ids of its own
//	                               |
//	                               | what it was when MakeClerk returned
//	                               v
//	the next        MakeClerk   ids = 2 ---- works with ids of its own
//
// A counter goes on, from one client to the next, as it was when the former's clerk was made,
// before anybody asked it for anything. Clerks may draw from it later, too, for the number of each
// request perhaps. So the numbers in it that are only added to are moved when the clerk has been
// made: for each client they go on far from where they do for others.

const (
	counter = 1              // marks a variable that holds nothing but plain numbers and locks, a few bytes in all
	tickets = 1              // the first of a mark for each of its numbers: it is only added to
	most    = 8              // so many numbers it has at most
	marks   = tickets + most // how many low bits of a variable's number are marks
)

// client is what a client has besides its copies. Everything is by the variable.
type client struct {
	number uint64
	before *client // that was made before it; nil: none
	made   bool    // its clerk is
	began  map[uint]bool
	left   map[uint]unsafe.Pointer // what the next one goes on from
	leaves []func()                // fill left
	moves  []func()                // what happens to its own counters when its clerk is made
}

var (
	clientsMu sync.Mutex
	youngest  *client
)

func newClient() *client {
	clientsMu.Lock()
	defer clientsMu.Unlock()
	c := &client{before: youngest, number: 1, began: map[uint]bool{}, left: map[uint]unsafe.Pointer{}}
	if youngest != nil {
		c.number = youngest.number + 1
	}
	youngest = c
	return c
}

// Made says that a client's clerk has been made: what its counters are now is where those of the
// next client begin.
func Made(o Owner) {
	if o == 0 {
		return
	}
	clientsMu.Lock()
	defer clientsMu.Unlock()
	c := (*all.Load())[o].client
	if c == nil || c.made {
		return
	}
	c.made = true
	for _, f := range append(c.leaves, c.moves...) {
		f()
	}
	c.leaves, c.moves = nil, nil
}

// begin gives counter n, to which p points, its first value for the client. It is not generic,
// because what the compiler copies into the code under test must not use reflection.
func begin(c *client, n uint, p any) {
	at, t := reflect.ValueOf(p).UnsafePointer(), reflect.TypeOf(p).Elem()
	clientsMu.Lock()
	defer clientsMu.Unlock()
	if c.began[n] {
		return
	}
	c.began[n] = true
	for b, known := c.before, false; b != nil && !known; b = b.before {
		if !b.made {
			for _, leave := range b.leaves { // for now
				leave()
			}
		}
		var from unsafe.Pointer
		if from, known = b.left[n]; known {
			goOn(at, from, t)
		}
	}
	move := func() { moveOn(at, t, n>>tickets&(1<<most-1), c.number) }
	if c.made {
		move()
		return
	}
	c.moves = append(c.moves, move)
	c.leaves = append(c.leaves, func() {
		kept := reflect.New(t).UnsafePointer()
		goOn(kept, at, t)
		c.left[n] = kept
	})
}

// moveOn moves the numbers of a counter that are marked, the first by the lowest bit, to where
// those of one client begin, and returns the marks of the numbers behind.
func moveOn(at unsafe.Pointer, t reflect.Type, marked uint, client uint64) (rest uint) {
	switch {
	case marked == 0 || t.PkgPath() == "sync":
		return marked
	case t.Kind() == reflect.Struct:
		for f := range t.Fields() {
			if f.Name != "_" {
				marked = moveOn(unsafe.Add(at, f.Offset), f.Type, marked, client)
			}
		}
		return marked
	case t.Kind() == reflect.Array:
		for i := range t.Len() {
			marked = moveOn(unsafe.Add(at, uintptr(i)*t.Elem().Size()), t.Elem(), marked, client)
		}
		return marked
	case t.Kind() == reflect.Pointer:
		if to := *(*unsafe.Pointer)(at); to != nil {
			return moveOn(to, t.Elem(), marked, client)
		}
		return 0 // what else there is cannot be told from the marks
	case marked&1 == 0:
	case t.Size() == 8:
		*(*uint64)(at) += client << 40
	case t.Size() == 4:
		*(*uint32)(at) += uint32(client) << 20
	}
	return marked >> 1
}

// goOn copies a counter of type t: its numbers, and none of its locks.
func goOn(to, from unsafe.Pointer, t reflect.Type) {
	switch {
	case t.PkgPath() == "sync":
		// A Once that has run is done for the next one, too. While it runs it is locked.
		if once := reflect.NewAt(t, from).Elem(); t.Name() == "Once" && once.FieldByName("m").IsZero() {
			reflect.NewAt(t, to).Elem().Set(once)
		}
	case t.Kind() == reflect.Struct:
		for f := range t.Fields() {
			goOn(unsafe.Add(to, f.Offset), unsafe.Add(from, f.Offset), f.Type)
		}
	case t.Kind() == reflect.Array:
		for i := range t.Len() {
			at := uintptr(i) * t.Elem().Size()
			goOn(unsafe.Add(to, at), unsafe.Add(from, at), t.Elem())
		}
	case t.Kind() == reflect.Pointer: // the one that is there stays, since other variables may have it, too
		there, its := (*unsafe.Pointer)(to), *(*unsafe.Pointer)(from)
		if its == nil {
			*there = nil
			return
		}
		if *there == nil {
			*there = reflect.New(t.Elem()).UnsafePointer()
		}
		goOn(*there, its, t.Elem())
	default:
		reflect.NewAt(t, to).Elem().Set(reflect.NewAt(t, from).Elem())
	}
}
