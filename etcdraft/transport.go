package etcdraft

import (
	"fmt"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// Bundle is the only RPC's argument and its reply: some of the library's messages, each marshalled. The
// library's messages know no requests and replies; etcd's server sends them on streams. Here
// those that one turn makes for one peer travel together, and the answers to them in the reply,
// so that a heartbeat costs one RPC, as in the paper.
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

// marshal encodes the messages; nil for none.
func (b *parcel) marshal() (encoded [][]byte) {
	if b == nil {
		return nil
	}
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
	for to := range p.ends { // in this order: a run is to be repeatable
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
// more; that is no error of ours. The caller holds mu.
func (p *Peer) step(messages [][]byte) {
	for _, bytes := range messages {
		var m pb.Message
		if err := proto.Unmarshal(bytes, &m); err != nil {
			panic(fmt.Sprintf("etcdraft: received %d bytes that are no message: %v", len(bytes), err))
		}
		_ = p.node.Step(&m)
	}
}

// caller is an RPC that waits for its answer.
type caller struct {
	from  int
	reply chan [][]byte // has room for one
}

// Exchange is the RPC between peers. It returns when what args has led to is on stable storage.
func (p *Peer) Exchange(args *Bundle, reply *Bundle) {
	c := caller{args.From, make(chan [][]byte, 1)}
	p.mu.Lock()
	if p.killed {
		p.mu.Unlock()
		return
	}
	p.step(args.Messages)
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
		c.reply <- out[c.from].marshal()
		delete(out, c.from)
	}
}
