package labrpc

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Network is a simulated network: client ends, servers, and the ways between them. Make one with
// [MakeNetwork]. All methods are safe for concurrent use, and none but [ClientEnd.Call] blocks.
type Network struct {
	mu sync.Mutex // guards everything below, and all ends, edges, slots and calls

	seed       uint64
	latency    latency       // zero: the default
	bandwidth  int           // busy.go
	service    time.Duration // likewise
	reliable   bool
	reordering bool
	longDelays bool
	duplicates bool
	once       bool // whatever duplicates says
	closed     bool

	ends    map[any]*end
	slots   map[any]*slot
	edges   map[[2]int]*edge
	nobodys map[uint64]*edge
	flights flights
	holds   holds

	calls int
	bytes int64

	observe func(*Message)
	fate    func(from, to int, n uint64) Fate // of [Network.Fates]; nil: the weather's
	message Message                           // the one that the observer sees
	mistake func(error)
	told    map[string]bool // mistakes that were printed
}

// slot is the place of a server in the network. It outlives the servers that are put there, and so
// does its count.
type slot struct {
	name   any
	server *Server // nil: deleted, or not yet there
	count  int

	processor line // of [Network.ServiceTime]
}

// ClientEnd is one end of a connection: a peer holds one for each server that it calls. It is made
// by [Network.MakeEnd] or [Network.MakeEdge], leads to the server given to [Network.Connect], and
// works once it is enabled. Or [MakeCarried] makes it, over something else than a network.
//
// It is a handle. What it stands for belongs to the network, which decides at each call whether the
// end still works: a copy of the struct is the same end, and stops working with it.
type ClientEnd struct {
	end *end
}

// end is what a ClientEnd stands for.
type end struct {
	rn       *Network
	name     any
	owned    bool
	enabled  bool
	deleted  bool
	stranded atomic.Pointer[func()] // by Strand; changed with rn.mu held
	edge     *edge
	slot     *slot // nil before Connect

	carrier Carrier // of an end of [MakeCarried]: everything else is zero then
}

// MakeNetwork returns a network that is reliable and has no servers and no ends.
func MakeNetwork() *Network {
	rn := &Network{
		reliable: true,
		ends:     map[any]*end{},
		slots:    map[any]*slot{},
		edges:    map[[2]int]*edge{},
		nobodys:  map[uint64]*edge{},
		holds:    holds{},
		told:     map[string]bool{},
	}
	rn.flights.init()
	return rn
}

// Cleanup ends the network: calls in flight return false at once, later ones soon after they are
// made, and nothing is delivered any more.
func (rn *Network) Cleanup() {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.closed = true
	for _, peer := range slices.Sorted(maps.Keys(rn.holds)) {
		rn.release(peer)
	}
	rn.sweep(func(c *call) { c.lose("network closed", 0) })
}

// Seed sets the seed of the weather: networks with the same seed treat the n-th call on the same
// edge alike. Without it the seed is 0.
func (rn *Network) Seed(seed uint64) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.seed = seed
}

// Latency sets how long a message travels, one way, from now on: each takes a time between low and
// high that the weather draws, or exactly low if the two are equal. A round trip is two messages.
// An unreliable network delays requests on top of low, and loses as many as before. Latency(0, 0)
// restores the default, 0.1 to 0.9 ms. It panics if low is negative or above high.
func (rn *Network) Latency(low, high time.Duration) {
	if low < 0 || low > high {
		panic(fmt.Sprintf("labrpc: Latency(%v, %v): the first must be the lower bound of the second, and not negative", low, high))
	}
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.latency = latency{low, high}
}

// Reliable says whether messages arrive. On a reliable network each takes 0.1 to 0.9 ms, or what
// [Network.Latency] says. On an unreliable one requests take up to 26 ms, so that they overtake
// each other, 10% of requests and 10% of replies are lost, and a caller learns of that after up to
// 26 ms more.
func (rn *Network) Reliable(yes bool) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.reliable = yes
}

// IsReliable returns what [Network.Reliable] set, true at first.
func (rn *Network) IsReliable() bool {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	return rn.reliable
}

// LongReordering delays two replies of three by 200 ms to 2.2 s, on a reliable network too.
func (rn *Network) LongReordering(yes bool) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.reordering = yes
}

// LongDelays lets calls to servers that cannot be reached fail after up to 7 s instead of up to
// 0.1 s.
func (rn *Network) LongDelays(yes bool) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.longDelays = yes
}

// IsLongDelays returns what [Network.LongDelays] set, false at first.
func (rn *Network) IsLongDelays() bool {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	return rn.longDelays
}

// Duplicates makes the network deliver 10% of the requests a second time, up to 300 ms after the
// first (with LongReordering 200 ms to 2.2 s), and so behind later ones. The reply to the second
// copy is ignored. What is lost is not delivered a second time either.
func (rn *Network) Duplicates(yes bool) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.duplicates = yes
}

