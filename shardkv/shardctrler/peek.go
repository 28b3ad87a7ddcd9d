package shardctrler

import (
	"sync"

	"raftlab/kvapi"
)

// ErrNotYet: the server has no configuration with that number, yet.
const ErrNotYet kvapi.Err = "ErrNotYet"

// Peek returns a configuration from what this server has applied, leader or not, without asking anybody. The
// groups look for the next configuration all the time; if each look were a Query, it would cost an
// entry in the log, or a round of heartbeats.
//
// A configuration that a server has applied is committed and never changes, so one that is asked for by its number
// is right wherever it is found; and if it is not found, ErrNotYet, one asks again. The latest (-1) may be old.
// That does for whoever would be told if it was, as clerks are by the groups.
func (sc *ShardCtrler) Peek(args *QueryArgs, reply *QueryReply) {
	sc.catchUp()
	reply.Err = errOf(sc.replica.Read(kvapi.ReadLocal, func() { reply.Config = sc.history.get(args.Num) }))
	if reply.Err == kvapi.OK && args.Num >= 0 && reply.Config.Num != args.Num {
		reply.Err, reply.Config = ErrNotYet, Config{}
	}
}

// catchUp is the last term in which this server, as the leader, has committed an entry so as to learn what is
// committed.
type catchUp struct {
	mu   sync.Mutex
	term int
}

// catchUp has the leader commit an empty entry, once in each term. A new leader does not know how much of its log is
// committed before it has committed something of its own (§5.4.2). After all servers have restarted that may
// be nothing at all; and those who only peek would be shown configuration 0 for ever.
func (sc *ShardCtrler) catchUp() {
	term, leads := sc.Raft().GetState()
	if !leads || !sc.caught.begins(term) {
		return
	}
	if sc.replica.Read(kvapi.ReadLog, func() {}) != nil {
		sc.caught.failed()
	}
}

// begins notes that an entry is on its way in this term. false: there was one already.
func (c *catchUp) begins(term int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if term <= c.term {
		return false
	}
	c.term = term
	return true
}

// failed has the next one try again.
func (c *catchUp) failed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.term = 0
}
