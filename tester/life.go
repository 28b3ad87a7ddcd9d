package tester

import (
	"sync/atomic"
	"time"

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
	c       *Cluster
	peer    int
	number  int // among all lives of the cluster
	began   time.Duration
	alive   atomic.Bool // changes under checks.mu, so that a check sees an instant before or after a crash
	store   *storage
	ends    []endName
	applyCh chan raftapi.ApplyMsg
	gone    chan struct{}                // closed by forget
	raft    atomic.Pointer[raftapi.Raft] // nil until Make has returned
	killed  atomic.Bool                  // Kill has been called
	applied atomic.Int64                 // the highest index applied, or covered by a snapshot
}

// endName names a client end on the network. With the life in it, messages of a zombie can be told
// from those of its successor.
type endName struct{ cluster, from, life, to int }

// begin starts a life of peer i, at an instant of its own.
func (c *Cluster) begin(i int, kind record.Kind) {
	c.env.Sleep(c.pause())
	l := &life{c: c, peer: i, applyCh: make(chan raftapi.ApplyMsg), gone: make(chan struct{}), began: c.r.now()}
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
	c.mu.Unlock()
	c.r.emit(record.Event{Kind: kind, Peer: i, Other: record.None, Text: l.restore()}, "")
	go func() {
		defer c.r.catch()
		l.consume()
	}()
	var peer raftapi.Raft
	c.r.into("Make", i, func() { peer = c.newPeer(ends, i, raftapi.NewPersister(l.store), l.applyCh) })
	l.raft.Store(&peer)
	server := labrpc.MakeServer()
	server.AddService(labrpc.MakeService(peer))
	if !l.serve(server) {
		c.kill(l)
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
func (c *Cluster) end(l *life) {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	c.endLocked(l)
}

func (c *Cluster) endLocked(l *life) {
	if !l.alive.Load() {
		return
	}
	c.net.DeleteServer(l.peer)
	for _, name := range l.ends {
		c.net.Enable(name, false)
	}
	c.checks.death(l)
	stored := l.store.freeze()
	c.mu.Lock()
	c.stored[l.peer] = stored
	c.mu.Unlock()
}

// kill tells a peer whose life has ended to stop, once.
func (c *Cluster) kill(l *life) {
	if p := l.raft.Load(); p != nil && l.killed.CompareAndSwap(false, true) {
		c.r.into("Kill", l.peer, (*p).Kill)
	}
}

// forget ends the last goroutine of ours that deals with the peer.
func (l *life) forget() { close(l.gone) }

// consume takes what the peer applies, for as long as the cluster exists: a zombie, too, may sit in a
// send and could not see that it was killed.
func (l *life) consume() {
	for {
		select {
		case m, ok := <-l.applyCh:
			if !ok {
				return
			}
			l.deliver(m)
		case <-l.gone:
			return
		}
	}
}
