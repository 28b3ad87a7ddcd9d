package kvraft

import (
	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

// Option sets something about a server or a clerk.
type Option func(*options)

// options is what can be set: what everybody may ask for, and what only this package's tests do.
type options struct {
	kvapi.Options
	adjust func(*rsm.Config[op, result])
}

// WithReads chooses how reads are answered. Servers and clerks should be told the same: a clerk
// then knows whom to ask.
func WithReads(path kvapi.ReadPath) Option { return func(o *options) { o.Reads = path } }

// WithRaft has the server run on another peer than the reference.
func WithRaft(make raftapi.MakeFunc) Option { return func(o *options) { o.Raft = make } }

// WithExtensions switches on extensions of the peer, besides those that the read path needs.
func WithExtensions(names ...string) Option { return func(o *options) { o.Extensions = names } }

// WithCatchUp has the peer keep up to 5000 entries in memory after a snapshot.
func WithCatchUp() Option { return func(o *options) { o.CatchUp = true } }

// WithAll sets everything at once.
func WithAll(all kvapi.Options) Option { return func(o *options) { o.Options = all } }

// withConfig changes the replica's configuration at the last moment.
func withConfig(adjust func(*rsm.Config[op, result])) Option {
	return func(o *options) { o.adjust = adjust }
}

// optionsFrom applies opts to the defaults.
func optionsFrom(opts []Option) options {
	o := options{adjust: func(*rsm.Config[op, result]) {}}
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

// readsAnywhere says whether any server can answer a read, and not only the leader.
func readsAnywhere(path kvapi.ReadPath) bool {
	return path == kvapi.ReadIndexFollower || path == kvapi.ReadLocal
}

// Service returns this service as the labs and the other tests want it.
func Service() kvapi.Service {
	return kvapi.Service{
		Start: func(servers []*labrpc.ClientEnd, me int, p *raftapi.Persister, maxraftstate int, o kvapi.Options) kvapi.Server {
			return StartKVServer(servers, me, p, maxraftstate, WithAll(o))
		},
		Classic: func(servers []*labrpc.ClientEnd, o kvapi.Options) kvapi.ClassicClerk {
			return MakeClerk(servers, WithAll(o))
		},
		Versioned: func(servers []*labrpc.ClientEnd, o kvapi.Options) kvapi.VersionedClerk {
			return MakeVersionedClerk(servers, WithAll(o))
		},
		Replicate: replicate,
	}
}
