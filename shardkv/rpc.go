package shardkv

import (
	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
)

// The requests of clerks. Field names are those of 6.824 where it had the request.

// OpenArgs asks for a session with a shard.
type OpenArgs struct {
	Shard int
}

// OpenReply answers an Open.
type OpenReply struct {
	Err     kvapi.Err
	Session uint64 // OK: the session
}

// PutAppendArgs is a write.
type PutAppendArgs struct {
	Key, Value string
	Op         string // "Put" or "Append"
	Session    uint64 // with the key's shard
	Seq        uint64 // number of the write in its session, from 1; the same when it is repeated, wherever
}

// PutAppendReply answers a PutAppend.
type PutAppendReply struct {
	Err kvapi.Err
}

// GetArgs is a read.
type GetArgs struct {
	Key string
}

// GetReply answers a Get.
type GetReply struct {
	Err   kvapi.Err
	Value string
}

// The requests of groups to each other. Both name a journey of a shard, and may come late, or
// twice.

// PullArgs asks for a shard that configuration Num took from the group. Any of the group's servers
// can answer, leader or not, once it has adopted that configuration: what is in the shard does not
// change any more.
type PullArgs struct {
	Shard, Num int
}

// PullReply answers a Pull. ErrNotReady: later. ErrNoKey: it has been discarded, because it has
// arrived.
type PullReply struct {
	Err      kvapi.Err
	Contents string // OK: data and sessions, encoded
}

// DiscardArgs says that the shard's next owner has it, durably.
type DiscardArgs struct {
	Shard, Num int
}

// DiscardReply answers a Discard. OK: it is not here any more, and never will be.
type DiscardReply struct {
	Err kvapi.Err
}

// ErrWrongGroup: the shard is not this group's, as far as the group knows. Nothing has been done,
// and the clerk is to look at the newest configuration.
const ErrWrongGroup kvapi.Err = "ErrWrongGroup"

// What servers tell clerks and each other besides that and the errors of kvapi.
const (
	// errNotReady: the shard is this group's but has not arrived, or the configuration in question
	// has not been adopted yet. Nothing has been done; later.
	errNotReady kvapi.Err = "ErrNotReady"

	// The machine's own sessions (sessions.go) say the same as those of rsm.
	errUnknown, errExpired = rsm.Unknown, rsm.Expired
)
