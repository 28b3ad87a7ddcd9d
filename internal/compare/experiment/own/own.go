// Package own puts this project's services on peers under comparison. Package experiment imports
// none of them, so that it compiles beside anybody's in their place.
package own

import (
	"raftlab/internal/compare/experiment"
	"raftlab/kvapi"
	"raftlab/kvraft"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/shardkv"
	"raftlab/shardkv/shardctrler"
)

// On is the subject of experiments on the peers that newPeer makes.
func On[R raftapi.Raft](newPeer func([]*labrpc.ClientEnd, int, *raftapi.Persister, chan raftapi.ApplyMsg) R) experiment.Subject {
	return experiment.Subject{
		Peer: func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
			return newPeer(ends, me, p, applyCh)
		},
		KV:      kvraft.Service,
		Shards:  shardkv.Service,
		Insight: &experiment.Insight{Put: put, Courier: courier, Reply: Reply},
	}
}

func put(server *labrpc.ClientEnd, key string, user, try uint64) (kvapi.Err, bool) {
	args := kvraft.PutArgs{Key: key, Value: "x", Clerk: user, Try: try}
	var reply kvraft.PutReply
	ok := server.Call("KVServer.Put", &args, &reply)
	return reply.Err, ok
}

func courier(servers []*labrpc.ClientEnd) func(func(*labrpc.ClientEnd) (kvapi.Err, bool)) {
	c := rsm.Courier{Servers: servers}
	return func(send func(*labrpc.ClientEnd) (kvapi.Err, bool)) { c.ToLeader(send) }
}

// Reply is what [experiment.Insight] wants to know of an answer between servers of shardkv.
func Reply(reply any) (told, brought bool) {
	switch reply := reply.(type) {
	case *shardctrler.QueryReply:
		return reply.Err == kvapi.OK, false
	case *shardkv.PullReply:
		return false, reply.Err == kvapi.OK
	}
	return false, false
}
