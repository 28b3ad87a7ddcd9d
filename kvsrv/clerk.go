package kvsrv

import (
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Clerk is a client of the server. It serves one goroutine at a time, and remembers nothing from
// one call to the next.
type Clerk struct {
	server *labrpc.ClientEnd
}

var _ kvapi.VersionedClerk = (*Clerk)(nil)

// MakeClerk returns a clerk that reaches the server by this end.
func MakeClerk(server *labrpc.ClientEnd) *Clerk { return &Clerk{server} }

// pause is how long a clerk waits before it asks again. A call that fails has taken some time
// already; one that fails at once, as on a real network when nobody listens, must not be repeated
// thousands of times a second.
const pause = 10 * time.Millisecond

// Get implements [kvapi.VersionedClerk]. It asks until it has an answer: a read changes nothing.
func (ck *Clerk) Get(key string) (value string, version kvapi.Version, err kvapi.Err) {
	var reply GetReply
	ck.ask(func() bool {
		reply = GetReply{}
		return ck.server.Call("KVServer.Get", &GetArgs{Key: key}, &reply)
	})
	return reply.Value, reply.Version, reply.Err
}

// Put implements [kvapi.VersionedClerk]. The refusal of the first try is certain. That of a later
// one may be due to an earlier one, whose answer was lost.
func (ck *Clerk) Put(key, value string, version kvapi.Version) kvapi.Err {
	args := &PutArgs{Key: key, Value: value, Version: version}
	var reply PutReply
	tries := ck.ask(func() bool {
		reply = PutReply{}
		return ck.server.Call("KVServer.Put", args, &reply)
	})
	if reply.Err == kvapi.ErrVersion && tries > 1 {
		raftapi.Reached("version refused after an unanswered try")
		return kvapi.ErrMaybe
	}
	return reply.Err
}

// ask sends until there is an answer, and returns how often it has sent.
func (ck *Clerk) ask(send func() bool) (tries int) {
	for tries = 1; !send(); tries++ {
		raftapi.Reached("request sent again")
		time.Sleep(pause)
	}
	return tries
}
