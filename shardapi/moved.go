package shardapi

import (
	"hash/fnv"
	"maps"
	"slices"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Moved is a sharded service in the form of 6.5840 since 2025. There is no controller that is a
// service, and no group fetches anything: the configuration is a value in a key/value server on one
// machine, and a client that changes it moves the shards itself, from group to group.
//
//	controller (a client)            store: "configuration 6: ..."
//	   |  freeze 3     install 3        delete 3
//	   v               v                v
//	group 1         group 2          group 1             clients: Get, versioned Put
//
// Groups have the numbers 1, 2, ...; group 1 has all shards at first, and knows it.
type Moved struct {
	// Store starts the server that keeps configurations and returns the objects whose methods are
	// called over labrpc. It does not crash.
	Store func() []any
	// Start starts server me of group gid. It takes a snapshot when the persisted Raft state nears
	// maxraftstate bytes; -1 means never.
	Start func(ends []*labrpc.ClientEnd, me int, persister *raftapi.Persister, maxraftstate, gid int) kvapi.Server
	// Mover makes a controller. store leads to the store, makeEnd to the servers of groups, by the
	// names that placements have for them.
	Mover func(store *labrpc.ClientEnd, makeEnd MakeEnd) Mover
	// Clerk makes a client of the service. It finds out itself who has which shard.
	Clerk func(store *labrpc.ClientEnd, makeEnd MakeEnd) kvapi.VersionedClerk
}

// Mover is a controller of [Moved]. It serves one goroutine at a time. It may die at any moment,
// and there may be several.
type Mover interface {
	// Init is called first, by each controller but the very first: it finishes what another one has
	// begun and did not live to finish.
	Init()
	// First sets the first placement, number 1, in which group 1 has all shards. It is called once.
	First(p Placement)
	// ChangeTo moves shards to where a placement wants them, whose number is one more than that of
	// the present one, and makes it the present one. It may come to nothing if another controller
	// is faster.
	ChangeTo(p Placement)
	// Query returns the present placement.
	Query() Placement
}

// NMoved is the number of shards of such a service.
const NMoved = 12

// HashedShardOf returns the shard that a key belongs to there.
func HashedShardOf(key string) int {
	h := fnv.New32a()
	h.Write([]byte(key)) // never fails
	return int(h.Sum32() % NMoved)
}

// Placement is a configuration there: which group every shard belongs to.
type Placement struct {
	Num    int              // which placement this is, from 1
	Shards [NMoved]int      // shard -> group that it belongs to
	Groups map[int][]string // group -> names of its servers
}

// Clone returns a copy that shares nothing with p.
func (p Placement) Clone() Placement {
	groups := make(map[int][]string, len(p.Groups))
	for group, servers := range p.Groups {
		groups[group] = slices.Clone(servers)
	}
	p.Groups = groups
	return p
}

// Equal says whether two placements are the same, number and all.
func (p Placement) Equal(other Placement) bool {
	return p.Num == other.Num && p.Shards == other.Shards && maps.EqualFunc(p.Groups, other.Groups, slices.Equal[[]string])
}
