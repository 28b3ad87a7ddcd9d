package etcdraft

import (
	"fmt"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// Bundle is the only RPC's argument and its reply: some of the library's messages, each marshalled.
// The library's messages know no requests and replies; etcd's server sends them on streams. Here
// those that one turn makes for one peer travel together, and the answers to them in the reply, so
// that a heartbeat costs one RPC, as in the paper.
type Bundle struct {
	From     int
	Messages [][]byte
}

// outgoing is what a turn has to send.
type outgoing map[int]*parcel

// parcel is a bundle before it is sent.
type parcel struct {
	messages []*pb.Message
}

// bundle sorts messages by receiver. Nothing is shared with the library's later turns: messages and
// entries do not change once they are in a Ready.
func bundle(messages []*pb.Message) outgoing {
	out := outgoing{}
	for _, m := range messages {
		out.add(peerOf(m.GetTo()), m)
	}
	return out
}

func (out outgoing) add(to int, m *pb.Message) {
	if out[to] == nil {
		out[to] = &parcel{}
	}
	out[to].messages = append(out[to].messages, m)
}

// fromLeader says whether a message goes from leader to follower. Such a message says nothing about
// what the leader itself has stored. All others do, and have to wait until it is.
func fromLeader(m *pb.Message) bool {
	switch m.GetType() {
	case pb.MsgApp, pb.MsgHeartbeat, pb.MsgSnap:
		return true
	}
	return false
}

// take removes the messages that are wanted, and returns them.
func (out outgoing) take(wanted func(*pb.Message) bool) outgoing {
	taken := outgoing{}
	for to, parcel := range out {
		var rest []*pb.Message
		for _, m := range parcel.messages {
			if wanted(m) {
				taken.add(to, m)
			} else {
				rest = append(rest, m)
			}
		}
		parcel.messages = rest
	}
	return taken
}

func (b *parcel) marshal() (encoded [][]byte) {
	for _, m := range b.messages {
		bytes, err := proto.Marshal(m)
		if err != nil {
			panic(fmt.Sprintf("etcdraft: cannot marshal a message of the library: %v", err))
		}
		encoded = append(encoded, bytes)
	}
	return encoded
}

func (b *parcel) hasSnapshot() bool {
	for _, m := range b.messages {
		if m.GetType() == pb.MsgSnap {
			return true
		}
	}
	return false
}

// send starts an RPC to each peer that there is something for.
func (p *Peer) send(out outgoing) {
	for to := range p.ends { // in this order: a run must be repeatable
		if parcel := out[to]; parcel != nil && len(parcel.messages) > 0 {
			go p.call(to, parcel.marshal(), parcel.hasSnapshot())
		}
	}
}

// call sends a bundle, and passes on what comes back. The library expects messages to get lost, so
// that a failed call is no news, with one exception: after a MsgSnap it sends the follower nothing
// more until it hears how that went. Silence would strand the follower for good.
func (p *Peer) call(to int, messages [][]byte, snapshot bool) {
	var reply Bundle
	ok := p.ends[to].Call("Peer.Exchange", &Bundle{From: p.me, Messages: messages}, &reply)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return
	}
	if ok {
		p.step(reply.Messages)
	}
	if snapshot {
		status := raft.SnapshotFinish
		if !ok {
			status = raft.SnapshotFailure
		}
		p.node.ReportSnapshot(idOf(to), status)
	}
	p.wake()
}

// step hands received messages to the library. It says no to some, all of which are of no use any
// more; that is no error of ours. What it leaves without an answer and should not is refused here.
// The caller holds mu.
func (p *Peer) step(messages [][]byte) (refusals []*pb.Message) {
	for _, bytes := range messages {
		var m pb.Message
		if err := proto.Unmarshal(bytes, &m); err != nil {
			panic(fmt.Sprintf("etcdraft: received %d bytes that are no message: %v", len(bytes), err))
		}
		if r := p.refusal(&m); r != nil {
			refusals = append(refusals, r)
		}
		_ = p.node.Step(&m)
	}
	return refusals
}

// refusal is the answer to a message of a leader whose term is over. "Reply false if term <
// currentTerm" (Figure 2, AppendEntries): the library obeys that only with PreVote or CheckQuorum,
// as without them its own requests for votes will depose the old leader. But not if the others have
// CheckQuorum, and stand by it. Then a peer without, once ahead in terms, is neither heard nor
// told, for ever (docs/etcdraft.md).
func (p *Peer) refusal(m *pb.Message) *pb.Message {
	if p.config.PreVote || p.config.CheckQuorum {
		return nil // the library does it
	}
	if t := m.GetType(); t != pb.MsgApp && t != pb.MsgHeartbeat && t != pb.MsgSnap {
		return nil
	}
	term := p.node.BasicStatus().GetTerm()
	if m.GetTerm() >= term {
		return nil
	}
	return &pb.Message{Type: pb.MsgAppResp.Enum(), From: proto.Uint64(idOf(p.me)), To: proto.Uint64(m.GetFrom()), Term: proto.Uint64(term)}
}

// caller is an RPC that waits for its answer.
type caller struct {
	from     int
	refusals []*pb.Message // go along with the answer
	reply    chan [][]byte // has room for one
}

// Exchange is the RPC between peers. It returns when what args has led to is on stable storage.
func (p *Peer) Exchange(args *Bundle, reply *Bundle) {
	c := caller{from: args.From, reply: make(chan [][]byte, 1)}
	p.mu.Lock()
	if p.killed {
		p.mu.Unlock()
		return
	}
	c.refusals = p.step(args.Messages)
	p.callers = append(p.callers, c)
	p.mu.Unlock()
	p.wake()
	reply.From = p.me
	select {
	case reply.Messages = <-c.reply:
	case <-p.done:
	}
}

// answer ends the RPCs that came in before a turn, and takes along what there is for their callers.
// If two came from one peer the answer to both is with one of them; that matters to nobody.
func answer(callers []caller, out outgoing) {
	for _, c := range callers {
		all := parcel{c.refusals}
		if there := out[c.from]; there != nil {
			all.messages = append(all.messages, there.messages...)
			delete(out, c.from)
		}
		c.reply <- all.marshal()
	}
}
