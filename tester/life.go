package tester

import (
	"sync/atomic"
	"time"

	"raftlab/internal/globals"
	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// life is one life of one peer, from a start to a crash or the end of the cluster.
//
//	      begin                      end                    forget
//	------- | ------ alive ----------- | ------ zombie -------- |
//	                                   |                        |
//	        messages, writes, applies  |  cut off; its channel  | its channel
//	        and answers count          |  is drained            | is left alone
type life struct {
	c              *machines
	peer           int
	number         int // among all lives of the cluster
	began          time.Duration
	alive          atomic.Bool   // changes under checks.mu, so that a check sees an instant before or after a crash
	owner          globals.Owner // of the package variables that the peer uses in this life
	store          *storage
	ends           []endName
	gone           chan struct{}        // closed by forget
	node           atomic.Pointer[node] // nil until it has been made
	killed         atomic.Bool          // Kill has been called
	applied        atomic.Int64         // the highest index applied, or covered by a snapshot
	offered, maybe int                  // indices of snapshots that the peer is, or was, asked about (contract.go); under checks.mu
	snapshots      atomic.Bool          // one was taken, installed, or there to begin with
	since          int                  // the latest snapshot that the service began from; the consumer's own
}

// endName names a client end on the network. With the life in it, messages of a zombie can be told
// from those of its successor.
type endName struct{ cluster, from, life, to int }

// node is what runs on a machine in one of its lives.
type node struct {
	services []any        // reachable over the network
	raft     raftapi.Raft // the Raft peer, which may be one of the services
	kill     func()       // ends it all
}

// begin starts a life of peer i, at an instant of its own.
func (c *machines) begin(i int, kind record.Kind) {
	c.env.Sleep(c.pause())
	l := &life{c: c, peer: i, gone: make(chan struct{}), began: c.r.now(), owner: globals.NewServer()}
	c.checks.birth(l)
	c.mu.Lock()
	l.store = newStorage(l, c.stored[i])
	c.mu.Unlock()
	ends := make([]*labrpc.ClientEnd, c.n)
	for to := range ends {
		name := endName{c.number, i, l.number, to}
		l.ends = append(l.ends, name)
		ends[to] = c.net.MakeEdge(name, i, to)
		c.net.Connect(name, to)
		c.net.Enable(name, true)
	}
	c.mu.Lock()
	c.lives[i] = l
	rate := c.rates[i]
	c.mu.Unlock()
	text := c.restored(l)
	if kind == record.Start && c.cast != nil {
		text = c.cast[i]
	}
	c.r.emit(record.Event{Kind: kind, Peer: i, Other: record.None, Text: text}, "")
	made := c.start(l, ends, raftapi.NewPersister(l.store))
	var server *labrpc.Server
	c.r.into("the set of services", i, l.as(func() {
		server = labrpc.MakeServer()
		for _, service := range made.services {
			server.AddService(labrpc.MakeService(service))
		}
	}))
	l.node.Store(made)
	if rate != 1 { // as it begins
		l.drift(rate)
	}
	if !l.serve(server) {
		c.kill(l)
	}
}

// as makes a call into the peer one that uses the peer's own package variables.
func (l *life) as(f func()) func() {
	return func() {
		defer globals.Leave(globals.Enter(l.owner))
		f()
	}
}

// serve puts the peer's server into the network, unless the peer has crashed while it was made.
func (l *life) serve(server *labrpc.Server) bool {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	if !l.alive.Load() {
		return false
	}
	l.c.net.AddServer(l.peer, server)
	return true
}

// end is the instant of a crash: from now on nothing that the peer does has any effect. The order
// matters. First no message gets out any more; then nothing is checked any more; then what is stored
// is copied. So whatever others have seen of the peer had been stored, if the peer keeps the rules.
// It may be called with the peer's locks held.
func (c *machines) end(l *life) {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	c.endLocked(l)
}

func (c *machines) endLocked(l *life) {
	if !l.alive.Load() {
		return
	}
	c.net.DeleteServer(l.peer)
	for _, name := range l.ends {
		c.net.Enable(name, false)
	}
	c.net.Release(l.peer)
	c.checks.death(l)
	l.store.noteUnsynced()
	stored := l.store.freeze()
	c.mu.Lock()
	c.stored[l.peer] = stored
	c.mu.Unlock()
}

// kill tells a peer whose life has ended to stop, once.
func (c *machines) kill(l *life) {
	if made := l.node.Load(); made != nil && l.killed.CompareAndSwap(false, true) {
		c.r.call("Kill", l.peer, l.as(made.kill)) // whatever comes of it: the rest has to be taken down, too
	}
}

// forget ends the last goroutine of ours that deals with the peer.
func (l *life) forget() { close(l.gone) }
