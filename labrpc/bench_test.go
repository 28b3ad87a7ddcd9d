package labrpc_test

import (
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

// BenchmarkCall measures the processor's work for a call, not the time that it takes: so many are in
// flight at once that the delays of the network do not count.
func BenchmarkCall(b *testing.B) {
	for _, n := range []int{0, 1, 10, 50} {
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) {
			rn := labrpc.MakeNetwork()
			srv := labrpc.MakeServer()
			srv.AddService(labrpc.MakeService(&Raft{}))
			rn.AddServer(0, srv)
			end := rn.MakeEdge("end", 0, 0)
			rn.Connect("end", 0)
			rn.Enable("end", true)
			args := AppendEntriesArgs{Term: 3, LeaderId: 1, PrevLogIndex: 1000, PrevLogTerm: 2, LeaderCommit: 999}
			for i := range n {
				args.Entries = append(args.Entries, LogEntry{3, []any{100_000 + i, fmt.Sprint("command ", i), Op{"Append", "key", "value", 1 << 40, i}}[i%3]})
			}
			b.ReportAllocs()
			b.SetParallelism(50)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					var reply AppendEntriesReply
					if !end.Call("Raft.AppendEntries", &args, &reply) {
						b.Error("a call failed on a reliable network")
					}
				}
			})
		})
	}
}
