package lab1

import (
	"slices"

	"raftlab/labs/kit"
	"raftlab/tester"
)

// Lab is lab 1: the table of its cases. What stands under Points is a weight: kit.Hundred makes a
// hundred points of those of each part.
func Lab() tester.Lab {
	return tester.Lab{
		Name:    "lab1",
		Package: "./kvsrv",
		Test:    "TestLab1",
		Cases:   kit.Unhurried(kit.Hundred(slices.Concat(onReliable(), locksOnReliable(), onLossy(), locksOnLossy()))),
	}.Demanded(demanded)
}

func onReliable() []tester.Case {
	return []tester.Case{
		{Part: "1A", Name: "OneClient", Points: 25, Run: oneClient,
			Checks: "one client writes and reads: it sees what it has written, and nothing in keys that it has not"},
		{Part: "1A", Name: "Rules", Points: 25, Run: rules,
			Checks: "the answers about keys that do not exist, and about versions that are too old or too new"},
		{Part: "1A", Name: "AnyKeys", Points: 5, Run: anyKeys,
			Checks: "keys that look alike, are long, or no text: to the server they are all different"},
		{Part: "1A", Name: "ManyClients", Points: 20, Run: manyClients,
			Checks: "six clients at two keys: whatever they see, there is one order that explains it"},
		{Part: "1A", Name: "Race", Points: 15, Run: race,
			Checks: "twenty clients put at one version at once: one succeeds and all others hear for certain that they did not"},
		{Part: "1A", Name: "Memory", Points: 10, Run: memory(false),
			Checks: "two hundred clients come and go: the server keeps the data, and next to nothing about clients"},
		{Part: "1A", Name: "FreshServer", Points: 5, Run: freshServer,
			Checks: "a second server in the same process knows nothing of the first: state belongs into the server"},
	}
}

func locksOnReliable() []tester.Case {
	return []tester.Case{
		{Part: "1B", Name: "OneClient", Points: 25, Run: oneHolder,
			Checks: "one client takes a lock and gives it back, again and again, also by new handles; while it has it, nobody else does"},
		{Part: "1B", Name: "ManyClients", Points: 30, Run: manyHolders(tester.Options{}),
			Reaches: []string{"lock was held", "lock was snatched"},
			Checks:  "six clients want one lock all the time: never two have it, and each gets it in the end"},
		{Part: "1B", Name: "TwoLocks", Points: 15, Run: twoLocks,
			Checks: "locks with two names are two locks: one client may hold both, or two clients one each"},
		{Part: "1B", Name: "HandOver", Points: 15, Run: handOver,
			Reaches: []string{"lock was held"},
			Checks:  "a lock that is given back is free: whoever waits for it has it soon"},
		{Part: "1B", Name: "Patience", Points: 15, Run: patientWaiters,
			Reaches: []string{"lock was held"},
			Checks:  "clients wait for a lock, three for 20 s and one for 40 s: they do not storm the server, nor take it from its holder"},
	}
}

func onLossy() []tester.Case {
	return []tester.Case{
		{Part: "1C", Name: "OneClient", Points: 20, Run: oneWriter,
			Reaches: []string{"request sent again"},
			Checks:  "the only writer knows the version: it hears OK or ErrMaybe, and each write is there once or, after ErrMaybe, not"},
		{Part: "1C", Name: "LostAnswer", Points: 20, Run: lostAnswer,
			Reaches: []string{"version refused after an unanswered try"},
			Checks:  "a write is carried out and its answer lost: the clerk asks again and must not say that it was refused"},
		{Part: "1C", Name: "LostRequest", Points: 15, Run: lostRequest,
			Reaches: []string{"request sent again", "version refused after an unanswered try"},
			Checks:  "requests get lost: a write is carried out later, unless another client was faster, and then nobody says OK"},
		{Part: "1C", Name: "ManyClients", Points: 15, Run: manyOnLossy,
			Reaches: []string{"version refused after an unanswered try"},
			Checks:  "six clients at two keys while messages are lost, late and doubled: one order explains what they see"},
		{Part: "1C", Name: "Patience", Points: 10, Run: patientClerks,
			Reaches: []string{"request sent again"},
			Checks:  "nobody reaches the server for half a minute: no clerk gives up, none storms, all are answered afterwards"},
		{Part: "1C", Name: "ClientDies", Points: 5, Run: clientDies,
			Checks: "clients die in the middle of requests: done once or not at all, and nobody else is in the way"},
		{Part: "1C", Name: "Memory", Points: 5, Run: memory(true),
			Checks: "two hundred clients whose requests are repeated: versions make it unnecessary to remember any of them"},
		{Part: "1C", Name: "Swarm", Points: 10, Run: swarm,
			Checks: "some of all that can happen to messages, drawn by the seed: linearizable, and answers when it is over"},
	}
}

func locksOnLossy() []tester.Case {
	return []tester.Case{
		{Part: "1D", Name: "OneClient", Points: 25, Run: oneHolderOnLossy,
			Reaches: []string{"lock taken by an unanswered try", "lock given back by an unanswered try"},
			Checks:  "one client takes and gives back forty times while answers are lost: it must not lock itself out"},
		{Part: "1D", Name: "LostAcquire", Points: 20, Run: lostAcquire,
			Reaches: []string{"lock taken by an unanswered try"},
			Checks:  "the answer to the write that takes the lock is lost: its client has it, and nobody else gets in"},
		{Part: "1D", Name: "LostRelease", Points: 20, Run: lostRelease,
			Reaches: []string{"lock given back by an unanswered try"},
			Checks:  "the answer to the write that gives the lock back is lost, and another client takes it: it is not freed again"},
		{Part: "1D", Name: "ManyClients", Points: 20, Run: manyHolders(tester.Options{Unreliable: true}),
			Reaches: []string{"lock taken by an unanswered try", "lock given back by an unanswered try"},
			Checks:  "six clients want one lock while messages are lost: never two have it, and each gets it in the end"},
		{Part: "1D", Name: "Swarm", Points: 15, Run: lockSwarm,
			Reaches: []string{"lock taken by an unanswered try"},
			Checks:  "two locks, five clients, and some of all that can happen to messages, drawn by the seed"},
	}
}
