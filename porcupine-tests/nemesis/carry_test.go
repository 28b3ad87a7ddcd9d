package nemesis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/porcupine-tests/model"
	"raftlab/porcupine-tests/nemesis"
	"raftlab/raft"
	"raftlab/raftapi"
	"raftlab/tester"
)

// A case that passes is the assertion here: the cases run in child processes, as those of the labs
// do.
func TestCarry(t *testing.T) {
	tester.Run(t, tester.Lab{Name: "nemesis", Package: "./porcupine-tests/nemesis", Test: "TestCarry", Cases: []tester.Case{
		{Part: "N", Name: "EverythingIsMended", Points: 1, Section: "§5", Checks: "after a plan all peers agree", Run: everythingIsMended},
		{Part: "N", Name: "StopsWhenTold", Points: 1, Section: "§5", Checks: "a plan ends early, and mends", Run: stopsWhenTold},
	}}, raftapi.MakeFunc(func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
		return raft.Make(ends, me, p, applyCh)
	}))
}

// all faults that peers without a service can be asked to stand.
func all() []nemesis.Fault {
	return append(nemesis.All(), nemesis.Drift, nemesis.WildDrift, nemesis.Transfer)
}

func everythingIsMended(e *tester.Env) {
	c := e.NewCluster(e.Subject().(raftapi.MakeFunc), 5, tester.Options{Extensions: []string{raftapi.Transfer}})
	c.One("before", 5, true)
	plan := nemesis.Draw(e.Rand(), 5, 20*time.Second, all()...)
	plan.Carry(c, func() bool { return false })
	c.One("after", 5, true)
	for i := range 5 {
		if !c.Running(i) || !c.Connected(i) {
			e.Fail(tester.Violation{Rule: tester.RuleNoAgreement, Message: "a server was left alone", Peers: []int{i}})
		}
	}
}

func stopsWhenTold(e *tester.Env) {
	c := e.NewCluster(e.Subject().(raftapi.MakeFunc), 3, tester.Options{})
	plan := nemesis.Draw(e.Rand(), 3, time.Minute, nemesis.CrashAll)
	began := e.Now()
	plan.Carry(c, func() bool { return e.Now() > began+5*time.Second })
	if took := e.Now() - began; took > 6*time.Second {
		e.Fail(tester.Violation{Rule: tester.RuleTooSlow, Message: "the plan went on"})
	}
	c.One("after", 3, true)
}

// The notes of a plan become faults that last, in drawings.
func TestNotesBecomeFaults(t *testing.T) {
	step := nemesis.Step{Fault: nemesis.Bridge, Order: []int{2, 0, 1}}
	_, faults, err := model.FromTrace([]record.Event{
		{Kind: record.Note, Text: model.FaultBegins + step.String()},
		{Kind: record.Note, Text: "something else"},
		{Kind: record.Note, Text: model.FaultEnds + step.String()},
	})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(faults, func(f model.Fault) bool { return strings.HasPrefix(f.What, "bridge: [2] - 0 - [1]") })
	if i < 0 || faults[i].From != 0 || faults[i].To != 2 {
		t.Fatalf("got %v", faults)
	}
}
