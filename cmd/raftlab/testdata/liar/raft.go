// Package raft is a peer that asks for votes and does not wait for them: each peer believes that it
// leads. It is used to see how a failure is told and replayed.
package raft

import (
	"fmt"
	"math/big"
	"math/rand"
	"os"
	"sync"
	"time"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

type Raft struct {
	mu    sync.Mutex
	peers []*labrpc.ClientEnd
	me    int
	term  int
	leads bool
	done  chan struct{}
}

type RequestVoteArgs struct{ Term, CandidateId int }

type RequestVoteReply struct {
	Term        int
	VoteGranted bool
}

func Make(peers []*labrpc.ClientEnd, me int, _ *raftapi.Persister, _ chan raftapi.ApplyMsg) *Raft {
	rf := &Raft{peers: peers, me: me, done: make(chan struct{})}
	go rf.run()
	return rf
}

func (rf *Raft) run() {
	select {
	case <-rf.done:
		return
	case <-time.After(time.Duration(150+rand.Intn(150)) * time.Millisecond):
	}
	rf.mu.Lock()
	rf.term, rf.leads = 1, true
	rf.mu.Unlock()
	for os.Getenv("SLOW") != "" { // for hours, and without going round: what loops is counted
		huge := new(big.Int).Lsh(big.NewInt(1), 1<<24)
		huge.Exp(huge, huge, new(big.Int).Add(huge, big.NewInt(1)))
	}
	if os.Getenv("DEBUG") != "" {
		fmt.Println("peer", rf.me, "leads, it thinks")
	}
	for i, p := range rf.peers {
		if i != rf.me {
			go p.Call("Raft.RequestVote", &RequestVoteArgs{1, rf.me}, &RequestVoteReply{})
		}
	}
}

func (rf *Raft) RequestVote(args *RequestVoteArgs, reply *RequestVoteReply) { reply.Term = 1 }

func (rf *Raft) Start(any) (int, int, bool) { return 0, 0, false }

func (rf *Raft) GetState() (int, bool) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	return rf.term, rf.leads
}

func (rf *Raft) Snapshot(int, []byte) {}

func (rf *Raft) Kill() { close(rf.done) }
