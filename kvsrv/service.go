package kvsrv

import (
	"raftlab/kvapi"
	"raftlab/kvsrv/lock"
	"raftlab/labrpc"
)

// Service is this service, as lab 1 wants it.
func Service() kvapi.Single {
	return kvapi.Single{
		Start:     func() []any { return []any{StartKVServer()} },
		Versioned: func(server *labrpc.ClientEnd) kvapi.VersionedClerk { return MakeClerk(server) },
		Lock:      func(ck kvapi.VersionedClerk, name string) kvapi.Lock { return lock.MakeLock(ck, name) },
	}
}
