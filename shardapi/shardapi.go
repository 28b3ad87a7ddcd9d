// Package shardapi is the contract between a sharded key/value service and those who use or test
// it. The keys are divided into shards, each shard belongs to one group of servers at a time, and a
// replicated controller says which:
//
//	clients                         lab 4
//	   |  which group has "x"?        |
//	   v                              v
//	controller: Server Server Server          configuration 5: shards 0-4 group 1, shards 5-9 group 2
//	   ^  what will be mine?
//	   |
//	group 1: Server Server Server             group 2: Server Server Server
//
// Lab 4 drives every controller through [Controller], and through nothing else.
package shardapi

import (
	"maps"
	"slices"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// NShards is the number of shards. It never changes; only who has them does.
const NShards = 10

// Config is a configuration: which group every shard belongs to. Configurations are numbered, from
// 0 without a gap, and never change once they have their number. Number 0 has no groups, and all
// its shards belong to group 0, which does not exist: nobody serves them.
//
// The fields are those of 6.824.
type Config struct {
	Num    int              // which configuration this is
	Shards [NShards]int     // shard -> gid of the group that it belongs to; 0: none
	Groups map[int][]string // gid -> names of the group's servers; gids are positive
}

// Clone returns a configuration that shares no memory with c.
func (c Config) Clone() Config {
	groups := make(map[int][]string, len(c.Groups))
	for gid, servers := range c.Groups {
		groups[gid] = slices.Clone(servers)
	}
	c.Groups = groups
	return c
}

// Equal says whether two configurations are the same, number and all.
func (c Config) Equal(other Config) bool {
	return c.Num == other.Num && c.Shards == other.Shards &&
		maps.EqualFunc(c.Groups, other.Groups, slices.Equal[[]string])
}

// GIDs returns the gids of the groups in ascending order: the order in which a map gives them must
// decide nothing, for it differs from server to server.
func (c Config) GIDs() []int { return slices.Sorted(maps.Keys(c.Groups)) }

// ControllerClerk is a client of the controller. Its calls block until they have succeeded, however
// long that takes; each change is made exactly once. It serves one goroutine at a time.
type ControllerClerk interface {
	// Query returns the configuration with this number, or the latest one if num is -1 or greater
	// than all numbers there are.
	Query(num int) Config
	// Join adds groups: new gids, and the names of the servers of each. Shards are spread anew, so
	// that no group has two more than another, and as few as possible change their group.
	Join(groups map[int][]string)
	// Leave takes groups away, and spreads shards anew, likewise.
	Leave(gids []int)
	// Move gives one shard to one group. Nothing else changes, until the next Join or Leave.
	Move(shard, gid int)
}

// Controller is a shard controller that can be tested. Its clerks talk to all servers, in any
// order. Of the options CatchUp means nothing here.
type Controller struct {
	// Start starts server me. It panics with a *kvapi.MissingExtension if the peer lacks what o
	// asks for.
	Start func(servers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, o kvapi.Options) kvapi.Server
	Clerk func(servers []*labrpc.ClientEnd, o kvapi.Options) ControllerClerk
}

// Service is all that lab 4 tests, or, with Moved alone, what lab shardgrp does.
type Service struct {
	Controller Controller
	Groups     Groups
	// Moved is the service in the form of 6.5840 since 2025, or nil.
	Moved *Moved
}
