package kvraft

import (
	"fmt"
	"math/rand/v2"

	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
)

// Clerk is a client of the classic interface. Each Put and Append is executed exactly once, however
// often the clerk has to repeat it: it has a session with the service, numbers its writes, and
// repeats one under its number. A Clerk serves one goroutine at a time.
type Clerk struct {
	courier rsm.Courier
	reads   kvapi.ReadPath
	session rsm.Session
}

var _ kvapi.ClassicClerk = (*Clerk)(nil)

// MakeClerk returns a client of the service whose servers are reached by servers, in any order.
// WithReads should be what the servers were given. It does not block.
func MakeClerk(servers []*labrpc.ClientEnd, opts ...Option) *Clerk {
	return &Clerk{courier: courierTo(servers), reads: optionsFrom(opts).Reads}
}

// Get implements kvapi.ClassicClerk. Reads change nothing, so they are repeated without a number.
func (ck *Clerk) Get(key string) string { return get(&ck.courier, key, ck.reads).Value }

// Put implements kvapi.ClassicClerk.
func (ck *Clerk) Put(key, value string) { ck.write("Put", key, value) }

// Append implements kvapi.ClassicClerk.
func (ck *Clerk) Append(key, value string) { ck.write("Append", key, value) }

// write blocks until the write has been executed, once. Where nobody can tell any more whether it
// was executed (rsm.Session.Write) the interface has no answer, so the clerk panics rather than
// guess.
func (ck *Clerk) write(what, key, value string) {
	certain := ck.session.Write(ck.open, func(id, seq uint64) (kvapi.Err, bool) {
		args := &PutAppendArgs{Key: key, Value: value, Op: what, Client: id, Seq: seq}
		return ck.courier.ToLeader(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
			reply := &PutAppendReply{}
			ok := server.Call("KVServer.PutAppend", args, reply)
			return reply.Err, ok
		})
	})
	if !certain {
		panic(fmt.Sprintf("kvraft: the session %d was forgotten while a write was on its way: whether %s(%q, %q) was executed cannot be known",
			ck.session.ID, what, key, value))
	}
}

// open begins a session; 0 if that has failed.
func (ck *Clerk) open() uint64 {
	reply := &OpenReply{}
	ck.courier.ToLeader(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
		reply = &OpenReply{}
		ok := server.Call("KVServer.Open", &OpenArgs{}, reply)
		return reply.Err, ok
	})
	return reply.Client
}

// get reads a key from a server that can answer on this path.
func get(c *rsm.Courier, key string, reads kvapi.ReadPath) (reply GetReply) {
	send := func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
		reply = GetReply{}
		ok := server.Call("KVServer.Get", &GetArgs{Key: key}, &reply)
		return reply.Err, ok
	}
	if readsAnywhere(reads) {
		c.ToAnyone(send)
	} else {
		c.ToLeader(send)
	}
	return reply
}

// courierTo goes to the first server for what needs the leader. What any server can answer it
// spreads over them, beginning with one that is drawn by chance.
func courierTo(servers []*labrpc.ClientEnd) rsm.Courier {
	return rsm.Courier{Servers: servers, Turn: rand.IntN(len(servers))}
}
