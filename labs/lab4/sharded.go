package lab4

import "raftlab/tester"

// spreads is part 4B.
func spreads() []tester.Case {
	return roomy([]tester.Case{
		{Part: "4B", Name: "Static", Points: 5, Run: static,
			Checks: "two groups, one of them down: its shards wait, those of the other are served"},
		{Part: "4B", Name: "ComeAndGo", Points: 8, Run: comeAndGo,
			Reaches: []string{"shard awaited from another group"},
			Checks:  "groups join and leave, and those that have left go down for good: they handed over everything"},
		{Part: "4B", Name: "Missed", Points: 8, Run: missed,
			Reaches: []string{"shard awaited from another group"},
			Checks:  "a group is down while shards move between the others: it has to go through every configuration"},
		{Part: "4B", Name: "SessionsMove", Points: 6, Section: "§8", Run: sessionsMove,
			Reaches: []string{"repeated write ignored that another group had executed"},
			Checks:  "a write is repeated at the new owner of its shard: sessions belong to the shard and move with it"},
		{Part: "4B", Name: "Journeys", Points: 4, Section: "§8", Run: journeys,
			Checks: "one shard moves ten times, messages come late and twice: those of an old move change nothing"},
		{Part: "4B", Name: "InFlight", Points: 4, Section: "§8", Run: inFlight,
			Reaches: []string{"write refused: the shard is not here"},
			Checks:  "writes stand in the log behind the configuration that takes their shard away: what counts is the log, not when they came"},
		{Part: "4B", Name: "Exchange", Points: 6, Run: exchange,
			Reaches: []string{"shard awaited from another group"},
			Checks:  "two groups exchange their shards at the same time: neither waits for the other to be done"},
		{Part: "4B", Name: "TenAtOnce", Points: 5, Run: tenAtOnce,
			Reaches: []string{"shard served while others are awaited"},
			Checks:  "ten groups join at once and leave at once, with clients at work, and nothing is lost on the way"},
		{Part: "4B", Name: "StepByStep", Points: 8, Run: stepByStep,
			Reaches: []string{"shard awaited from another group"},
			Checks:  "a leader crashes after each step of a move, on either side: the others bring the move to its end"},
		{Part: "4B", Name: "WholeGroups", Points: 6, Run: wholeGroups,
			Reaches: []string{"restarted with a log"},
			Checks:  "all servers of a group crash at some step of a move: what is under way is in log and snapshot"},
		{Part: "4B", Name: "Busy", Points: 6, Section: "§8", Run: busy(0),
			Checks: "clients work while groups come, go and restart: one order explains what they saw"},
		{Part: "4B", Name: "BusySnapshots", Points: 6, Section: "§7, §8", Run: busy(1000),
			Reaches: []string{"service restarted from its snapshot"},
			Checks:  "the same with snapshots, which hold shards, sessions, configuration and what is under way"},
		{Part: "4B", Name: "Unreliable", Points: 6, Section: "§8", Run: late,
			Checks: "messages are lost, late and doubled while groups come and go: everything is done, once"},
		{Part: "4B", Name: "NextLeader", Points: 6, Section: "§8", Run: nextLeader,
			Checks: "a new leader does not know yet that a shard is gone: a read looks when it knows, not before"},
		{Part: "4B", Name: "DeposedLeader", Points: 5, Section: "§8", Run: deposed,
			Checks: "a leader cut off from its group answers for no shard, for the group may have given it away"},
		{Part: "4B", Name: "ControllerDies", Points: 4, Run: controllerDies,
			Checks: "the controller's leader crashes in the midst of changes: each is made once, and carried out"},
		{Part: "4B", Name: "WithoutController", Points: 3, Run: withoutController,
			Checks: "the controller is down: all shards are served to clients who know where they are"},
		{Part: "4B", Name: "Fenced", Points: 4, Section: "§8", Run: fenced,
			Checks: "a group and some clients hear only a controller server that is cut off: nothing is served twice"},
	})
}

// keepsGoing is part 4C.
func keepsGoing() []tester.Case {
	return roomy([]tester.Case{
		{Part: "4C", Name: "Unaffected", Points: 10, Run: unaffected,
			Reaches: []string{"shard served while others are awaited"},
			Checks:  "a group that has shards to give is down: all other shards are served, moved ones too"},
		{Part: "4C", Name: "Stays", Points: 10, Run: stays,
			Checks: "a shard that never moves is served at once while all others move"},
		{Part: "4C", Name: "Gap", Points: 10, Run: gap,
			Checks: "a shard that moves is without service for two seconds at most"},
		{Part: "4C", Name: "WhileJoining", Points: 10, Run: whileJoining,
			Checks: "eight groups join at once: clients go on, shard by shard as they arrive"},
		{Part: "4C", Name: "Unasked", Points: 10, Section: "§5.4.2", Run: unasked,
			Checks: "a leader has a shard in its log, nobody asks for it, and the group is to go on: it finds out what is committed"},
		{Part: "4C", Name: "NothingKept", Points: 15, Run: nothingKept,
			Reaches: []string{"kept shard discarded"},
			Checks:  "large shards move about: in the end there is one copy of each per server of one group"},
		{Part: "4C", Name: "NothingForgotten", Points: 15, Run: nothingForgotten,
			Reaches: []string{"kept shard discarded"},
			Checks:  "the same while leaders and groups crash at every step: deleted later, but never too early"},
		{Part: "4C", Name: "LargeMoves", Points: 10, Section: "§7, §8", Run: largeMoves,
			Reaches: []string{"service took a snapshot"},
			Checks:  "snapshots are taken and restored all the time while large shards move"},
		{Part: "4C", Name: "Swarm", Points: 10, Section: "§8", Run: swarmOfAll,
			Checks: "some of all faults, drawn by the seed, while configurations change: linearizable, and progress"},
	})
}

// roomy allows for many servers: each group has a leader that sends heartbeats.
func roomy(cases []tester.Case) []tester.Case {
	for i := range cases {
		cases[i].RPCs = 100_000
	}
	return cases
}
