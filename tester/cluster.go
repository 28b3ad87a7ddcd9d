package tester

import (
	"time"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Options says what kind of network a cluster begins on, how its peers are set up, and what service
// runs on them.
type Options struct {
	Unreliable     bool // messages are lost and late (labrpc: not Reliable)
	LongReordering bool // replies can be late by seconds
	LongDelays     bool // calls to nobody can take seconds to fail
	Duplicates     bool // requests can arrive twice

	// Fsync is how long each write to a persister blocks its caller (disk.go); a crash loses the
	// writes that are under way. 0, the default, is a disk that takes no time, and so is any value
	// in a testing/synctest bubble, where peers that write with a lock held would freeze the time.
	Fsync time.Duration
	// FsyncOf, if not nil, says it for each peer, and for each write anew: a disk may be slow for a
	// while. It is called on the peers' goroutines.
	FsyncOf func(i int) time.Duration
	// DiskBandwidth is how many bytes a second a persister writes, beside Fsync. 0: their number
	// makes no difference.
	DiskBandwidth int

	// SnapshotEvery makes the service on each peer, which is the tester, call Snapshot each time it
	// has applied an entry whose index is a multiple of it. 0: never. It means nothing to Servers.
	SnapshotEvery int
	// SnapshotEveryOf, if not nil, says it for each peer: the services take their snapshots at
	// different indices then, as they do where each looks at the size of its own log.
	SnapshotEveryOf func(i int) int
	// SnapshotLag has the services write their snapshots down in the background, as real ones do:
	// when one is handed over, so many more entries have been applied already.
	SnapshotLag int
	// SnapshotBytes is the least size of a snapshot: that of the service's state. 0: they are as
	// short as can be.
	SnapshotBytes int
	// SnapshotTerms has the SnapshotTerm judged with which peers deliver snapshots. A service has no
	// use for it, and the course's tests do not look at it, so cases that are not about it do not
	// either. It means nothing to Servers.
	SnapshotTerms bool
	// CatchUp has peers that can (raftapi.CatchUp) keep so many entries in memory behind each
	// snapshot. Others do without. It means nothing to Servers.
	CatchUp int

	// Extensions are switched on in every peer (raftapi.Extendable), besides those of the whole run
	// ([Env.With]). A peer that lacks one of them fails the case with RuleMissing. They mean
	// nothing to Servers, which make their peers themselves.
	Extensions []string
	// ExtensionsOf, if not nil, says for each peer which extensions it has: these and no others,
	// whatever those of the run are. It is for clusters of peers that differ.
	ExtensionsOf func(i int) []string
}

// Cluster is a number of Raft peers on a simulated network, each with a service on it that keeps
// what it applies. Peers are numbered from 0.
//
// A peer has one life after another: Crash ends one, Restart begins the next from what the last one
// had persisted. What a peer does after its crash (its goroutines may go on for a while) reaches
// nobody, is not stored and not checked.
type Cluster struct {
	*machines
	newPeer raftapi.MakeFunc
}

// NewCluster starts a cluster of n peers made by newPeer, all connected to each other, each started
// at its own instant of virtual time. A case may have several clusters, one after the other or at
// once. It is for the case's main goroutine, and takes some milliseconds of virtual time.
func (e *Env) NewCluster(newPeer raftapi.MakeFunc, n int, o Options) *Cluster {
	c := &Cluster{newMachines(e, n, o), newPeer}
	c.start, c.restored = c.startPeer, func(l *life) string { return c.checks.Restore(&l.Life, l.store.Load().Snapshot) }
	c.startAll()
	return c
}

// startPeer makes a bare peer, and the service on it, which is the tester.
func (c *Cluster) startPeer(l *life, ends []*labrpc.ClientEnd, p *raftapi.Persister) *node {
	applyCh := make(chan raftapi.ApplyMsg)
	go c.r.guard(func() { l.consume(applyCh) })
	var peer raftapi.Raft
	c.r.into("Make", l.Peer, l.as(func() { peer = c.newPeer(ends, l.Peer, p, applyCh) }))
	if nothing(peer) {
		c.r.madeNothing("Make", l.Peer)
	}
	c.extend(l, peer)
	c.keepCatchUp(l, peer)
	return &node{services: []any{peer}, raft: peer, kill: peer.Kill}
}
