// Package raftapi is the contract between a Raft peer and its surroundings: what a peer offers
// upward to the service that runs on it, and what it needs from below.
//
//	service (a key/value server, a shard controller, or the tester)
//	   |  Start, GetState, Kill, Snapshot          ^  ApplyMsg
//	   v                                           |
//	------------------------- a peer -----------------------
//	   |  labrpc.ClientEnd.Call                    |  Persister
//	   v                                           v
//	the other peers                             stable storage
//
// Contents:
//
//   - [Raft], [Snapshotter], [MakeFunc], [ApplyMsg]: the peer itself (this file)
//   - [Persister], [Storage], [Update]: stable storage, whole or incremental (persister.go,
//     storage.go)
//   - [Reached]: names the situations that a test case exists for (reached.go)
//
// Whatever else a peer can do is a small interface found by a type assertion, the way
// [Snapshotter] is.
package raftapi

import "raftlab/labrpc"

// ApplyMsg is what a peer sends on the channel given to its Make function, once for each log
// entry, in log order, after the entry has been committed (Raft paper, Figure 2, "All Servers").
//
// Exactly one of three forms is meant:
//
//   - CommandValid: the entry at CommandIndex holds Command. The first entry has index 1.
//   - SnapshotValid: the peer received a snapshot from the leader; the service is to replace its
//     state with it. It covers all entries up to and including SnapshotIndex.
//   - neither, with CommandIndex set: the entry at CommandIndex holds no command of the service
//     (for example a no-op that a leader appends when it is elected, §8). Services skip it.
type ApplyMsg struct {
	CommandValid bool
	Command      any
	CommandIndex int

	SnapshotValid bool
	Snapshot      []byte
	SnapshotTerm  int
	SnapshotIndex int
}

// Raft is all that the labs 2A to 2C ask of a peer.
type Raft interface {
	// Start begins agreement on appending command to the log and returns at once, without waiting
	// for the agreement. If the peer is not the leader isLeader is false and the other results mean
	// nothing. Otherwise index is where the command will stand if it is ever committed, and term is
	// the current term. There is no promise that it will be committed: the leader may fail or lose
	// an election.
	Start(command any) (index, term int, isLeader bool)

	// GetState returns the peer's current term and whether it believes that it is the leader.
	GetState() (term int, isLeader bool)

	// Kill tells the peer that it will not be used any more: its goroutines are to end soon.
	// Kill does not wait for them.
	Kill()
}

// Snapshotter is what lab 2D asks for in addition.
type Snapshotter interface {
	// Snapshot says that the service's state up to and including index is in snapshot, so that the
	// peer may drop its log through that index and has to keep snapshot in its place (§7).
	// It is called while the service consumes the apply channel: a peer that sends on that channel
	// with its mutex held deadlocks here.
	Snapshot(index int, snapshot []byte)
}

// MakeFunc creates a peer. peers holds one end per server, peers[me] is the peer's own; persister
// holds what an earlier incarnation saved, or nothing. It must return quickly: long work belongs
// into goroutines.
type MakeFunc func(peers []*labrpc.ClientEnd, me int, persister *Persister, applyCh chan ApplyMsg) Raft
