package kvraft

import (
	"slices"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

// Option sets one of kvapi.Options, for a server or a clerk.
type Option func(*kvapi.Options)

// WithReads chooses how reads are answered. Servers and clerks should be told the same: a clerk then
// knows whom to ask.
func WithReads(path kvapi.ReadPath) Option {
	return func(o *kvapi.Options) { o.Reads = path }
}

// WithRaft has the server run on another peer than the reference.
func WithRaft(make raftapi.MakeFunc) Option {
	return func(o *kvapi.Options) { o.Raft = make }
}

// WithExtensions switches on extensions of the peer, besides those that the read path needs.
func WithExtensions(names ...string) Option {
	return func(o *kvapi.Options) { o.Extensions = names }
}

// WithCatchUp has the peer keep up to 5000 entries in memory after a snapshot.
func WithCatchUp() Option {
	return func(o *kvapi.Options) { o.CatchUp = true }
}

// WithAll sets all options at once.
func WithAll(all kvapi.Options) Option {
	return func(o *kvapi.Options) { *o = all }
}

// optionsFrom applies opts to the defaults.
func optionsFrom(opts []Option) kvapi.Options {
	var o kvapi.Options
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

// extensions are those of the options and those that the read path needs.
func extensions(o kvapi.Options) []string {
	names := slices.Clone(o.Extensions)
	switch o.Reads {
	case kvapi.ReadIndexLeader, kvapi.ReadIndexFollower:
		names = append(names, raftapi.ReadIndex)
	case kvapi.ReadLease:
		// The lease rests on voters that stand by their leader, which is a part of CheckQuorum;
		// ReadIndex is for the times without one.
		names = append(names, raftapi.ReadIndex, raftapi.CheckQuorum, raftapi.Lease)
	}
	slices.Sort(names)
	return slices.Compact(names)
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
	}
}
