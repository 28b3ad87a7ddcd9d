package kvraft

import (
	"math/rand/v2"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// courier brings requests to whichever server can deal with them. Both clerks have one. It serves one
// goroutine at a time.
//
//	answer               what the courier does             may the try have been executed?
//	-------------------  --------------------------------  --------------------------------
//	none                 next server                       yes
//	errUnknown           next server                       yes
//	ErrWrongLeader       next server                       no
//	ErrTooManyRequests   waits, longer each time; then     no
//	                     the same server if it has to be
//	                     the leader, or the next one
//	everything else      returns it
//
// When it has been to all servers in vain it pauses before the next round: there is an election
// going on, or nobody can be reached.
type courier struct {
	servers []*labrpc.ClientEnd
	leader  int // the server that led when it was last heard of
	turn    int // the server that is to answer the next request which any server can answer
}

const (
	// roundPause is the pause after a round of all servers in vain. An election takes a few
	// hundred milliseconds.
	roundPause = 50 * time.Millisecond

	// minBackoff and maxBackoff bound the time that a courier leaves an overloaded server alone; it
	// doubles from one refusal to the next, and is spread by chance, so that the
	// clerks do not come back all at once.
	minBackoff = 20 * time.Millisecond
	maxBackoff = time.Second
)

func newCourier(servers []*labrpc.ClientEnd) courier {
	return courier{servers: servers, turn: rand.IntN(len(servers))}
}

// toLeader has send talk to one server after another, beginning with the one that led last, until
// one answers. unsure says that an earlier try may have been executed.
func (c *courier) toLeader(send func(*labrpc.ClientEnd) (kvapi.Err, bool)) (answer kvapi.Err, unsure bool) {
	at, answer, unsure := c.ask(c.leader, false, send)
	if at != c.leader {
		raftapi.Reached("clerk found another leader")
		c.leader = at
	}
	return answer, unsure
}

// toAnyone is toLeader for what any server can answer: each request begins with another server.
func (c *courier) toAnyone(send func(*labrpc.ClientEnd) (kvapi.Err, bool)) kvapi.Err {
	c.turn = (c.turn + 1) % len(c.servers)
	_, answer, _ := c.ask(c.turn, true, send)
	return answer
}

func (c *courier) ask(at int, anyone bool, send func(*labrpc.ClientEnd) (kvapi.Err, bool)) (int, kvapi.Err, bool) {
	unsure := false
	backoff := minBackoff
	for failures := 0; ; {
		answer, ok := send(c.servers[at])
		switch {
		case ok && answer == kvapi.ErrTooManyRequests:
			raftapi.Reached("clerk backed off")
			time.Sleep(backoff/2 + rand.N(backoff))
			backoff = min(2*backoff, maxBackoff)
			if anyone {
				at = (at + 1) % len(c.servers)
			}
			continue
		case !ok || answer == errUnknown:
			unsure = true
		case answer != kvapi.ErrWrongLeader:
			return at, answer, unsure
		}
		at = (at + 1) % len(c.servers)
		if failures++; failures%len(c.servers) == 0 {
			time.Sleep(roundPause)
		}
	}
}

// get reads a key from a server that can answer on this path.
func (c *courier) get(key string, reads kvapi.ReadPath) (reply GetReply) {
	send := func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
		reply = GetReply{}
		ok := server.Call("KVServer.Get", &GetArgs{Key: key}, &reply)
		return reply.Err, ok
	}
	if readsAnywhere(reads) {
		c.toAnyone(send)
	} else {
		c.toLeader(send)
	}
	return reply
}
