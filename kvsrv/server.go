package kvsrv

import (
	"sync"

	"raftlab/kvapi"
)

// The requests of clerks. Their fields have the names of 6.5840.
type (
	// GetArgs is a read.
	GetArgs struct{ Key string }

	// GetReply answers it: OK with value and version, or ErrNoKey.
	GetReply struct {
		Value   string
		Version kvapi.Version
		Err     kvapi.Err
	}

	// PutArgs is a write, on the condition that the key has this version; 0: that there is no such
	// key.
	PutArgs struct {
		Key, Value string
		Version    kvapi.Version
	}

	// PutReply answers it: OK, ErrVersion or ErrNoKey.
	PutReply struct{ Err kvapi.Err }
)

// KVServer is the server. Its methods are called by the network, on a goroutine for each request.
type KVServer struct {
	mu    sync.Mutex
	items map[string]item
}

// item is the value of a key. Keys are never removed, so no version ever comes back.
type item struct {
	value   string
	version kvapi.Version // how often the key was written; at least 1
}

// StartKVServer makes a server that holds nothing.
func StartKVServer() *KVServer { return &KVServer{items: map[string]item{}} }

// Get reads a key.
func (s *KVServer) Get(args *GetArgs, reply *GetReply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, ok := s.items[args.Key]
	if !ok {
		reply.Err = kvapi.ErrNoKey
		return
	}
	reply.Value, reply.Version, reply.Err = it.value, it.version, kvapi.OK
}

// Put writes a key if it has the version that the request names. Looking and writing is one step:
// the mutex is held from the one to the other.
func (s *KVServer) Put(args *PutArgs, reply *PutReply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, ok := s.items[args.Key]
	switch {
	case !ok && args.Version != 0:
		reply.Err = kvapi.ErrNoKey
	case it.version != args.Version:
		reply.Err = kvapi.ErrVersion
	default:
		s.items[args.Key] = item{args.Value, it.version + 1}
		reply.Err = kvapi.OK
	}
}
