package kvraft

import (
	"fmt"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Clerk is a client of the classic interface. Each Put and Append is executed exactly once, however
// often the clerk has to repeat it: it has a session with the service, numbers its writes, and
// repeats one under its number. A Clerk serves one goroutine at a time.
type Clerk struct {
	courier
	reads   kvapi.ReadPath
	session uint64 // 0 before the first write: a clerk that only reads needs none
	seq     uint64 // number of the last write in the session
}

var _ kvapi.ClassicClerk = (*Clerk)(nil)

// MakeClerk returns a client of the service whose servers are reached by servers, in any order.
// WithReads should be what the servers were given. It does not block.
func MakeClerk(servers []*labrpc.ClientEnd, opts ...Option) *Clerk {
	return &Clerk{courier: newCourier(servers), reads: optionsFrom(opts).Reads}
}

// Get implements kvapi.ClassicClerk. Reads change nothing, so they are repeated without a number.
func (ck *Clerk) Get(key string) string { return ck.get(key, ck.reads).Value }

// Put implements kvapi.ClassicClerk.
func (ck *Clerk) Put(key, value string) { ck.write("Put", key, value) }

// Append implements kvapi.ClassicClerk.
func (ck *Clerk) Append(key, value string) { ck.write("Append", key, value) }

// write blocks until the write has been executed, once.
//
// A session may be forgotten if the clerk was silent for long, and many others were not. Then
// it opens another one. But if it was cut off while a write was on its way, and comes back to find
// its session forgotten, nobody can tell any more whether the write was executed; the interface
// has no answer for that, so the clerk panics rather than guess. See rsm's sessions.go.
func (ck *Clerk) write(what, key, value string) {
	for {
		ck.open()
		ck.seq++
		args := &PutAppendArgs{Key: key, Value: value, Op: what, Client: ck.session, Seq: ck.seq}
		answer, unsure := ck.toLeader(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
			reply := &PutAppendReply{}
			ok := server.Call("KVServer.PutAppend", args, reply)
			return reply.Err, ok
		})
		if answer != errExpired {
			return
		}
		if unsure {
			panic(fmt.Sprintf("kvraft: the session %d was forgotten while a write was on its way: whether %s(%q, %q) was executed cannot be known",
				ck.session, what, key, value))
		}
		raftapi.Reached("clerk opened another session")
		ck.session = 0
	}
}

// open sees to it that the clerk has a session.
func (ck *Clerk) open() {
	for ck.session == 0 {
		reply := &OpenReply{}
		answer, _ := ck.toLeader(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
			reply = &OpenReply{}
			ok := server.Call("KVServer.Open", &OpenArgs{}, reply)
			return reply.Err, ok
		})
		if answer == kvapi.OK {
			ck.session, ck.seq = reply.Client, 0
		}
	}
}
