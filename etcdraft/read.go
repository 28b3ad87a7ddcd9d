package etcdraft

import (
	"encoding/binary"
	"slices"
	"time"

	"go.etcd.io/raft/v3"
)

// The library gives each request for a read index a round of heartbeats of its own, and drops those
// that it cannot serve without a word: no leader, another leader, a message lost. So, like etcd's
// server (linearizableReadLoop), a peer asks for one at a time, and all callers that come while it
// is on its way share the next; and it asks again.
//
//	callers    a        b  c        d
//	           |        |  |        |
//	           v        +--+--------+--> gathering ---.
//	         asking --------------->x confirmed       v
//	           |   heartbeats       |               asking ...
//	           '---- leader --------'
//
// A caller must never share a round that began before it called: the index would be too old.
type reads struct {
	last      uint64  // context of the last request
	asking    *round  // waits for the library's answer; nil if none does
	gathering *round  // callers that came since; nil if none did
	confirmed []round // have an index, which is not applied yet
}

// round is one request for a read index.
type round struct {
	age    int    // ticks since it was first sent
	index  uint64 // raft index, once confirmed
	result *readResult
}

// readResult is what the callers wait for.
type readResult struct {
	done  chan struct{} // closed when the rest is set
	index int
	ok    bool
}

// init makes the contexts of this incarnation different from those of all before it (etcd's server
// takes the time, too): an answer that was meant for the one before a crash is too old.
func (r *reads) init() { r.last = uint64(time.Now().UnixNano()) }

// ReadIndex implements [raftapi.ReadIndexer].
func (p *Peer) ReadIndex() (index int, ok bool) {
	p.mu.Lock()
	if p.killed || p.lead == raft.None {
		p.mu.Unlock()
		return 0, false
	}
	if p.reads.gathering == nil {
		p.reads.gathering = &round{result: &readResult{done: make(chan struct{})}}
	}
	result := p.reads.gathering.result
	p.nextRound()
	p.mu.Unlock()
	select {
	case <-result.done:
		return result.index, result.ok
	case <-p.done:
		return 0, false
	}
}

// nextRound sends the gathered callers' request, if none is on its way. The caller holds mu.
func (p *Peer) nextRound() {
	if p.reads.asking == nil && p.reads.gathering != nil {
		p.reads.asking, p.reads.gathering = p.reads.gathering, nil
		p.ask()
	}
}

// ask sends a request with a context that was never used: an answer to an earlier one may have been
// confirmed by a leader that has been deposed since (etcd issue 20418). The caller holds mu.
func (p *Peer) ask() {
	p.reads.last++
	p.node.ReadIndex(binary.BigEndian.AppendUint64(nil, p.reads.last))
	p.wake()
}

// tickReads repeats requests, and gives up those that nobody answers. The caller holds mu.
func (p *Peer) tickReads() {
	again, enough := 2*p.config.HeartbeatTicks, 2*p.config.ElectionTicks
	if r := p.reads.asking; r != nil {
		if r.age++; r.age >= enough {
			r.end(0, false)
			p.reads.asking = nil
			p.nextRound()
		} else if r.age%again == 0 {
			p.ask()
		}
	}
	for i := range p.reads.confirmed {
		p.reads.confirmed[i].age++
	}
	p.endConfirmed(func(r round) bool { return r.age >= enough }, false)
}

// noteReads takes the library's answers, and ends the calls whose index the service is given. What
// counts for that is the library's own index: an empty entry has no command index. The caller
// holds mu.
func (p *Peer) noteReads(states []raft.ReadState) {
	for _, s := range states {
		r := p.reads.asking
		if r == nil || binary.BigEndian.Uint64(s.RequestCtx) != p.reads.last {
			continue // answered late, or twice
		}
		r.index = s.Index
		p.reads.confirmed = append(p.reads.confirmed, *r)
		p.reads.asking = nil
		p.nextRound()
	}
	p.endConfirmed(func(r round) bool { return r.index <= p.applied }, true)
}

// endConfirmed ends the confirmed rounds that which says. The caller holds mu.
func (p *Peer) endConfirmed(which func(round) bool, ok bool) {
	p.reads.confirmed = slices.DeleteFunc(p.reads.confirmed, func(r round) bool {
		if !which(r) {
			return false
		}
		r.end(p.index.through(r.index), ok)
		return true
	})
}

// failReads ends all calls: the leader has changed. The caller holds mu.
func (p *Peer) failReads() {
	for _, r := range []*round{p.reads.asking, p.reads.gathering} {
		if r != nil {
			r.end(0, false)
		}
	}
	p.reads.asking, p.reads.gathering = nil, nil
	p.endConfirmed(func(round) bool { return true }, false)
}

func (r round) end(index int, ok bool) {
	r.result.index, r.result.ok = index, ok
	close(r.result.done)
}
