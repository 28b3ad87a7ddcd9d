// Package raft is a small peer in the form of the course: one mutex, one goroutine that looks at the clock, one that applies.
package raft

import (
	"bytes"
	"math/rand"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"6.5840/labgob"
	"6.5840/labrpc"
	"6.5840/utils"
)

type ApplyMsg struct {
	CommandValid bool
	Command      interface{}
	CommandIndex int

	SnapshotValid bool
	Snapshot      []byte
	SnapshotTerm  int
	SnapshotIndex int
}

type Entry struct {
	Term    int
	Command interface{}
}

type Raft struct {
	mu        sync.Mutex
	peers     []*labrpc.ClientEnd
	persister *Persister
	me        int
	dead      int32
	applyCh   chan ApplyMsg
	wake      *sync.Cond

	term, vote, role int // 0 follower, 1 candidate, 2 leader
	base             int // index of log[0], which stands for the snapshot
	log              []Entry
	snapshot         []byte
	commit, applied  int
	install          bool
	next, match      []int
	deadline, beat   time.Time
}

func (rf *Raft) last() int { return rf.base + len(rf.log) - 1 }

func (rf *Raft) GetState() (int, bool) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	return rf.term, rf.role == 2
}

func (rf *Raft) persist() {
	w := new(bytes.Buffer)
	e := labgob.NewEncoder(w)
	e.Encode(rf.term)
	e.Encode(rf.vote)
	e.Encode(rf.base)
	e.Encode(rf.log)
	rf.persister.Save(w.Bytes(), rf.snapshot)
}

func (rf *Raft) restore(data []byte) {
	if len(data) == 0 {
		return
	}
	d := labgob.NewDecoder(bytes.NewBuffer(data))
	d.Decode(&rf.term)
	d.Decode(&rf.vote)
	d.Decode(&rf.base)
	d.Decode(&rf.log)
	rf.commit, rf.applied = rf.base, rf.base
}

func (rf *Raft) Snapshot(index int, snapshot []byte) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if index <= rf.base || index > rf.applied {
		return
	}
	rf.cut(index)
	rf.snapshot = snapshot
	rf.persist()
}

func (rf *Raft) cut(index int) {
	rest := append([]Entry{}, rf.log[index-rf.base:]...)
	rest[0].Command = nil
	rf.log, rf.base = rest, index
}

type VoteArgs struct{ Term, Candidate, LastIndex, LastTerm int }
type VoteReply struct {
	Term    int
	Granted bool
}

func (rf *Raft) see(term int) {
	if term > rf.term {
		rf.term, rf.vote, rf.role = term, -1, 0
		rf.persist()
	}
}

func (rf *Raft) arm() {
	rf.deadline = time.Now().Add(time.Duration(300+rand.Intn(300)) * time.Millisecond)
}

func (rf *Raft) RequestVote(args *VoteArgs, reply *VoteReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	rf.see(args.Term)
	reply.Term = rf.term
	mine := rf.log[len(rf.log)-1].Term
	newer := args.LastTerm > mine || args.LastTerm == mine && args.LastIndex >= rf.last()
	if args.Term == rf.term && (rf.vote < 0 || rf.vote == args.Candidate) && newer {
		rf.vote, reply.Granted = args.Candidate, true
		rf.persist()
		rf.arm()
	}
}

type AppendArgs struct {
	Term, Leader, PrevIndex, PrevTerm, Commit int
	Entries                                   []Entry
	Snapshot                                  []byte
}
type AppendReply struct {
	Term, Conflict int
	Success        bool
}

func (rf *Raft) AppendEntries(args *AppendArgs, reply *AppendReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	rf.see(args.Term)
	reply.Term = rf.term
	if args.Term < rf.term {
		return
	}
	rf.role = 0
	rf.arm()
	reply.Conflict = rf.last() + 1
	if args.PrevIndex > rf.last() {
		return
	}
	entries, prev := args.Entries, args.PrevIndex
	if prev < rf.base {
		skip := rf.base - prev
		if skip > len(entries) {
			reply.Success = true
			return
		}
		entries, prev = entries[skip:], rf.base
	} else if t := rf.log[prev-rf.base].Term; t != args.PrevTerm {
		for reply.Conflict = prev; reply.Conflict > rf.base+1 && rf.log[reply.Conflict-1-rf.base].Term == t; reply.Conflict-- {
		}
		return
	}
	for i, e := range entries {
		at := prev + 1 + i
		if at <= rf.last() && rf.log[at-rf.base].Term == e.Term {
			continue
		}
		rf.log = append(append([]Entry{}, rf.log[:at-rf.base]...), entries[i:]...)
		break
	}
	rf.persist()
	reply.Success = true
	if end := prev + len(entries); args.Commit > rf.commit && end > rf.commit {
		rf.commit = args.Commit
		if end < rf.commit {
			rf.commit = end
		}
		rf.wake.Signal()
	}
}

func (rf *Raft) InstallSnapshot(args *AppendArgs, reply *AppendReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	rf.see(args.Term)
	reply.Term = rf.term
	if args.Term < rf.term {
		return
	}
	rf.role = 0
	rf.arm()
	if args.PrevIndex <= rf.commit {
		return
	}
	if args.PrevIndex <= rf.last() && rf.log[args.PrevIndex-rf.base].Term == args.PrevTerm {
		rf.cut(args.PrevIndex)
	} else {
		rf.log, rf.base = []Entry{{Term: args.PrevTerm}}, args.PrevIndex
	}
	rf.snapshot, rf.commit, rf.install = args.Snapshot, args.PrevIndex, true
	rf.persist()
	rf.wake.Signal()
}

