package shardctrler

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/shardapi"
)

// Clerk is a client of the controller. Each change is made exactly once, however often the clerk
// has to repeat its request: it has a session with the controller, and numbers the changes in it.
// Queries need none. A Clerk serves one goroutine at a time; its calls block until they have
// succeeded.
type Clerk struct {
	courier rsm.Courier
	session rsm.Session
}

var _ shardapi.ControllerClerk = (*Clerk)(nil)

// MakeClerk returns a client of the controller whose servers are reached by servers, in any order.
// It does not block.
func MakeClerk(servers []*labrpc.ClientEnd, opts ...Option) *Clerk {
	ck := &Clerk{courier: rsm.Courier{Servers: servers}}
	if path := optionsFrom(opts).Reads; path == kvapi.ReadIndexFollower || path == kvapi.ReadLocal {
		ck.courier.Leader = rand.IntN(len(servers)) // any server answers queries: not all shall go to one
	}
	return ck
}

// Query implements shardapi.ControllerClerk.
func (ck *Clerk) Query(num int) Config {
	var reply QueryReply
	ck.courier.ToLeader(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
		reply = QueryReply{}
		ok := server.Call("ShardCtrler.Query", &QueryArgs{Num: num}, &reply)
		return reply.Err, ok
	})
	if reply.Config.Groups == nil {
		reply.Config.Groups = map[int][]string{} // gob does not send empty maps
	}
	return reply.Config
}

// Join implements shardapi.ControllerClerk. Groups that are members already stay as they are. It
// panics if a gid is not positive: 0 stands for no group.
func (ck *Clerk) Join(groups map[int][]string) {
	for gid := range groups {
		if gid <= 0 {
			panic(fmt.Sprintf("shardctrler: group %d cannot join; gids are positive", gid))
		}
	}
	ck.change("Join", func(client, seq uint64) any { return &JoinArgs{groups, client, seq} })
}

// Leave implements shardapi.ControllerClerk. Groups that are no members are passed over.
func (ck *Clerk) Leave(gids []int) {
	gids = slices.Clone(gids)
	ck.change("Leave", func(client, seq uint64) any { return &LeaveArgs{gids, client, seq} })
}

// Move implements shardapi.ControllerClerk. If the group is no member (any more) nothing changes.
// It panics if there is no such shard.
func (ck *Clerk) Move(shard, gid int) {
	if shard < 0 || shard >= NShards {
		panic(fmt.Sprintf("shardctrler: there is no shard %d; there are 0 to %d", shard, NShards-1))
	}
	ck.change("Move", func(client, seq uint64) any { return &MoveArgs{shard, gid, client, seq} })
}

// change blocks until the change has been made, once. Where nobody can tell any more whether it was
// made (rsm.Session.Write) it panics rather than guess.
func (ck *Clerk) change(method string, args func(client, seq uint64) any) {
	certain := ck.session.Write(ck.open, func(id, seq uint64) (kvapi.Err, bool) {
		args := args(id, seq)
		return ck.courier.ToLeader(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
			var reply ChangeReply
			ok := server.Call("ShardCtrler."+method, args, &reply)
			return reply.Err, ok
		})
	})
	if !certain {
		panic(fmt.Sprintf("shardctrler: the session %d was forgotten while a %s was on its way: whether it was made cannot be known",
			ck.session.ID, method))
	}
}

// open begins a session; 0 if that has failed.
func (ck *Clerk) open() uint64 {
	var reply OpenReply
	ck.courier.ToLeader(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
		reply = OpenReply{}
		ok := server.Call("ShardCtrler.Open", &OpenArgs{}, &reply)
		return reply.Err, ok
	})
	return reply.Client
}
