package lab2

import (
	"testing"

	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// Run runs the cases of lab 2 on the peers that make makes, and private cases after them. It is
// generic because classic solutions return their own type from Make, which is not assignable to
// [raftapi.MakeFunc]; Run takes both forms:
//
//	func TestLab2(t *testing.T) { lab2.Run(t, raft.Make) }
//
// One case or one part is chosen with -run, as usual: go test ./raft -run Lab2/2A/Bridge.
func Run[R raftapi.Raft](
	t *testing.T,
	make func(peers []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) R,
	private ...tester.Case,
) {
	t.Helper()
	lab := Lab()
	lab.Cases = append(lab.Cases, private...)
	tester.Run(t, lab, Subject(make))
}

// Subject turns a Make function of either form into what cases of this lab expect as
// [tester.Env.Subject].
func Subject[R raftapi.Raft](
	make func(peers []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) R,
) raftapi.MakeFunc {
	return func(peers []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
		return make(peers, me, p, applyCh)
	}
}
