package shardctrler

import "raftlab/kvapi"

// The requests of clerks. Field names are those of 6.824 where it had them.

// OpenArgs asks for a session; see rsm.Client.
type OpenArgs struct{}

// OpenReply answers an Open.
type OpenReply struct {
	Err    kvapi.Err
	Client uint64 // OK: the session
}

// JoinArgs asks for groups to be added.
type JoinArgs struct {
	Servers map[int][]string // new gid -> names of the group's servers
	Client  uint64           // the session
	Seq     uint64           // number of the change in its session, from 1; the same when it is repeated
}

// LeaveArgs asks for groups to be taken away.
type LeaveArgs struct {
	GIDs        []int
	Client, Seq uint64 // as in JoinArgs
}

// MoveArgs asks for one shard to be given to one group.
type MoveArgs struct {
	Shard, GID  int
	Client, Seq uint64 // as in JoinArgs
}

// ChangeReply answers a Join, a Leave, or a Move. OK says that it has been dealt with, once; what
// it came to is for Query to tell.
type ChangeReply struct {
	Err kvapi.Err
}

// QueryArgs asks for a configuration.
type QueryArgs struct {
	Num int // -1: the latest
}

// QueryReply answers a Query.
type QueryReply struct {
	Err    kvapi.Err
	Config Config
}
