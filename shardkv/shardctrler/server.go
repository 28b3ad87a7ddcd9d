package shardctrler

import (
	"fmt"
	"slices"

	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// ShardCtrler is one server of the controller. Its handlers translate between requests and the
// replicated state machine. They block until there is an answer, or for as long as rsm has
// patience.
type ShardCtrler struct {
	replica *rsm.RSM[op, result]
	history *history // the replica's machine; touched only through it
	reads   kvapi.ReadPath
}

var _ kvapi.Server = (*ShardCtrler)(nil)

// StartServer starts server me of a controller whose servers are reached by servers. persister
// holds what an earlier incarnation left, or nothing. It returns quickly. It panics with a
// *kvapi.MissingExtension if the Raft peer lacks what the options ask for.
func StartServer(servers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, opts ...Option) *ShardCtrler {
	o := optionsFrom(opts)
	if !slices.Contains(kvapi.ReadPaths, o.Reads) {
		panic(fmt.Sprintf("shardctrler: there is no read path %q; there are %q", o.Reads, kvapi.ReadPaths))
	}
	sc := &ShardCtrler{history: newHistory(), reads: o.Reads}
	sc.replica = rsm.New(rsm.Config[op, result]{
		Servers:      servers,
		Me:           me,
		Persister:    persister,
		Make:         o.Raft,
		Machine:      sc.history,
		Codec:        codec,
		MaxRaftState: o.maxRaftState,
		Extensions:   o.PeerExtensions(),
	})
	return sc
}

// Services implements kvapi.Server.
func (sc *ShardCtrler) Services() []any { return []any{sc, sc.replica.Raft()} }

// Raft implements kvapi.Server.
func (sc *ShardCtrler) Raft() raftapi.Raft { return sc.replica.Raft() }

// Kill implements kvapi.Server. Requests that wait are answered at once.
func (sc *ShardCtrler) Kill() { sc.replica.Kill() }

// Open begins a session for a clerk.
func (sc *ShardCtrler) Open(args *OpenArgs, reply *OpenReply) {
	client, err := sc.replica.Open()
	reply.Client, reply.Err = uint64(client), rsm.Answer(err)
}

// Join adds groups, exactly once per session and number.
func (sc *ShardCtrler) Join(args *JoinArgs, reply *ChangeReply) {
	reply.Err = sc.change(args.Client, args.Seq, op{kind: opJoin, groups: args.Servers})
}

// Leave takes groups away, exactly once per session and number.
func (sc *ShardCtrler) Leave(args *LeaveArgs, reply *ChangeReply) {
	reply.Err = sc.change(args.Client, args.Seq, op{kind: opLeave, gids: args.GIDs})
}

// Move gives a shard to a group, exactly once per session and number.
func (sc *ShardCtrler) Move(args *MoveArgs, reply *ChangeReply) {
	reply.Err = sc.change(args.Client, args.Seq, op{kind: opMove, shard: args.Shard, gid: args.GID})
}

func (sc *ShardCtrler) change(client, seq uint64, o op) kvapi.Err {
	_, err := sc.replica.Submit(rsm.Client(client), seq, o)
	return rsm.Answer(err)
}

// Query returns a configuration, on the read path that the server was started with. A server that
// is behind does not know that, so the latest has to be asked for in this way; so has a number that
// it does not have. One that it has it could give away at once, since that never changes; Peek
// does.
func (sc *ShardCtrler) Query(args *QueryArgs, reply *QueryReply) {
	reply.Err = rsm.Answer(sc.replica.Read(sc.reads, func() {
		reply.Config = sc.history.get(args.Num) // never changes again, so no copy is needed
	}))
}
