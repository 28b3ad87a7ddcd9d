package shardctrler

import (
	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
	"raftlab/shardapi"
)

// Option sets something about a server or a clerk.
type Option func(*options)

type options struct {
	kvapi.Options
	maxRaftState int
}

// WithReads chooses how Query is answered. Servers and clerks should be told the same: a clerk then
// knows whom to ask. Through the log unless said otherwise.
func WithReads(path kvapi.ReadPath) Option { return func(o *options) { o.Reads = path } }

// WithMaxRaftState has the server take a snapshot when the persisted Raft state nears so many
// bytes. The classic controller takes none: its configurations change rarely.
func WithMaxRaftState(bytes int) Option { return func(o *options) { o.maxRaftState = bytes } }

// WithAll sets everything at once that [kvapi.Options] has.
func WithAll(all kvapi.Options) Option { return func(o *options) { o.Options = all } }

// optionsFrom applies opts to the defaults.
func optionsFrom(opts []Option) options {
	o := options{}
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

// Controller returns this controller as the labs want it.
func Controller() shardapi.Controller {
	return shardapi.Controller{
		Start: func(servers []*labrpc.ClientEnd, me int, p *raftapi.Persister, o kvapi.Options) kvapi.Server {
			return StartServer(servers, me, p, WithAll(o))
		},
		Clerk: func(servers []*labrpc.ClientEnd, o kvapi.Options) shardapi.ControllerClerk {
			return MakeClerk(servers, WithAll(o))
		},
	}
}
