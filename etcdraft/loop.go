package etcdraft

import (
	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"raftlab/raftapi"
)

// wake tells the loop that the library may have work. It never blocks: a token that is there
// already stands for this call, too.
func (p *Peer) wake() {
	select {
	case p.work <- struct{}{}:
	default:
	}
}

// request is something to be done by the loop between two turns, when nothing is half stored.
type request struct {
	do   func()
	done chan struct{}
}

// betweenTurns has the loop call f, with mu held, and waits for it. After Kill it does nothing.
func (p *Peer) betweenTurns(f func()) {
	r := request{f, make(chan struct{})}
	select {
	case p.requests <- r:
		<-r.done
	case <-p.done:
	}
}

// run is the only goroutine that takes Readys from the library and writes to storage.
func (p *Peer) run() {
	for {
		select {
		case <-p.done:
			return
		case <-p.ticker.C:
			p.mu.Lock()
			p.node.Tick()
			p.tickReads()
			p.mu.Unlock()
		case r := <-p.requests:
			p.mu.Lock()
			r.do()
			p.mu.Unlock()
			close(r.done)
		case <-p.work:
		}
		for p.turn() {
		}
	}
}

// turn handles one Ready, in the order that the library's contract asks for, and reports whether
// there was one:
//
//	lock    Ready: what has to be stored, sent, applied
//	        leader: send to the followers, while the own disk still writes (dissertation §10.2.1)
//	        store entries, term and vote: in one write
//	        send the rest; answer the RPCs that came in before this turn
//	lock    hand on what is committed; Advance
//
// Between the two locks others may call the node: proposals and messages gather there, and go into
// the next turn together. A second Ready before Advance is what the library forbids, and one loop
// cannot do it.
func (p *Peer) turn() bool {
	p.mu.Lock()
	callers := p.callers
	p.callers = nil
	if p.killed || !p.node.HasReady() {
		p.mu.Unlock()
		answer(callers, nil)
		return false
	}
	rd := p.node.Ready()
	hard, soft := p.accept(rd)
	p.mu.Unlock()

	out := bundle(rd.Messages)
	if soft.RaftState == raft.StateLeader {
		p.send(out.take(fromLeader))
	}
	p.persist(rd, hard)
	answer(callers, out)
	p.send(out)
	applies := p.toApplyMsgs(rd)

	p.mu.Lock()
	p.queue = append(p.queue, applies...)
	if n := len(rd.CommittedEntries); n > 0 {
		p.applied = rd.CommittedEntries[n-1].GetIndex()
	} else if !raft.IsEmptySnap(rd.Snapshot) {
		p.applied = rd.Snapshot.GetMetadata().GetIndex()
	}
	p.toApply.Signal()
	p.node.Advance(rd)
	p.noteState(hard, soft)
	p.noteReads(rd.ReadStates)
	p.mu.Unlock()
	return true
}

// accept counts the entries of a Ready, and returns the peer's state as of it: a Ready itself
// tells only what has changed. The caller holds mu.
func (p *Peer) accept(rd raft.Ready) (*pb.HardState, raft.SoftState) {
	if !raft.IsEmptySnap(rd.Snapshot) {
		p.index.reset(snapshotCommand(rd.Snapshot))
	}
	p.index.append(rd.Entries)
	status := p.node.BasicStatus() // no one has called the node since Ready
	if status.RaftState == raft.StateLeader && status.GetTerm() != p.startTerm {
		p.startTerm, p.promised = status.GetTerm(), p.index.last()
	}
	return status.HardState, status.SoftState
}

// toApplyMsgs translates what a Ready hands to the service.
func (p *Peer) toApplyMsgs(rd raft.Ready) (ms []raftapi.ApplyMsg) {
	if s := rd.Snapshot; !raft.IsEmptySnap(s) {
		ms = append(ms, raftapi.ApplyMsg{
			SnapshotValid: true,
			Snapshot:      snapshotData(s),
			SnapshotTerm:  int(s.GetMetadata().GetTerm()),
			SnapshotIndex: snapshotCommand(s),
		})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range rd.CommittedEntries {
		if isCommand(e) {
			ms = append(ms, raftapi.ApplyMsg{
				CommandValid: true,
				Command:      decodeCommand(e.GetData()),
				CommandIndex: p.index.through(e.GetIndex()),
			})
		}
	}
	return ms
}

// runApplier passes the queue on. It is a goroutine of its own, and sends without a lock: the
// service calls Snapshot, Start and ReadIndex between two receives, and may be slow.
func (p *Peer) runApplier() {
	for {
		p.mu.Lock()
		for len(p.queue) == 0 && !p.killed {
			p.toApply.Wait()
		}
		queue := p.queue
		p.queue = nil
		p.mu.Unlock()
		for _, m := range queue {
			select {
			case p.applyCh <- m:
			case <-p.done:
				return
			}
		}
		if queue == nil { // killed
			return
		}
	}
}
