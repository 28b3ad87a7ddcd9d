package shardctrler

import (
	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
)

// ErrNotYet: the server has no configuration with that number, yet.
const ErrNotYet kvapi.Err = "ErrNotYet"

// Peek returns a configuration from what this server has applied, leader or not, without asking
// anybody. The groups look for the next configuration all the time; if each look were a Query, it
// would cost an entry in the log, or a round of heartbeats.
//
// A configuration that a server has applied is committed and never changes, so one that is asked
// for by its number is right wherever it is found; and if it is not found, ErrNotYet, one asks
// again. The latest (-1) may be old. That does for whoever would be told if it was, as clerks are
// by the groups.
func (sc *ShardCtrler) Peek(args *QueryArgs, reply *QueryReply) {
	if term, leads := sc.Raft().GetState(); leads {
		sc.replica.CommitInTerm(term) // or those who only peek might be shown configuration 0 for ever
	}
	reply.Err = rsm.Answer(sc.replica.Read(kvapi.ReadLocal, func() { reply.Config = sc.history.get(args.Num) }))
	if reply.Err == kvapi.OK && args.Num >= 0 && reply.Config.Num != args.Num {
		reply.Err, reply.Config = ErrNotYet, Config{}
	}
}