func (rf *Raft) Start(command interface{}) (int, int, bool) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.role != 2 || rf.killed() {
		return -1, rf.term, false
	}
	rf.log = append(rf.log, Entry{rf.term, command})
	rf.persist()
	rf.beat = time.Time{}
	utils.Log("%d starts %v", rf.me, command)
	return rf.last(), rf.term, true
}

func (rf *Raft) Kill() {
	atomic.StoreInt32(&rf.dead, 1)
	rf.mu.Lock()
	rf.wake.Broadcast()
	rf.mu.Unlock()
}

func (rf *Raft) killed() bool { return atomic.LoadInt32(&rf.dead) == 1 }

func (rf *Raft) stand() {
	rf.role, rf.term, rf.vote = 1, rf.term+1, rf.me
	rf.persist()
	rf.arm()
	args, votes := VoteArgs{rf.term, rf.me, rf.last(), rf.log[len(rf.log)-1].Term}, 1
	for i := range rf.peers {
		if i == rf.me {
			continue
		}
		go func(i int) {
			reply := VoteReply{}
			if !rf.peers[i].Call("Raft.RequestVote", &args, &reply) {
				return
			}
			rf.mu.Lock()
			defer rf.mu.Unlock()
			rf.see(reply.Term)
			if !reply.Granted || rf.term != args.Term || rf.role != 1 {
				return
			}
			if votes++; votes > half(len(rf.peers)) {
				rf.role, rf.beat = 2, time.Time{}
				for j := range rf.peers {
					rf.next[j], rf.match[j] = rf.last()+1, 0
				}
			}
		}(i)
	}
}

func (rf *Raft) send(i int) {
	args := AppendArgs{Term: rf.term, Leader: rf.me, Commit: rf.commit}
	method := "Raft.AppendEntries"
	if args.PrevIndex = rf.next[i] - 1; args.PrevIndex < rf.base {
		method, args.PrevIndex, args.Snapshot = "Raft.InstallSnapshot", rf.base, rf.snapshot
	} else {
		args.Entries = append([]Entry{}, rf.log[rf.next[i]-rf.base:]...)
	}
	args.PrevTerm = rf.log[args.PrevIndex-rf.base].Term
	go func() {
		reply := AppendReply{}
		if !rf.peers[i].Call(method, &args, &reply) {
			return
		}
		rf.mu.Lock()
		defer rf.mu.Unlock()
		rf.see(reply.Term)
		if rf.term != args.Term || rf.role != 2 {
			return
		}
		if args.Snapshot == nil && !reply.Success {
			if reply.Conflict < rf.next[i] && reply.Conflict > rf.match[i] {
				rf.next[i] = reply.Conflict
			}
			return
		}
		if m := args.PrevIndex + len(args.Entries); m > rf.match[i] {
			rf.match[i], rf.next[i] = m, m+1
		}
		rf.match[rf.me] = rf.last()
		sorted := append([]int{}, rf.match...)
		sort.Ints(sorted)
		if n := sorted[(len(sorted)-1)/2]; n > rf.commit && rf.log[n-rf.base].Term == rf.term {
			rf.commit = n
			rf.wake.Signal()
		}
	}()
}

func (rf *Raft) clock() {
	for !rf.killed() {
		rf.mu.Lock()
		now := time.Now()
		if rf.role == 2 && now.Sub(rf.beat) >= 100*time.Millisecond {
			rf.beat = now
			for i := range rf.peers {
				if i != rf.me {
					rf.send(i)
				}
			}
		}
		if rf.role != 2 && now.After(rf.deadline) {
			rf.stand()
		}
		rf.mu.Unlock()
		time.Sleep(tick * time.Millisecond)
	}
}

func (rf *Raft) apply() {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	for !rf.killed() {
		var msg ApplyMsg
		switch {
		case rf.install:
			rf.install, rf.applied = false, rf.base
			msg = ApplyMsg{SnapshotValid: true, Snapshot: rf.snapshot, SnapshotIndex: rf.base, SnapshotTerm: rf.log[0].Term}
		case rf.applied < rf.commit:
			rf.applied++
			msg = ApplyMsg{CommandValid: true, Command: rf.log[rf.applied-rf.base].Command, CommandIndex: rf.applied}
		default:
			rf.wake.Wait()
			continue
		}
		rf.mu.Unlock()
		rf.applyCh <- msg
		rf.mu.Lock()
	}
}

func Make(peers []*labrpc.ClientEnd, me int, persister *Persister, applyCh chan ApplyMsg) *Raft {
	rf := &Raft{peers: peers, me: me, persister: persister, applyCh: applyCh, vote: -1, log: make([]Entry, 1)}
	rf.wake = sync.NewCond(&rf.mu)
	rf.next, rf.match = make([]int, len(peers)), make([]int, len(peers))
	rf.snapshot = persister.ReadSnapshot()
	rf.restore(persister.ReadRaftState())
	rf.arm()
	go rf.clock()
	go rf.apply()
	return rf
}
