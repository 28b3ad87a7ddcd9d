// Package rsm is a small replicated state machine in the form of 2025.
package rsm

import (
	"bytes"
	"sync"
	"time"

	"6.5840/kvsrv1/rpc"
	"6.5840/labgob"
	"6.5840/labrpc"
	"6.5840/raft1"
	"6.5840/raftapi"
	"6.5840/tester1"
	"github.com/google/uuid"
)

type Op struct {
	Id  uuid.UUID
	Req any
}

type StateMachine interface {
	DoOp(any) any
	Snapshot() []byte
	Restore([]byte)
}

type RSM struct {
	mu           sync.Mutex
	rf           raftapi.Raft
	applyCh      chan raftapi.ApplyMsg
	maxraftstate int
	sm           StateMachine
	index        int
	results      map[uuid.UUID]any
	waiting      map[uuid.UUID]bool
	closed       bool
}

func MakeRSM(servers []*labrpc.ClientEnd, me int, persister *tester.Persister, maxraftstate int, sm StateMachine) *RSM {
	labgob.Register(Op{})
	r := &RSM{applyCh: make(chan raftapi.ApplyMsg), maxraftstate: maxraftstate, sm: sm, results: map[uuid.UUID]any{}, waiting: map[uuid.UUID]bool{}}
	r.restore(persister.ReadSnapshot())
	r.rf = raft.Make(servers, me, persister, r.applyCh)
	go r.reader()
	return r
}

func (r *RSM) Raft() raftapi.Raft { return r.rf }

func (r *RSM) restore(snapshot []byte) {
	if len(snapshot) == 0 {
		return
	}
	d := labgob.NewDecoder(bytes.NewBuffer(snapshot))
	var state []byte
	d.Decode(&r.index)
	d.Decode(&state)
	r.sm.Restore(state)
}

func (r *RSM) reader() {
	for m := range r.applyCh {
		r.mu.Lock()
		if m.SnapshotValid {
			r.restore(m.Snapshot)
		} else if op, ok := m.Command.(Op); ok && m.CommandIndex > r.index {
			r.index = m.CommandIndex
			result := r.sm.DoOp(op.Req)
			if r.waiting[op.Id] {
				r.results[op.Id] = result
			}
			if r.maxraftstate > 0 && r.rf.PersistBytes() >= r.maxraftstate {
				w := new(bytes.Buffer)
				e := labgob.NewEncoder(w)
				e.Encode(r.index)
				e.Encode(r.sm.Snapshot())
				r.rf.Snapshot(r.index, w.Bytes())
			}
		}
		r.mu.Unlock()
	}
}

func (r *RSM) Submit(req any) (rpc.Err, any) {
	op := Op{uuid.New(), req}
	r.mu.Lock()
	r.waiting[op.Id] = true
	r.mu.Unlock()
	_, term, leads := r.rf.Start(op)
	defer func() {
		r.mu.Lock()
		delete(r.waiting, op.Id)
		delete(r.results, op.Id)
		r.mu.Unlock()
	}()
	for start := time.Now(); leads && time.Since(start) < 2*time.Second; time.Sleep(2 * time.Millisecond) {
		r.mu.Lock()
		result, ok := r.results[op.Id]
		r.mu.Unlock()
		if ok {
			return rpc.OK, result
		}
		if now, still := r.rf.GetState(); !still || now != term {
			break
		}
	}
	return rpc.ErrWrongLeader, nil
}
