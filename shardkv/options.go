package shardkv

import (
	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
	"raftlab/shardapi"
	"raftlab/shardkv/shardctrler"
)

// Option sets something about a server.
type Option func(*options)

// options is what can be set: what everybody may ask for, and what only this package's tests do.
type options struct {
	kvapi.Options
	adjust func(*rsm.Config[op, answer])
}

// WithReads chooses how reads are answered: kvapi.ReadLog, unless said otherwise, or
// kvapi.ReadIndexLeader.
func WithReads(path kvapi.ReadPath) Option { return func(o *options) { o.Reads = path } }

// WithAll sets everything at once.
func WithAll(all kvapi.Options) Option { return func(o *options) { o.Options = all } }

// ReadPaths returns the paths that servers offer. The ownership of a shard is checked where a read
// takes effect, so the others would do as well; clerks would have to know which servers to ask.
func ReadPaths() []kvapi.ReadPath { return []kvapi.ReadPath{kvapi.ReadLog, kvapi.ReadIndexLeader} }

// optionsFrom applies opts to the defaults.
func optionsFrom(opts []Option) options {
	o := options{adjust: func(*rsm.Config[op, answer]) {}}
	for _, set := range opts {
		set(&o)
	}
	if o.Reads == "" {
		o.Reads = kvapi.ReadLog
	}
	if o.Raft == nil {
		o.Raft = reference
	}
	return o
}

func reference(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
	return raft.Make(ends, me, p, applyCh)
}

// Service returns controller and groups as the labs want them.
func Service() shardapi.Service {
	return shardapi.Service{
		Controller: shardctrler.Controller(),
		Groups: shardapi.Groups{
			Start: func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, maxraftstate, gid int,
				ctrlers []*labrpc.ClientEnd, makeEnd shardapi.MakeEnd, o kvapi.Options) kvapi.Server {
				return StartServer(ends, me, p, maxraftstate, gid, ctrlers, makeEnd, WithAll(o))
			},
			Clerk: func(ctrlers []*labrpc.ClientEnd, makeEnd shardapi.MakeEnd, _ kvapi.Options) kvapi.ClassicClerk {
				return MakeClerk(ctrlers, makeEnd)
			},
		},
	}
}
