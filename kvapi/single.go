package kvapi

import "raftlab/labrpc"

// Single is a key/value service on one machine, with locks on top: what lab 1 tests. There is no
// Raft in it and nothing is stored; the machine does not crash. What may fail is the network.
//
// It fits the course's warm-up of either form, by a few lines each:
//
//	kvsrv1 and lock, 2025 and 2026    Versioned: MakeClerk; Lock: MakeLock. Their IKVClerk has the methods of
//	                                  VersionedClerk, with types of its own
//	kvsrv, 2024                       Classic: MakeClerk, whose Append may return something; no Lock
type Single struct {
	// Start makes the server and returns the objects whose methods clerks call over labrpc, at
	// once. Of those that have a method Kill(), it is called when the run ends.
	Start func() []any

	// The clerks talk to the server by the end that they are given. One of the two is set. Of a
	// service that sets both the versioned one is used. (Classic is there for solutions of 2024: at
	// most once by numbers of clients.)
	Versioned func(server *labrpc.ClientEnd) VersionedClerk
	Classic   func(server *labrpc.ClientEnd) ClassicClerk

	// Lock makes a handle of the lock that is called name, for the client that ck belongs to.
	// Handles of one name, of whichever clients, are one lock. nil: the service has no locks.
	Lock func(ck VersionedClerk, name string) Lock
}

// Lock is a client's handle of a lock. It serves one goroutine at a time.
type Lock interface {
	// Acquire returns when the client holds the lock, however long that takes.
	Acquire()
	// Release gives it back. It is called by a holder only.
	Release()
}
