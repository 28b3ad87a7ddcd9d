package shardkv

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/shardapi"
)

// ShardKV is one server of one group. Its handlers translate between requests and the group's
// replicated state machine; its mover (mover.go) does what the group has to do by itself. Handlers
// block until there is an answer, or for as long as rsm has patience.
type ShardKV struct {
	gid     int
	replica *rsm.RSM[op, answer]
	machine *machine // the replica's; touched only through it
	reads   kvapi.ReadPath

	ctrlers []*labrpc.ClientEnd
	wake    chan struct{} // holds a token when there may be something to do for the mover
	done    chan struct{} // closed by Kill
	stop    sync.Once

	// mu guards what the mover's goroutines share.
	mu      sync.Mutex
	ends    addressBook
	running map[task]bool
	turn    int // which server a task asks first; it goes on whenever one does not answer
}

var _ kvapi.Server = (*ShardKV)(nil)

// StartServer starts server me of group gid, whose servers are reached by servers. persister holds
// what an earlier incarnation left, or nothing. When the persisted Raft state nears maxraftstate
// bytes the server takes a snapshot; -1 means never. ctrlers leads to all servers of the shard
// controller, and makeEnd to a server of any group by the name that configurations have for it.
// StartServer returns quickly. It panics with a *kvapi.MissingExtension if the Raft peer lacks what
// the options ask for.
func StartServer(servers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, maxraftstate, gid int,
	ctrlers []*labrpc.ClientEnd, makeEnd func(string) *labrpc.ClientEnd, opts ...Option) *ShardKV {
	o := optionsFrom(opts)
	if !slices.Contains(ReadPaths(), o.Reads) {
		panic(fmt.Sprintf("shardkv: there is no read path %q; there are %q", o.Reads, ReadPaths()))
	}
	kv := &ShardKV{
		gid: gid, machine: newMachine(gid), reads: o.Reads, ctrlers: ctrlers,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		ends: addressBook{make: makeEnd}, running: map[task]bool{},
	}
	kv.machine.changed = kv.look
	config := rsm.Config[op, answer]{
		Servers:      servers,
		Me:           me,
		Persister:    persister,
		Make:         o.Raft,
		Machine:      kv.machine,
		Codec:        codec,
		MaxRaftState: maxraftstate,
		Extensions:   o.PeerExtensions(),
		CatchUp:      o.CatchUp,
	}
	o.adjust(&config)
	kv.replica = rsm.New(config)
	go kv.runMover()
	return kv
}

// Services implements kvapi.Server.
func (kv *ShardKV) Services() []any { return []any{kv, kv.replica.Raft()} }

// Raft implements kvapi.Server.
func (kv *ShardKV) Raft() raftapi.Raft { return kv.replica.Raft() }

// Kill implements kvapi.Server. Requests that wait are answered at once.
func (kv *ShardKV) Kill() {
	kv.stop.Do(func() { close(kv.done) })
	kv.replica.Kill()
}

// Open begins a session of a clerk with a shard. If it is not answered the session may come to be
// all the same; it is forgotten in time.
func (kv *ShardKV) Open(args *OpenArgs, reply *OpenReply) {
	reply.Session = rand.Uint64() // of this proposal, and of no other
	reply.Err = kv.do(op{kind: opOpen, move: move{Shard: args.Shard}, session: reply.Session})
}

// PutAppend writes: exactly once per session and number, whichever group has the shard.
func (kv *ShardKV) PutAppend(args *PutAppendArgs, reply *PutAppendReply) {
	o := op{kind: opPut, session: args.Session, seq: args.Seq, key: args.Key, value: args.Value}
	if args.Op == "Append" {
		o.kind = opAppend
	}
	reply.Err = kv.do(o)
}

// Get reads, on the path that the server was started with. Whether the shard is here is looked up
// together with the value, when everything up to the read index has been applied. Before that it
// may seem to be here although the configuration that took it away is committed, and its next owner
// has written to it:
//
//	log of this group    | put x 1 | adopt 7: shard to group 2 |
//	applied here                   ^                           ^
//	                               shard is here:              shard is gone:
//	                               too early to ask            ErrWrongGroup
func (kv *ShardKV) Get(args *GetArgs, reply *GetReply) {
	err := kv.replica.Read(kv.reads, func() {
		reply.Value, reply.Err = kv.machine.get(args.Key)
	})
	if err != nil {
		reply.Err = rsm.Answer(err)
	}
}

// Pull hands out a shard that is kept for its next owner. No entry in the log is needed: this
// server has applied the configuration that took the shard away, so nobody writes to it any more.
func (kv *ShardKV) Pull(args *PullArgs, reply *PullReply) {
	var kept *contents
	kv.inspect(func(m *machine) {
		switch shard := m.kept[move{args.Shard, args.Num}]; {
		case m.config.Num < args.Num:
			raftapi.Reached("shard pulled before it was given up")
			reply.Err = errNotReady
		case shard == nil:
			raftapi.Reached("discarded shard pulled again")
			reply.Err = kvapi.ErrNoKey
		default:
			kept = shard
		}
	})
	if kept != nil { // it does not change any more
		reply.Err, reply.Contents = kvapi.OK, string(kept.encode())
	}
}

// Discard forgets a shard that has arrived at its next owner. It goes through the log, as the
// adoption did that put the shard aside: no server of the group may have it again, for example
// after a crash.
func (kv *ShardKV) Discard(args *DiscardArgs, reply *DiscardReply) {
	mv := move{args.Shard, args.Num}
	kv.inspect(func(m *machine) {
		if m.config.Num >= mv.Num && m.kept[mv] == nil {
			reply.Err = kvapi.OK
		}
	})
	if reply.Err != kvapi.OK {
		reply.Err = kv.do(op{kind: opDiscard, move: mv})
	}
}

// do puts an operation into the log, and returns what came of it.
func (kv *ShardKV) do(o op) kvapi.Err {
	res, err := kv.replica.Do(o)
	if err != nil {
		return rsm.Answer(err)
	}
	return res.Err
}

// inspect looks at the machine as this server has it.
func (kv *ShardKV) inspect(look func(*machine)) {
	// A local read waits for nothing, and fails only when the server has been killed.
	_ = kv.replica.Read(kvapi.ReadLocal, func() { look(kv.machine) })
}

// addressBook makes one end for each server, when it is first needed.
type addressBook struct {
	make shardapi.MakeEnd
	made map[string]*labrpc.ClientEnd
}

func (b *addressBook) endsOf(servers []string) []*labrpc.ClientEnd {
	ends := make([]*labrpc.ClientEnd, len(servers))
	for i, name := range servers {
		if b.made[name] == nil {
			if b.made == nil {
				b.made = map[string]*labrpc.ClientEnd{}
			}
			b.made[name] = b.make(name)
		}
		ends[i] = b.made[name]
	}
	return ends
}
