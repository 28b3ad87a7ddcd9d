package kvraft

import (
	"math/rand/v2"

	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// VersionedClerk is a client of the versioned interface. It needs no session. A write names the
// version that it expects, so that a second execution of it fails; the price is that after a
// repetition the clerk may not know which of its tries it was that failed:
//
//	clerk                                server             key's version
//	  |-- Put "x" "a" if 3 ------------->| executed             3 -> 4
//	  |            X<------- OK ---------|
//	  |-- Put "x" "a" if 3 ------------->| not executed         4
//	  |<-- ErrVersion -------------------|
//	  v
//	ErrMaybe: the first try was executed, or somebody else was faster
//
// A session remembers, at the server, for each client. A version lets the client find out, at the
// cost of another request, if it has to know. It serves one goroutine at a time.
type VersionedClerk struct {
	courier rsm.Courier
	reads   kvapi.ReadPath
	id      uint64 // of this clerk, unlike any other's
	tries   uint64 // how many requests it has sent
}

var _ kvapi.VersionedClerk = (*VersionedClerk)(nil)

// MakeVersionedClerk is [MakeClerk] for the versioned interface.
func MakeVersionedClerk(servers []*labrpc.ClientEnd, opts ...Option) *VersionedClerk {
	return &VersionedClerk{courier: courierTo(servers), reads: optionsFrom(opts).Reads, id: rand.Uint64()}
}

// Get implements kvapi.VersionedClerk.
func (ck *VersionedClerk) Get(key string) (value string, version kvapi.Version, err kvapi.Err) {
	reply := get(&ck.courier, key, ck.reads)
	return reply.Value, reply.Version, reply.Err
}

// Put implements kvapi.VersionedClerk.
func (ck *VersionedClerk) Put(key, value string, version kvapi.Version) kvapi.Err {
	answer, unsure := ck.courier.ToLeader(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
		ck.tries++
		args := &PutArgs{Key: key, Value: value, Version: version, Clerk: ck.id, Try: ck.tries}
		reply := &PutReply{}
		ok := server.Call("KVServer.Put", args, reply)
		return reply.Err, ok
	})
	if answer == kvapi.ErrVersion && unsure {
		raftapi.Reached("version refused after an unanswered try")
		return kvapi.ErrMaybe
	}
	return answer
}
