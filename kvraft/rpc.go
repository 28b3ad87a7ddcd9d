package kvraft

import "raftlab/kvapi"

// The requests of clerks. Field names are those of 6.824 and 6.5840 where they had the request.

// OpenArgs asks for a session; see rsm.Client.
type OpenArgs struct{}

// OpenReply answers an Open.
type OpenReply struct {
	Err    kvapi.Err
	Client uint64 // OK: the session
}

// PutAppendArgs is a write of the classic interface.
type PutAppendArgs struct {
	Key, Value string
	Op         string // "Put" or "Append"
	Client     uint64 // the session
	Seq        uint64 // number of the write in its session, from 1; the same when it is repeated
}

// PutAppendReply answers a PutAppend.
type PutAppendReply struct {
	Err kvapi.Err
}

// PutArgs is a write of the versioned interface. It needs no session.
type PutArgs struct {
	Key, Value string
	Version    kvapi.Version // that the key must have
	Clerk      uint64        // who sends it
	Try        uint64        // his how-manieth; another one when it is repeated
}

// PutReply answers a Put.
type PutReply struct {
	Err kvapi.Err
}

// GetArgs is a read.
type GetArgs struct {
	Key string
}

// GetReply answers a Get. A classic clerk has no use for the version.
type GetReply struct {
	Err     kvapi.Err
	Value   string
	Version kvapi.Version
}
