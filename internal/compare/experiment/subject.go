package experiment

import (
	"sync"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/shardapi"
)

// Subject is what experiments run on: peers with this project's services on them (package own), or
// somebody's service, on whatever peers it makes.
type Subject struct {
	Peer    raftapi.MakeFunc // nil: services choose their own
	KV      func() kvapi.Service
	Shards  func() shardapi.Service
	Insight *Insight // nil: the services are only seen from outside
}

// Insight is what experiments know of the inside of services. This package imports none, so that it
// compiles beside anybody's.
type Insight struct {
	// Put makes one request to write a key, the try of a user.
	Put func(server *labrpc.ClientEnd, key string, user, try uint64) (answer kvapi.Err, ok bool)
	// Courier makes what has send talk to one server after the other, until one has answered.
	Courier func(servers []*labrpc.ClientEnd) func(send func(*labrpc.ClientEnd) (kvapi.Err, bool))
	// Reply says whether an answer between servers told a group the newest configuration, or brought
	// it a shard.
	Reply func(reply any) (told, brought bool)
}

// The packages of which somebody can bring one of their own.
const (
	Peers   = "raft"
	KV      = "kvraft"
	Sharded = "shardkv"
)

// TestFiles are the sources of the lab_test.go of these packages that run experiments on them
// instead of labs.
var TestFiles = map[string]string{
	Peers: `package raft_test

import (
	"testing"

	"raftlab/internal/compare/experiment"
	"raftlab/internal/compare/experiment/own"
	"raftlab/raft"
)

func TestCompare(t *testing.T) { experiment.Run(t, own.On(raft.Make)) }
`,
	KV: `package kvraft_test

import (
	"testing"

	"raftlab/internal/compare/experiment"
	"raftlab/kvraft"
)

func TestCompare(t *testing.T) { experiment.Run(t, experiment.Subject{KV: kvraft.Service}) }
`,
	Sharded: `package shardkv_test

import (
	"testing"

	"raftlab/internal/compare/experiment"
	"raftlab/shardkv"
)

func TestCompare(t *testing.T) { experiment.Run(t, experiment.Subject{Shards: shardkv.Service}) }
`,
}

// classic makes a clerk of a service, whichever interface it has.
func classic(s kvapi.Service, ends []*labrpc.ClientEnd, o kvapi.Options) kvapi.ClassicClerk {
	if s.Classic != nil {
		return s.Classic(ends, o)
	}
	return &onVersions{clerk: s.Versioned(ends, o), versions: map[string]kvapi.Version{}}
}

// onVersions writes by versions. Nobody else writes its keys, so it knows them.
type onVersions struct {
	clerk    kvapi.VersionedClerk
	mu       sync.Mutex
	versions map[string]kvapi.Version
}

func (c *onVersions) Get(key string) string {
	value, _, _ := c.clerk.Get(key)
	return value
}

func (c *onVersions) Put(key, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.clerk.Put(key, value, c.versions[key]) != kvapi.OK {
		now, version, _ := c.clerk.Get(key)
		c.versions[key] = version
		if now == value { // an earlier try was executed
			return
		}
	}
	c.versions[key]++
}

// Append is for nobody here.
func (c *onVersions) Append(key, value string) { c.Put(key, c.Get(key)+value) }
