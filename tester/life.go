package tester

import (
	"sync/atomic"

	"raftlab/internal/globals"
	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester/watch"
)

// life is one life of one peer, from a start to a crash or the end of the cluster.
//
//	      begin                      end                    forget
//	------- | ------ alive ----------- | ------ zombie -------- |
//	                                   |                        |
//	        messages, writes, applies  |  cut off; its channel  | its channel
//	        and answers count          |  is drained            | is left alone
type life struct {
	watch.Life // what the watcher knows of it
	c          *machines
	owner      globals.Owner // of the package variables that the peer uses in this life
	store      *storage
	ends       []watch.End
	gone       chan struct{}        // closed by forget
	node       atomic.Pointer[node] // nil until it has been made
	killed     atomic.Bool          // Kill has been called
}

// node is what runs on a machine in one of its lives.
type node struct {
	services []any        // reachable over the network
	raft     raftapi.Raft // the Raft peer, which may be one of the services
	kill     func()       // ends it all
	server   Server       // of a service; nil for a bare peer
}

// begin starts a life of peer i, at an instant of its own.
func (c *machines) begin(i int, kind record.Kind) {
	c.env.Sleep(c.pause())
	l := &life{Life: watch.Life{Peer: i, Began: c.r.now()}, c: c, gone: make(chan struct{}), owner: globals.NewServer(i)}
	c.checks.Birth(&l.Life)
	c.mu.Lock()
	l.store = newStorage(l, c.stored[i])
	c.mu.Unlock()
	ends := make([]*labrpc.ClientEnd, c.n)
	for to := range ends {
		name := watch.End{Cluster: c.number, From: i, Life: l.Number, To: to}
		l.ends = append(l.ends, name)
		ends[to] = c.net.MakeEdge(name, i, to)
		c.net.Connect(name, to)
		c.net.Enable(name, true)
	}
	c.mu.Lock()
	c.lives[i] = l
	c.all = append(c.all, l)
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
	if !l.Alive() {
		return false
	}
	l.c.net.AddServer(l.Peer, server)
	return true
}

// end is the instant of a crash: from now on nothing that the peer does has any effect. The order
// matters. First no message gets out any more; then nothing is checked any more; then what is
// stored is copied. So whatever others have seen of the peer had been stored, if the peer keeps the
// rules. It may be called with the peer's locks held.
func (c *machines) end(l *life) {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	c.endLocked(l)
}

func (c *machines) endLocked(l *life) {
	if !l.Alive() {
		return
	}
	c.net.DeleteServer(l.Peer)
	for _, name := range l.ends {
		c.net.Enable(name, false)
	}
	c.net.Release(l.Peer)
	c.checks.Death(&l.Life)
	l.store.noteUnsynced()
	stored := l.store.freeze()
	c.mu.Lock()
	c.stored[l.Peer] = stored
	c.mu.Unlock()
}

// kill tells a peer whose life has ended to stop, once.
func (c *machines) kill(l *life) {
	if made := l.node.Load(); made != nil && l.killed.CompareAndSwap(false, true) {
		c.r.call("Kill", l.Peer, l.as(made.kill)) // whatever comes of it: the rest has to be taken down, too
	}
}

// forget ends the last goroutine of ours that deals with the peer.
func (l *life) forget() { close(l.gone) }
