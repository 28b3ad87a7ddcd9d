package watch

import (
	"raftlab/labrpc"
	"raftlab/tester/rules"
)

// Delivered is how many requests of other peers have reached peer i.
func (k *Checks) Delivered(i int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.deliveries[i]
}

// Served is how many requests of clients have reached server i.
func (k *Checks) Served(i int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.served[i]
}

// Visited is how many requests have reached server i from outside its Raft cluster: of clients, and
// of servers of other groups.
func (k *Checks) Visited(i int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.visited[i]
}

// PeerCalls is how many calls peers have made, and PeerBytes how many bytes they have sent and got
// as replies.
func (k *Checks) PeerCalls() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.peerCalls
}

// PeerBytes belongs to PeerCalls.
func (k *Checks) PeerBytes() int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.peerBytes
}

// MostRequests is how many requests one sender has made within a second, at most. It takes no lock.
func (k *Checks) MostRequests() uint64 { return k.flood.most.Load() }

// Observe has f see the messages of peers from now on, but for those of zombies; nil ends it.
func (k *Checks) Observe(f func(*labrpc.Message)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.observer = f
}

// ClientMessage watches what becomes of a client's message.
func (k *Checks) ClientMessage(m *labrpc.Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch m.Kind {
	case labrpc.Sent:
		k.run.Count(1, m.Bytes)
		if why := k.flood.sent(m, k.run.Now()); why != "" {
			k.run.Violate(rules.Violation{Rule: rules.TooManyRPCs, Message: why})
		}
	case labrpc.Delivered:
		k.served[m.To]++
		k.visited[m.To]++
		k.q.requests[m.From]++
	case labrpc.Replied:
		k.run.Count(0, m.Bytes)
		k.flood.ended(m)
	}
	k.run.Emit(k.event(m))
}
