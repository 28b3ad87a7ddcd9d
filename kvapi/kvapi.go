// Package kvapi is the contract between a replicated key/value service and those who use or test
// it. Lab 3 drives every service through it, whether it speaks the classic interface of 6.824 (Get,
// Put, Append) or the versioned one of 6.5840 since 2025 (Put on a condition).
//
//	lab 3, porcupine-tests            clients
//	        |                            |  ClassicClerk or VersionedClerk
//	        v                            v
//	     Service -- Start -->   Server  Server  Server      on Raft peers, on labrpc
package kvapi

import (
	"fmt"
	"slices"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Err is how an operation ended.
type Err string

// The ends of operations. A clerk deals with ErrWrongLeader and ErrTooManyRequests itself.
const (
	OK                 Err = "OK"
	ErrNoKey           Err = "ErrNoKey"
	ErrVersion         Err = "ErrVersion" // versioned Put: the key has another version
	ErrMaybe           Err = "ErrMaybe"   // versioned Put after a retry: it may have happened, or not
	ErrWrongLeader     Err = "ErrWrongLeader"
	ErrTooManyRequests Err = "ErrTooManyRequests" // the server is too far behind with applying
)

// Version counts the writes to a key. A key that was never written has version 0, and is created by
// a Put with version 0.
type Version uint64

// ClassicClerk is a client of the classic interface. Its calls block until they have succeeded,
// however long that takes. It serves one goroutine at a time.
type ClassicClerk interface {
	Get(key string) string // "" for a key that does not exist
	Put(key, value string)
	Append(key, value string) // Put for a key that does not exist
}

// VersionedClerk is a client of the versioned interface. It serves one goroutine at a time.
type VersionedClerk interface {
	// Get blocks until it has an answer: OK with value and version, or ErrNoKey.
	Get(key string) (value string, version Version, err Err)
	// Put writes value if the key's version is the given one, and raises the version by one. It
	// returns OK; ErrVersion; ErrNoKey, if version is not 0 and the key does not exist; or
	// ErrMaybe, if an earlier try of the same call was not answered and a later one was answered
	// ErrVersion.
	Put(key, value string, version Version) Err
}

// Server is one server of the service.
type Server interface {
	// Services returns the objects whose methods must be reachable over labrpc: the server
	// itself and its Raft peer.
	Services() []any
	// Raft returns the peer that the server runs on.
	Raft() raftapi.Raft
	// Kill ends the server and its peer, without waiting; see raftapi.Raft.
	Kill()
}

// ReadPath is how a server answers reads.
type ReadPath string

// The read paths. All but ReadLocal are linearizable.
const (
	ReadLog           ReadPath = "log"           // like a write, through the log
	ReadIndexLeader   ReadPath = "index"         // dissertation §6.4, at the leader
	ReadIndexFollower ReadPath = "followerindex" // §6.4, at any server
	ReadLease         ReadPath = "lease"         // §6.4.1, at the leader
	ReadLocal         ReadPath = "local"         // whatever this server has applied: promises nothing
)

// ReadPaths lists them all.
var ReadPaths = []ReadPath{ReadLog, ReadIndexLeader, ReadIndexFollower, ReadLease, ReadLocal}

// Options are what a test asks of a server beyond its place in the cluster. The zero value is
// what the classic labs ask for: reads through the log.
type Options struct {
	Reads ReadPath // "" means ReadLog
	// Raft makes the peer; nil means the service's own choice.
	Raft raftapi.MakeFunc
	// Extensions of the peer to switch on, besides those that the read path needs.
	Extensions []string
	// CatchUp asks for up to 5000 entries to be kept in memory after a snapshot, if the peer has
	// raftapi.CatchUp, so that a follower that is a little behind needs no snapshot.
	CatchUp bool
	// MaxBehind is how many entries may be committed and not applied before a server refuses
	// requests; 0 means the service's own choice. A service need not have such a limit.
	MaxBehind int
}

// PeerExtensions are the extensions of the peer that have to be on: those asked for, and those that
// the read path needs.
func (o Options) PeerExtensions() []string {
	var names []string
	switch o.Reads {
	case ReadIndexLeader, ReadIndexFollower:
		names = []string{raftapi.ReadIndex}
	case ReadLease:
		// The lease rests on voters that stand by their leader, which is a part of CheckQuorum;
		// ReadIndex is for the times without one.
		names = []string{raftapi.ReadIndex, raftapi.CheckQuorum, raftapi.Lease}
	}
	names = raftapi.AddExtensions(o.Extensions, names...)
	slices.Sort(names)
	return names
}

// MissingExtension is what Start panics with if the peer cannot do what the options ask for.
type MissingExtension struct {
	Extension string // raftapi.ReadIndex, ...
	Write     string // what the peer has to implement
	Cause     error  // what its Extend returned, if that is why
}

func (m *MissingExtension) Error() string {
	return fmt.Sprintf("the Raft peer lacks the extension %s, which this service needs: write %s", m.Extension, m.Write)
}

// Unwrap returns the cause, by which the harness knows whether the peer cannot have the extension
// ([raftapi.Unavailable]).
func (m *MissingExtension) Unwrap() error { return m.Cause }

// Lacks returns the extension that is missing. By this method the harness knows such a panic from
// others.
func (m *MissingExtension) Lacks() string { return m.Extension }

// Service is a key/value service that can be tested. Exactly one of Classic and Versioned is set,
// or both if the service speaks both.
type Service struct {
	// Start starts server me. It takes a snapshot when the persisted Raft state nears
	// maxraftstate bytes; -1 means never. It panics with a *MissingExtension if the peer lacks
	// what o asks for.
	Start func(servers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, maxraftstate int, o Options) Server

	// The clerks talk to all servers, in any order; o is what the servers were given, so
	// that a clerk knows whether followers answer reads.
	Classic   func(servers []*labrpc.ClientEnd, o Options) ClassicClerk
	Versioned func(servers []*labrpc.ClientEnd, o Options) VersionedClerk

	// Replicate starts replica me of a machine that is given: what the service is built on, by
	// itself. Options do not concern it. It is for services in the form of 6.5840 since 2025
	// (package rsm), and nil for all others: only lab rsm asks for it.
	Replicate func(servers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, maxraftstate int, m Machine) Replica
	// Unkilled says that Kill of a replica does nothing, as is the way of 2026, where a signal ends
	// the process.
	Unkilled bool
}

// Machine is a state machine that can be replicated. Its methods are called one at a time.
type Machine interface {
	// DoOp executes an operation, of whatever type was submitted, and returns its result.
	DoOp(op any) any
	// Snapshot returns the whole state.
	Snapshot() []byte
	// Restore replaces the state by one that Snapshot returned.
	Restore(snapshot []byte)
}

// Replica is one copy of a replicated machine.
type Replica interface {
	Server
	// Submit proposes an operation, waits until it has been executed here, and returns OK and the
	// result that the machine had for it. Anything else than OK means that it may have been
	// executed, or may be yet, or not: ErrWrongLeader above all, at a server that does not lead, or
	// does not lead any more. It may wait for as long as the server cannot know that it does not
	// lead, and returns when the server is killed.
	Submit(op any) (Err, any)
}
