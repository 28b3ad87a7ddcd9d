package shardapi

import (
	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// ShardOf returns the shard that a key belongs to, in the way of 6.824: its first byte says which.
// Cases choose their keys by it, so a service must not have a rule of its own.
func ShardOf(key string) int {
	if key == "" {
		return 0
	}
	return int(key[0]) % NShards
}

// MakeEnd makes an end that leads to the server with this name. Each call makes another one, also
// for the same name: whoever needs an end often should keep it.
type MakeEnd = func(server string) *labrpc.ClientEnd

// Groups is the service itself: servers, several of which are a group, and clients. ctrlers are
// ends that lead to all servers of the controller, in any order.
//
// A gid stands for one group of servers for ever: a group that has left may join again, with the
// servers that it had. (A controller does not mind other servers, see 4A/ComeBack; it is only told
// names.)
type Groups struct {
	// Start starts server me of group gid. ends leads to the servers of the group, in their order;
	// makeEnd reaches the servers of other groups by the names that configurations have for them.
	// The server takes a snapshot when the persisted Raft state nears maxraftstate bytes; -1 means
	// never. Start panics with a *kvapi.MissingExtension if the peer lacks what o asks for. Of the
	// read paths o may ask for ReadLog and ReadIndexLeader.
	Start func(ends []*labrpc.ClientEnd, me int, persister *raftapi.Persister, maxraftstate, gid int,
		ctrlers []*labrpc.ClientEnd, makeEnd MakeEnd, o kvapi.Options) kvapi.Server

	// Clerk makes a client of the service. It finds out itself who has which shard.
	Clerk func(ctrlers []*labrpc.ClientEnd, makeEnd MakeEnd, o kvapi.Options) kvapi.ClassicClerk
}
