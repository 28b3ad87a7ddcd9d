package labrpc_test

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"testing"

	"raftlab/labgob"
	"raftlab/labrpc"
)

// Raft is a peer that only answers.
type Raft struct{}

type LogEntry struct {
	Term    int
	Command any
}

type AppendEntriesArgs struct {
	Term, LeaderId, PrevLogIndex, PrevLogTerm int
	Entries                                   []LogEntry
	LeaderCommit                              int
}

type AppendEntriesReply struct {
	Term    int
	Success bool
	XTerm   int
}

type Op struct {
	Kind, Key, Value string
	Client           int64
	Seq              int
}

func (rf *Raft) AppendEntries(args *AppendEntriesArgs, reply *AppendEntriesReply) {
	reply.Term, reply.Success = args.Term, true
}

func init() { labgob.Register(Op{}) }

func appendEntries(n int) *AppendEntriesArgs {
	args := &AppendEntriesArgs{Term: 3, LeaderId: 1, PrevLogIndex: 1000, PrevLogTerm: 2, LeaderCommit: 999}
	for i := range n {
		command := []any{100_000 + i, fmt.Sprint("command ", i), Op{"Append", "key", "value", 1 << 40, i}}[i%3]
		args.Entries = append(args.Entries, LogEntry{3, command})
	}
	return args
}

// BenchmarkCall compares a whole call, goroutine and timers included, with what 6.824 pays for the
// encoding alone: a new gob encoder and decoder for the request, and again for the reply.
//
// It measures the processor's work, not the time that a call takes: so many are in flight at once
// that the delays of the network do not count.
func BenchmarkCall(b *testing.B) {
	for _, n := range []int{0, 1, 10, 50} {
		args := appendEntries(n)
		b.Run(fmt.Sprintf("fresh-gob/entries=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					var got AppendEntriesArgs
					var reply, gotReply AppendEntriesReply
					throughGob(b, args, &got)
					(*Raft)(nil).AppendEntries(&got, &reply)
					throughGob(b, reply, &gotReply)
				}
			})
		})
		b.Run(fmt.Sprintf("labrpc/entries=%d", n), func(b *testing.B) {
			end := raftEnd()
			b.ReportAllocs()
			b.SetParallelism(200)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					var reply AppendEntriesReply
					if !end.Call("Raft.AppendEntries", args, &reply) {
						b.Error("a call failed on a reliable network")
					}
				}
			})
		})
	}
}

// raftEnd returns an end that leads to a peer on a network of its own.
func raftEnd() *labrpc.ClientEnd {
	rn := labrpc.MakeNetwork()
	srv := labrpc.MakeServer()
	srv.AddService(labrpc.MakeService(&Raft{}))
	rn.AddServer(0, srv)
	end := rn.MakeEdge("end", 0, 0)
	rn.Connect("end", 0)
	rn.Enable("end", true)
	return end
}

func throughGob(b *testing.B, from, to any) {
	var w bytes.Buffer
	if err := gob.NewEncoder(&w).Encode(from); err != nil {
		b.Error(err)
	}
	if err := gob.NewDecoder(&w).Decode(to); err != nil {
		b.Error(err)
	}
}
