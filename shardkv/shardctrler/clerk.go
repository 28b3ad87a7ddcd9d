package shardctrler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/shardapi"
)

// Clerk is a client of the controller. Each change is made exactly once, however often the clerk has to
// repeat its request: it has a session with the controller, and numbers the changes in it. Queries need
// none. A Clerk serves one goroutine at a time; its calls block until they have succeeded.
type Clerk struct {
	servers []*labrpc.ClientEnd
	at      int    // the server that answered last
	session uint64 // 0 before the first change: who only asks needs none
	seq     uint64 // number of the last change in the session
}

var _ shardapi.ControllerClerk = (*Clerk)(nil)

const (
	// roundPause is the pause after a round of all servers in vain. An election takes a few
	// hundred milliseconds.
	roundPause = 50 * time.Millisecond

	// minBackoff and maxBackoff bound the time that a clerk leaves an overloaded server alone; it
	// doubles from one refusal to the next, and is spread by chance.
	minBackoff = 20 * time.Millisecond
	maxBackoff = time.Second
)

// MakeClerk returns a client of the controller whose servers are reached by servers, in any order. It
// does not block.
func MakeClerk(servers []*labrpc.ClientEnd, opts ...Option) *Clerk {
	ck := &Clerk{servers: servers}
	if path := optionsFrom(opts).Reads; path == kvapi.ReadIndexFollower || path == kvapi.ReadLocal {
		ck.at = rand.IntN(len(servers)) // any server answers queries: not all shall go to one
	}
	return ck
}

// Query implements shardapi.ControllerClerk.
func (ck *Clerk) Query(num int) Config {
	var reply QueryReply
	ck.ask(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
		reply = QueryReply{}
		ok := server.Call("ShardCtrler.Query", &QueryArgs{Num: num}, &reply)
		return reply.Err, ok
	})
	if reply.Config.Groups == nil {
		reply.Config.Groups = map[int][]string{} // gob does not send empty maps
	}
	return reply.Config
}

// Join implements shardapi.ControllerClerk. Groups that are members already stay as they are. It panics
// if a gid is not positive: 0 stands for no group.
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

// Move implements shardapi.ControllerClerk. If the group is no member (any more) nothing changes. It
// panics if there is no such shard.
func (ck *Clerk) Move(shard, gid int) {
	if shard < 0 || shard >= NShards {
		panic(fmt.Sprintf("shardctrler: there is no shard %d; there are 0 to %d", shard, NShards-1))
	}
	ck.change("Move", func(client, seq uint64) any { return &MoveArgs{shard, gid, client, seq} })
}

// change blocks until the change has been made, once. What it does about a forgotten session, kvraft's
// Clerk does likewise, and says why there.
func (ck *Clerk) change(method string, args func(client, seq uint64) any) {
	for {
		ck.open()
		ck.seq++
		args := args(ck.session, ck.seq)
		answer, unsure := ck.ask(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
			var reply ChangeReply
			ok := server.Call("ShardCtrler."+method, args, &reply)
			return reply.Err, ok
		})
		if answer != errExpired {
			return
		}
		if unsure {
			panic(fmt.Sprintf("shardctrler: the session %d was forgotten while a %s was on its way: whether it was made cannot be known",
				ck.session, method))
		}
		raftapi.Reached("clerk opened another session")
		ck.session = 0
	}
}

// open sees to it that the clerk has a session.
func (ck *Clerk) open() {
	for ck.session == 0 {
		var reply OpenReply
		ck.ask(func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
			reply = OpenReply{}
			ok := server.Call("ShardCtrler.Open", &OpenArgs{}, &reply)
			return reply.Err, ok
		})
		ck.session, ck.seq = reply.Client, 0
	}
}

// ask has send talk to one server after the other, beginning with the one that answered last, until one
// answers. unsure says that an earlier try may have been executed. kvraft's courier is the same with
// more comfort, and has a table of what each answer means.
func (ck *Clerk) ask(send func(*labrpc.ClientEnd) (kvapi.Err, bool)) (answer kvapi.Err, unsure bool) {
	backoff, asked := minBackoff, ck.at
	for failures := 0; ; {
		answer, ok := send(ck.servers[ck.at])
		switch {
		case ok && answer == kvapi.ErrTooManyRequests:
			raftapi.Reached("clerk backed off")
			time.Sleep(backoff/2 + rand.N(backoff))
			backoff = min(2*backoff, maxBackoff)
			continue
		case !ok || answer == errUnknown:
			unsure = true
		case answer != kvapi.ErrWrongLeader:
			if ck.at != asked {
				raftapi.Reached("clerk found another leader")
			}
			return answer, unsure
		}
		ck.at = (ck.at + 1) % len(ck.servers)
		if failures++; failures%len(ck.servers) == 0 {
			time.Sleep(roundPause)
		}
	}
}