// Once makes the network deliver no request a second time, whatever [Network.Duplicates] is told:
// there are services that count on it.
func (rn *Network) Once(yes bool) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.once = yes
}

// Observe installs f, which sees everything that happens to messages, in order; nil removes it. f
// is called with the network's lock held: it must not block and not call the network.
func (rn *Network) Observe(f func(*Message)) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.observe = f
}

// MakeEnd makes an end that belongs to nobody in particular. It must still be connected and
// enabled. Names of ends and servers can be of any type that can be a map key.
func (rn *Network) MakeEnd(endname any) *ClientEnd {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	e := rn.makeEnd(endname)
	e.edge = rn.nobodysEdge(endname, nil)
	return &ClientEnd{e}
}

// MakeEdge makes an end like [Network.MakeEnd], and says that peer from owns it and that it leads
// to peer to. The network knows then which calls [Network.Cut] concerns, gives the calls of a
// restarted peer the weather that goes on from those before, and names the peers to the observer.
func (rn *Network) MakeEdge(endname any, from, to int) *ClientEnd {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	e := rn.makeEnd(endname)
	e.owned, e.edge = true, rn.edge(from, to)
	return &ClientEnd{e}
}

func (rn *Network) makeEnd(endname any) *end {
	if rn.ends[endname] != nil {
		panic(fmt.Sprintf("labrpc: MakeEnd: there is an end %#v already", endname))
	}
	e := &end{rn: rn, name: endname}
	rn.ends[endname] = e
	return e
}

// end finds an end for the harness, which is in error if it does not exist. rn.mu is held.
func (rn *Network) end(endname any, doing string) *end {
	e := rn.ends[endname]
	if e == nil {
		panic(fmt.Sprintf("labrpc: %s: there is no end %#v: make it with MakeEnd or MakeEdge first", doing, endname))
	}
	return e
}

// DeleteEnd removes an end. Calls on it fail, as if it were disabled.
func (rn *Network) DeleteEnd(endname any) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	if e := rn.ends[endname]; e != nil {
		delete(rn.ends, endname)
		e.deleted = true
		rn.disable(e)
	}
}

// slot returns the place of a server. rn.mu is held.
func (rn *Network) slot(servername any) *slot {
	s := rn.slots[servername]
	if s == nil {
		s = &slot{name: servername}
		rn.slots[servername] = s
	}
	return s
}

// AddServer puts a server into the network. If there is one of that name it is replaced: calls in
// flight to the old one fail at once, and what its handlers still do reaches nobody.
func (rn *Network) AddServer(servername any, srv *Server) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.replace(rn.slot(servername), srv, "server replaced")
}

// DeleteServer takes a server out of the network. Calls in flight to it fail at once.
func (rn *Network) DeleteServer(servername any) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	rn.replace(rn.slot(servername), nil, "server gone")
}

func (rn *Network) replace(s *slot, srv *Server, why string) {
	old := s.server
	if old == srv {
		return
	}
	s.server = srv
	rn.sweep(func(c *call) {
		if c.slot == s {
			c.lose(why, 0)
		}
	})
}

// Connect leads an end to a server, which may be added later. An end must be connected and enabled
// for calls to work.
func (rn *Network) Connect(endname, servername any) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	e := rn.end(endname, "Connect")
	s := rn.slot(servername)
	if e.slot != nil && e.slot != s {
		rn.sweep(func(c *call) {
			if c.end == e {
				c.loseRequest("end reconnected")
				c.loseReply("end reconnected")
			}
		})
	}
	e.slot = s
	if !e.owned {
		e.edge = rn.nobodysEdge(endname, servername)
	}
}

// Enable enables an end or disables it. If it is disabled its calls in flight fail at once:
// requests on their way are not delivered, handlers that run go on, and their replies are lost.
func (rn *Network) Enable(endname any, enabled bool) {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	e := rn.end(endname, "Enable")
	if enabled {
		e.enabled = true
	} else {
		rn.disable(e)
	}
}

func (rn *Network) disable(e *end) {
	if !e.enabled {
		return
	}
	e.enabled = false
	rn.sweep(func(c *call) {
		if c.end == e {
			c.loseRequest("end disabled")
			c.loseReply("end disabled")
		}
	})
}

// GetCount returns how many requests have been delivered to servers of this name, those that are
// gone included. A duplicate counts again.
func (rn *Network) GetCount(servername any) int {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	if s := rn.slots[servername]; s != nil {
		return s.count
	}
	return 0
}

// GetTotalCount returns how many calls have been made, whatever became of them.
func (rn *Network) GetTotalCount() int {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	return rn.calls
}

// GetTotalBytes returns the size of all requests, lost ones included, and of all replies that
// reached their caller, in bytes of gob encoding without type descriptors (see labgob.Copier).
func (rn *Network) GetTotalBytes() int64 {
	rn.mu.Lock()
	defer rn.mu.Unlock()
	return rn.bytes
}
