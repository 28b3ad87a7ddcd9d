package kvraft

import (
	"fmt"
	"slices"

	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// KVServer is one server of the service. Its handlers translate between requests and the replicated
// state machine, and know nothing of Raft. They block until there is an answer, or for as long as
// rsm has patience.
type KVServer struct {
	replica *rsm.RSM[op, result]
	store   *store // the replica's machine; touched only through it
	reads   kvapi.ReadPath
	copies  copies
}

var _ kvapi.Server = (*KVServer)(nil)

// StartKVServer starts server me of a service whose servers are reached by servers. persister holds
// what an earlier incarnation left, or nothing. When the persisted Raft state nears maxraftstate
// bytes the server takes a snapshot; -1 means never. It returns quickly. It panics with a
// *kvapi.MissingExtension if the Raft peer lacks what the options ask for.
func StartKVServer(servers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, maxraftstate int, opts ...Option) *KVServer {
	o := optionsFrom(opts)
	if !slices.Contains(kvapi.ReadPaths, o.Reads) {
		panic(fmt.Sprintf("kvraft: there is no read path %q; there are %q", o.Reads, kvapi.ReadPaths))
	}
	s := &KVServer{store: newStore(), reads: o.Reads}
	config := rsm.Config[op, result]{
		Servers:      servers,
		Me:           me,
		Persister:    persister,
		Make:         o.Raft,
		Machine:      s.store,
		Codec:        codec,
		MaxRaftState: maxraftstate,
		Extensions:   o.PeerExtensions(),
		CatchUp:      o.CatchUp,
		MaxBehind:    o.MaxBehind,
	}
	o.adjust(&config)
	s.replica = rsm.New(config)
	return s
}

// Services implements kvapi.Server.
func (s *KVServer) Services() []any { return []any{s, s.replica.Raft()} }

// Raft implements kvapi.Server.
func (s *KVServer) Raft() raftapi.Raft { return s.replica.Raft() }

// Kill implements kvapi.Server. Requests that wait are answered at once.
func (s *KVServer) Kill() { s.replica.Kill() }

// Open begins a session for a clerk.
func (s *KVServer) Open(args *OpenArgs, reply *OpenReply) {
	client, err := s.replica.Open()
	reply.Client, reply.Err = uint64(client), rsm.Answer(err)
}

// PutAppend writes in the classic way: exactly once per session and number.
func (s *KVServer) PutAppend(args *PutAppendArgs, reply *PutAppendReply) {
	o := op{kind: opPut, key: args.Key, value: args.Value}
	if args.Op == "Append" {
		o.kind = opAppend
	}
	res, err := s.replica.Submit(rsm.Client(args.Client), args.Seq, o)
	if reply.Err = rsm.Answer(err); err == nil {
		reply.Err = res.Err
	}
}

// Put writes on the condition that the key has a certain version. Executed twice, it fails the
// second time, which is why nobody has to remember that it was executed.
func (s *KVServer) Put(args *PutArgs, reply *PutReply) {
	if s.copies.isCopy(args.Clerk, args.Try) {
		raftapi.Reached("copy of a request ignored")
		reply.Err = rsm.Unknown
		return
	}
	res, err := s.replica.Do(op{kind: opConditional, key: args.Key, value: args.Value, version: args.Version})
	if reply.Err = rsm.Answer(err); err == nil {
		reply.Err = res.Err
	}
}

// Get reads, on the path that the server was started with.
func (s *KVServer) Get(args *GetArgs, reply *GetReply) {
	err := s.replica.Read(s.reads, func() {
		it, found := s.store.get(args.Key)
		reply.Err, reply.Value, reply.Version = found, it.value, it.version
	})
	if err != nil {
		reply.Err = rsm.Answer(err)
	}
}
