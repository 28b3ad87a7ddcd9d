//go:build !wasip1

package faults_test

import (
	"fmt"
	"testing"
	"time"

	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
	"raftlab/tester"
	"raftlab/tester/faults"
)

// What undoes a fault leaves a cluster in which all run, are connected and agree.
func TestUndo(t *testing.T) {
	one, all := []int{0}, []int{0, 1, 2, 3, 4}
	lab := tester.Lab{Name: "faults", Package: "./tester/faults", Test: "TestUndo"}
	for i, c := range []struct {
		fault faults.Fault
		order []int
	}{
		{faults.Halves, all}, {faults.Bridge, all}, {faults.Ring, all}, {faults.Wide, all}, {faults.Star, all}, {faults.Alone, one},
		{faults.Mute, one}, {faults.Deaf, one}, {faults.CutOff, []int{0, 1}}, {faults.OneLink, []int{0, 1}}, {faults.Crash, []int{0, 1, 2}},
		{faults.Pause, one}, {faults.CrashWriting(1), one}, {faults.Loss, nil}, {faults.LateReplies, nil}, {faults.LongDelays, nil},
		{faults.Duplicates, nil}, {faults.Slow, nil}, {faults.Transfer, []int{0, 1}},
	} {
		lab.Cases = append(lab.Cases, tester.Case{Part: "X", Name: fmt.Sprintf("Fault%d", i), Run: func(e *tester.Env) {
			cl := e.NewCluster(start, 5, tester.Options{})
			cl.One(1, 5, true)
			undo := c.fault.On(cl, c.order...)
			e.Sleep(2 * time.Second)
			undo()
			for i := range 5 {
				if !cl.Running(i) || !cl.Connected(i) {
					e.Fail(tester.Violation{Rule: tester.RuleNoAgreement, Message: fmt.Sprintf("peer %d is not back after %s", i, c.fault.Name)})
				}
			}
			cl.One(2, 5, true)
		}})
	}
	tester.Run(t, lab, nil)
}

func start(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
	return raft.Make(ends, me, p, applyCh)
}
