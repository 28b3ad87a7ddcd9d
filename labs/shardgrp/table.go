package shardgrp

import (
	"slices"
	"testing"

	"raftlab/labs/kit"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Lab is lab shardgrp: the table of its cases. What stands under Points is a weight: kit.Hundred
// makes a hundred points of those of each part.
func Lab() tester.Lab {
	return tester.Lab{Name: "shardgrp", Package: "./shardkv", Test: "TestShardgrp", On: "lab2", Field: "Moved", OnRequest: true,
		Cases: kit.Unhurried(kit.Hundred(slices.Concat(one(), dead(), together())))}.Demanded(demanded)
}

// one is part 4D.
func one() []tester.Case {
	return []tester.Case{
		{Part: "4D", Name: "Begins", Points: 2, Run: begins,
			Checks: "the first placement is what controllers and clients find, and group 1 has all shards"},
		{Part: "4D", Name: "Static", Points: 5, Run: static,
			Checks: "two groups, one of them down: its shards wait, those of the other are served"},
		{Part: "4D", Name: "Joins", Points: 6, Run: joins,
			Checks: "a group joins, gets half of the shards with all that is in them, and does without the other"},
		{Part: "4D", Name: "ComeAndGo", Points: 8, Run: comeAndGo,
			Checks: "groups join and leave, and those that have left go down for good: they handed over everything"},
		{Part: "4D", Name: "ManyGroups", Points: 6, Run: many(tester.Options{}),
			Checks: "seven groups join and leave, one by one, with clients at work"},
		{Part: "4D", Name: "ManyGroupsUnreliable", Points: 6, Section: "§8", Run: many(unreliable),
			Checks: "the same while messages are lost: each step of a move may be asked for twice"},
		{Part: "4D", Name: "NothingKept", Points: 8, Run: nothingKept,
			Checks: "large shards move about: in the end there is one copy of each per server of one group"},
		{Part: "4D", Name: "Restarts", Points: 8, Section: "§7", Run: restarts,
			Checks: "all groups restart after each change: whose a shard is, is in log and snapshot"},
		{Part: "4D", Name: "Elsewhere", Points: 6, Run: elsewhere,
			Checks: "a group that is to give shards away is down: shards that stay elsewhere are served"},
		{Part: "4D", Name: "WhileJoining", Points: 6, Run: whileJoining,
			Checks: "eight groups join one by one, and a shard that stays is read all the time"},
		{Part: "4D", Name: "Work", Points: 8, Section: "§8", Run: work(tester.Options{}),
			Checks: "clients work while groups come and go: one order explains what they saw"},
		{Part: "4D", Name: "WorkUnreliable", Points: 8, Section: "§8", Run: work(unreliable),
			Checks: "the same while messages are lost"},
		{Part: "4D", Name: "Maybe", Points: 6, Section: "§8", Run: maybe,
			Checks: "a write is executed, unheard, at one group and repeated at the next: ErrMaybe, and no ErrVersion"},
		{Part: "4D", Name: "InFlight", Points: 6, Section: "§8", Run: inFlight,
			Checks: "writes stand in the log behind the entry that freezes their shard: what counts is the log, not when they came"},
		{Part: "4D", Name: "StepByStep", Points: 8, Run: stepByStep,
			Checks: "a leader crashes after each step of a move, on either side: the others bring the move to its end"},
	}
}

// dead is part 4E.
func dead() []tester.Case {
	return []tester.Case{
		{Part: "4E", Name: "Waits", Points: 15, Run: waits,
			Checks: "a group is down that is to join, or to leave: the change waits for it, and then all go on"},
		{Part: "4E", Name: "Stuck", Points: 20, Run: stuck,
			Checks: "a controller waits for a group that is down, and dies: the next one brings its change to an end"},
		{Part: "4E", Name: "AnyMoment", Points: 25, Run: die(tester.Options{}, 0),
			Checks: "controllers die at any moment of a change, which is made by the next one, or not at all"},
		{Part: "4E", Name: "AnyMomentUnreliable", Points: 20, Run: die(unreliable, 0),
			Checks: "the same while messages are lost"},
		{Part: "4E", Name: "HeirsDie", Points: 20, Run: die(tester.Options{}, 2),
			Checks: "those who take over die, too, at any moment: the last one brings the change to its end"},
	}
}

// together is part 4F.
func together() []tester.Case {
	return []tester.Case{
		{Part: "4F", Name: "AtOnce", Points: 15, Run: atOnce(tester.Options{}),
			Checks: "four controllers make changes at once: one of them is made, and no shard is lost"},
		{Part: "4F", Name: "AtOnceUnreliable", Points: 15, Run: atOnce(unreliable),
			Checks: "the same while messages are lost: ErrMaybe does not say who was first"},
		{Part: "4F", Name: "ComesBack", Points: 20, Run: comesBack,
			Checks: "a controller that was cut off goes on where it was, two placements later: what it says is old"},
		{Part: "4F", Name: "CutOff", Points: 10, Run: cutOff(tester.Options{}, 0),
			Checks: "controllers are cut off at any moment, and come back while others make the next change"},
		{Part: "4F", Name: "CutOffWork", Points: 10, Run: cutOff(tester.Options{}, 5),
			Checks: "the same while clients work"},
		{Part: "4F", Name: "CutOffUnreliable", Points: 10, Run: cutOff(unreliable, 0),
			Checks: "the same while messages are lost"},
		{Part: "4F", Name: "CutOffWorkUnreliable", Points: 10, Run: cutOff(unreliable, 5),
			Checks: "the same while clients work and messages are lost"},
		{Part: "4F", Name: "Swarm", Points: 10, Section: "§8", Run: swarm,
			Checks: "controllers die, and servers crash and are cut off: linearizable, and progress when healed"},
	}
}

// demanded are the cases that set up what a test of the course sets up, and ask for the same, by
// that test. Whatever is not here only raftlab asks for: `raftlab list` and grades tell the two
// apart.
var demanded = map[string]string{
	"4D/Begins":               "InitQuery",
	"4D/Static":               "StaticOneShardGroup",
	"4D/Joins":                "JoinBasic",
	"4D/ComeAndGo":            "JoinLeaveBasic",
	"4D/ManyGroups":           "ManyJoinLeaveReliable",
	"4D/ManyGroupsUnreliable": "ManyJoinLeaveUnreliable",
	"4D/NothingKept":          "DeleteBasic",
	"4D/Restarts":             "Shutdown",
	"4D/Elsewhere":            "ProgressShutdown",
	"4D/WhileJoining":         "ProgressJoin",
	"4D/Work":                 "ManyConcurrentClerkReliable",
	"4D/WorkUnreliable":       "ManyConcurrentClerkUnreliable",
	"4E/Waits":                "JoinLeave",
	"4E/Stuck":                "RecoverCtrler",
	"4F/AtOnce":               "ConcurrentReliable",
	"4F/AtOnceUnreliable":     "AcquireLockConcurrentUnreliable",
	"4F/ComesBack":            "PartitionControllerJoin",
	"4F/CutOff":               "PartitionRecoveryReliableNoClerk",
	"4F/CutOffWork":           "PartitionRecoveryReliableClerks",
	"4F/CutOffUnreliable":     "PartitionRecoveryUnreliableNoClerk",
	"4F/CutOffWorkUnreliable": "PartitionRecoveryUnreliableClerks",
}

// Run runs the cases on a service, or a function that makes one. A service in another form is
// skipped.
func Run[S shardapi.Service | func() shardapi.Service](t *testing.T, service S) {
	t.Helper()
	made := tester.Making[shardapi.Service](service)
	if skips(made.First) {
		t.Skip("the service has no Moved (shardapi.Service): its shards are not moved by a controller in the form of 2025")
	}
	tester.Run(t, Lab(), made)
}
