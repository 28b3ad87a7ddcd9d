package lab3

import (
	"sync"
	"time"

	"raftlab/labrpc"
	"raftlab/labs/kit"
	"raftlab/raftapi"
	"raftlab/tester"
)

// overload runs the service on one peer that commits faster than it delivers: thousands of entries
// are committed, and nothing is handed to the service for some seconds. Requests that come
// meanwhile wait or are refused (ErrTooManyRequests), as the service likes; but clerks must not
// storm it, and in the end everything is done, once.
func overload(e *tester.Env) {
	const clients, pile, seconds = 8, 6000, 4
	peer := &busyPeer{}
	s := start(e, setup{servers: 1, raft: peer.make})
	work := kit.Mix{Users: clients, Each: 4, Keys: kit.Letters(3), Reads: 30, Think: 200 * time.Millisecond}
	if !peer.given() { // a pass takes some work all the same
		e.NotChecked(tester.RuleTooManyRPCs, "the service makes its own Raft peer, and does not take the busy one of this case (kvapi.Options.Raft)")
		s.Shutdown()
		usual := start(e, setup{})
		usual.ends(usual.load(work))
		return
	}
	l := s.load(work)
	s.Idle(300 * time.Millisecond)
	before := s.Served(0)
	peer.hold(pile)
	e.Note("the peer has committed %d entries more and delivers none", pile)
	e.Sleep(seconds * time.Second)
	if n, most := s.Served(0)-before, clients*seconds*100; n > most {
		s.Fail(tester.RuleTooManyRPCs, nil, "%d clients made %d requests in %d s to a server that is busy; %d would be a hundred a second each. A clerk that is refused has to wait before it asks again",
			clients, n, seconds, most)
	}
	peer.release()
	e.Note("the peer delivers again")
	s.ends(l)
}

// busyPeer is a Raft peer of a cluster of one server: what is proposed is committed. It delivers
// when it is allowed to. It stands in for a real one that is far ahead of its service, since in
// virtual time a service takes no time.
type busyPeer struct {
	mu        sync.Mutex
	entries   []any // committed; nil for one without a command
	delivered int
	held      bool
	wake      chan struct{}
	done      chan struct{}
}

func (p *busyPeer) make(_ []*labrpc.ClientEnd, _ int, _ *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
	p.mu.Lock()
	p.wake, p.done = make(chan struct{}, 1), make(chan struct{})
	p.mu.Unlock()
	go p.deliver(applyCh)
	return p
}

// given says whether the service has taken this peer.
func (p *busyPeer) given() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wake != nil
}

func (p *busyPeer) Start(command any) (index, term int, isLeader bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entries = append(p.entries, command)
	p.stir()
	return len(p.entries), 1, true
}

func (p *busyPeer) GetState() (term int, isLeader bool) { return 1, true }
func (p *busyPeer) Extend(...string) error              { return nil }
func (p *busyPeer) Snapshot(int, []byte)                {}

func (p *busyPeer) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
	default:
		close(p.done)
	}
}

// CommitIndex implements raftapi.CommitIndexer.
func (p *busyPeer) CommitIndex() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.entries)
}

// hold commits n entries without commands, and delivers nothing any more.
func (p *busyPeer) hold(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entries = append(p.entries, make([]any, n)...)
	p.held = true
}

func (p *busyPeer) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = false
	p.stir()
}

// stir wakes the goroutine that delivers.
func (p *busyPeer) stir() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// next returns the next message, if one may be delivered.
func (p *busyPeer) next() (raftapi.ApplyMsg, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held || p.delivered == len(p.entries) {
		return raftapi.ApplyMsg{}, false
	}
	command := p.entries[p.delivered]
	p.delivered++
	return raftapi.ApplyMsg{CommandValid: command != nil, Command: command, CommandIndex: p.delivered}, true
}

func (p *busyPeer) deliver(applyCh chan raftapi.ApplyMsg) {
	for {
		msg, ok := p.next()
		if !ok {
			select {
			case <-p.wake:
				continue
			case <-p.done:
				return
			}
		}
		select {
		case applyCh <- msg:
		case <-p.done:
			return
		}
	}
}
