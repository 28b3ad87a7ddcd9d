package lab4

import (
	"slices"

	"raftlab/labs/kit"
	"raftlab/tester"
)

// Lab is lab 4: the table of its cases. What stands under Points is a weight: kit.Hundred makes a
// hundred points of those of each part.
func Lab() tester.Lab {
	return tester.Lab{
		Name:    "lab4",
		Package: "./shardkv",
		Test:    "TestLab4",
		On:      "lab2",
		Cases:   kit.Unhurried(kit.Hundred(slices.Concat(control(), spreads(), keepsGoing()))),
	}.Demanded(demanded)
}

// control is part 4A. What shards are is not in the Raft paper; §8 is what it says on exactly once,
// and on answers that are up to date.
func control() []tester.Case {
	return []tester.Case{
		{Part: "4A", Name: "Empty", Points: 2, Run: empty,
			Checks: "a new controller has configuration 0, without groups, and keeps it when the first ones have joined"},
		{Part: "4A", Name: "JoinLeave", Points: 6, Run: joinLeave,
			Checks: "groups come and go one by one: a new configuration each, numbered, and spread evenly"},
		{Part: "4A", Name: "History", Points: 6, Run: thePast,
			Checks: "old configurations stay what they were: groups that lag behind ask for one after the other"},
		{Part: "4A", Name: "Moves", Points: 5, Run: moves,
			Checks: "a move changes one shard and nothing else, and lasts until the next join or leave"},
		{Part: "4A", Name: "FewMoves", Points: 8, Run: fewMoves,
			Checks: "thirty joins and leaves, moves in between: no shard changes its group that need not, for moving costs"},
		{Part: "4A", Name: "ManyAtOnce", Points: 4, Run: manyAtOnce,
			Checks: "ten groups join by one request and leave by another: one configuration for each request"},
		{Part: "4A", Name: "MoreGroups", Points: 5, Run: moreGroups,
			Reaches: []string{"more groups than shards"},
			Checks:  "with more groups than shards some have none, and those that have one keep it"},
		{Part: "4A", Name: "ComeBack", Points: 4, Run: comeBack,
			Reaches: []string{"all groups left"},
			Checks:  "the last group leaves: all shards belong to nobody; a gid that comes back has the servers of its new join"},
		{Part: "4A", Name: "Repeated", Points: 3, Run: repeated,
			Reaches: []string{"request changed nothing"},
			Checks:  "members join and strangers leave: an answer, and no shard moves for it"},
		{Part: "4A", Name: "FreshController", Points: 2, Run: freshController,
			Checks: "a second controller in the same process knows nothing of the first: state belongs into the server"},
		{Part: "4A", Name: "Soon", Points: 2, Section: "§8", Run: soon,
			Checks: "a change is answered when it is applied, not when somebody looks next"},
		{Part: "4A", Name: "ManyClients", Points: 5, Section: "§8", Run: manyClients,
			Checks: "six clients change configurations: one sequence of them explains what each was shown"},
		{Part: "4A", Name: "JoinTogether", Points: 3, Section: "§8", Run: joinTogether,
			Checks: "ten clients join at one moment and leave at another: ten configurations each time, none lost"},
		{Part: "4A", Name: "ReplicasAgree", Points: 8, Section: "§8", Run: replicasAgree,
			Checks: "each server leads in turn and is asked for all configurations: all have computed the same"},
		{Part: "4A", Name: "LeaderCrashes", Points: 5, Section: "§8", Run: leaderCrashes,
			Reaches: []string{"clerk found another leader"},
			Checks:  "leaders crash in the middle of changes, which the next one makes, but not a second time"},
		{Part: "4A", Name: "Pending", Points: 3, Section: "§8", Run: pending,
			Reaches: []string{"clerk found another leader"},
			Checks:  "twelve clients wait at a leader that can commit nothing and then dies: all find the next one"},
		{Part: "4A", Name: "Restarts", Points: 4, Section: "§8", Run: restarts,
			Reaches: []string{"restarted with a log"},
			Checks:  "all servers crash at once, in the middle of changes: the log brings everything back"},
		{Part: "4A", Name: "HistorySurvives", Points: 4, Section: "§8", Run: historySurvives,
			Reaches: []string{"restarted with a log"},
			Checks:  "all configurations, old ones too, are the same before and after all servers have restarted"},
		{Part: "4A", Name: "Unreliable", Points: 4, Section: "§8", Run: unreliable,
			Reaches: []string{"retry found its earlier result"},
			Checks:  "messages are lost, late and doubled: clerks try again, servers change nothing twice"},
		{Part: "4A", Name: "LateCopies", Points: 4, Section: "§8", Run: lateCopies,
			Checks: "a group comes and goes, and late copies of its join must not bring it back"},
		{Part: "4A", Name: "Minority", Points: 4, Section: "§8", Run: minority,
			Reaches: []string{"waiter answered on lost leadership"},
			Checks:  "a minority answers neither changes nor queries, and both soon after the network is whole"},
		{Part: "4A", Name: "DeposedLeader", Points: 4, Section: "§8", Run: deposedLeader,
			Reaches: []string{"waiter answered on lost leadership"},
			Checks:  "a cut off leader is asked while others change configurations: it must not answer with what it has"},
		{Part: "4A", Name: "ClientDies", Points: 2, Section: "§8", Run: clientDies,
			Checks: "clients die in the middle of changes: made once or not at all, and nobody else is in the way"},
		{Part: "4A", Name: "Swarm", Points: 3, Section: "§8", Run: swarm,
			Checks: "some of all faults, drawn by the seed: one sequence of configurations, and progress when healed"},
	}
}
