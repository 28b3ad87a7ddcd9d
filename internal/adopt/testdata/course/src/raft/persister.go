package raft

import "sync"

type Persister struct {
	mu        sync.Mutex
	raftstate []byte
	snapshot  []byte
}

func MakePersister() *Persister { return &Persister{} }

func (ps *Persister) Save(raftstate []byte, snapshot []byte) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.raftstate = raftstate
	if snapshot != nil {
		ps.snapshot = snapshot
	}
}

func (ps *Persister) ReadRaftState() []byte { return ps.raftstate }
func (ps *Persister) ReadSnapshot() []byte  { return ps.snapshot }
func (ps *Persister) RaftStateSize() int    { return len(ps.raftstate) }
