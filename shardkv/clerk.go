package shardkv

import (
	"fmt"
	"math/rand/v2"
	"time"

	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/shardapi"
	"raftlab/shardkv/shardctrler"
)

// Clerk is a client of the service. It finds the group that has a key's shard by the newest
// configuration that it knows, and looks for a newer one when the group says that the shard is
// elsewhere. Each Put and Append is executed exactly once, however often the clerk has to repeat
// it, and at how many groups: it has a session with each shard that it writes to, and numbers its
// writes in it. A Clerk serves one goroutine at a time.
type Clerk struct {
	ctrlers  []*labrpc.ClientEnd
	turn     int // which server of the controller is asked next
	config   shardapi.Config
	ends     addressBook
	leader   map[int]int // gid -> which of its servers led when it was last heard of
	sessions [shardapi.NShards]rsm.Session
}

var _ kvapi.ClassicClerk = (*Clerk)(nil)

// arrivalPause is the time between two questions whether a shard has arrived at its new group. It
// takes as long as a message and two entries in logs.
const arrivalPause = 20 * time.Millisecond

// MakeClerk returns a client of the service whose shard controller is reached by ctrlers. makeEnd
// makes an end to a server by the name that configurations have for it. MakeClerk does not block.
func MakeClerk(ctrlers []*labrpc.ClientEnd, makeEnd func(string) *labrpc.ClientEnd) *Clerk {
	return &Clerk{
		ctrlers: ctrlers,
		turn:    rand.IntN(len(ctrlers)),
		ends:    addressBook{make: makeEnd},
		leader:  map[int]int{},
	}
}

// Get implements kvapi.ClassicClerk. Reads change nothing, so they are repeated without a number.
func (ck *Clerk) Get(key string) string {
	var reply GetReply
	ck.toOwner(shardapi.ShardOf(key), func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
		reply = GetReply{}
		ok := server.Call("ShardKV.Get", &GetArgs{Key: key}, &reply)
		return reply.Err, ok
	})
	return reply.Value
}

// Put implements kvapi.ClassicClerk.
func (ck *Clerk) Put(key, value string) { ck.write("Put", key, value) }

// Append implements kvapi.ClassicClerk.
func (ck *Clerk) Append(key, value string) { ck.write("Append", key, value) }

// write blocks until the write has been executed, once. Where nobody can tell any more whether it
// was executed (rsm.Session.Write) it panics rather than guess.
func (ck *Clerk) write(what, key, value string) {
	shard := shardapi.ShardOf(key)
	session := &ck.sessions[shard]
	open := func() uint64 { return ck.open(shard) }
	certain := session.Write(open, func(id, seq uint64) (kvapi.Err, bool) {
		args := &PutAppendArgs{Key: key, Value: value, Op: what, Session: id, Seq: seq}
		return ck.toOwner(shard, func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
			var reply PutAppendReply
			ok := server.Call("ShardKV.PutAppend", args, &reply)
			return reply.Err, ok
		})
	})
	if !certain {
		panic(fmt.Sprintf("shardkv: the session %d was forgotten while a write was on its way: whether %s(%q, %q) was executed cannot be known",
			session.ID, what, key, value))
	}
}

// open begins a session with the shard.
func (ck *Clerk) open(shard int) uint64 {
	var reply OpenReply
	ck.toOwner(shard, func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
		reply = OpenReply{}
		ok := server.Call("ShardKV.Open", &OpenArgs{Shard: shard}, &reply)
		return reply.Err, ok
	})
	return reply.Session
}

// toOwner has send talk to the group that has the shard, wherever that goes in the meantime, until
// the group answers. unsure says that an earlier try may have been executed.
func (ck *Clerk) toOwner(shard int, send func(*labrpc.ClientEnd) (kvapi.Err, bool)) (answer kvapi.Err, unsure bool) {
	for {
		if gid := ck.config.Shards[shard]; gid != 0 {
			answer, maybe := ck.toGroup(gid, send)
			unsure = unsure || maybe
			if answer != ErrWrongGroup {
				return answer, unsure
			}
		}
		if !ck.refresh() {
			time.Sleep(rsm.RoundPause)
		}
	}
}

// toGroup asks one server of a group after the other, beginning with the one that led last, until
// one answers. When all have been asked in vain it says ErrWrongGroup, too: the group may be down,
// and the shard elsewhere by now.
//
//	answer               what the clerk does               may the try have been executed?
//	-------------------  --------------------------------  -------------------------------
//	none, errUnknown     next server                       yes
//	ErrWrongLeader       next server                       no
//	errNotReady          the same a little later, for the  no
//	                     shard is under way
//	ErrTooManyRequests   the same, later each time         no
//	ErrWrongGroup        looks for a newer configuration   no
//	everything else      returns it
func (ck *Clerk) toGroup(gid int, send func(*labrpc.ClientEnd) (kvapi.Err, bool)) (answer kvapi.Err, unsure bool) {
	servers := ck.ends.endsOf(ck.config.Groups[gid])
	var backoff rsm.Backoff
	waits := 0
	for asked := 0; asked < len(servers); {
		at := ck.leader[gid] % len(servers)
		answer, ok := send(servers[at])
		switch {
		case ok && answer == errNotReady && waits < maxWaits:
			raftapi.Reached("clerk waited for a shard that was under way")
			waits++
			time.Sleep(arrivalPause)
			continue
		case ok && answer == errNotReady:
			return ErrWrongGroup, unsure // it may have gone on meanwhile
		case ok && answer == kvapi.ErrTooManyRequests:
			backoff.Wait()
			continue
		case !ok || answer == errUnknown:
			unsure = true
		case answer == ErrWrongGroup:
			raftapi.Reached("clerk asked a group that has not got the shard")
			return answer, unsure
		case answer != kvapi.ErrWrongLeader:
			return answer, unsure
		}
		ck.leader[gid] = at + 1
		asked++
	}
	return ErrWrongGroup, unsure
}

// maxWaits is how often a clerk asks whether a shard has arrived before it looks for a newer
// configuration.
const maxWaits = 20

// refresh asks the servers of the controller for the latest configuration that they have, until one
// has a newer one than the clerk, and says whether one had. It may be an old one all the same: then
// a group will say so. A controller that does not answer is in nobody's way as long as no shard
// moves.
func (ck *Clerk) refresh() bool {
	for range ck.ctrlers {
		var reply shardctrler.QueryReply
		ok := ck.ctrlers[ck.turn].Call("ShardCtrler.Peek", &shardctrler.QueryArgs{Num: -1}, &reply)
		if ok && reply.Err == kvapi.OK && reply.Config.Num > ck.config.Num {
			ck.config = reply.Config
			return true
		}
		ck.turn = (ck.turn + 1) % len(ck.ctrlers)
	}
	return false
}
