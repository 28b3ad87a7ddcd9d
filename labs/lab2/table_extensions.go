package lab2

import (
	"raftlab/raftapi"
	"raftlab/tester"
)

// Rows of the parts that are about extensions: 2E and 2F.

func preVotes() []tester.Case {
	return []tester.Case{
		{Part: "2E", Name: "Rejoin", Points: 10, Section: "§9.6", Run: rejoin,
			Reaches: []string{"pre-vote refused: candidate's log is behind"},
			Checks:  "a follower is back after ten seconds alone: same term, same leader, and it catches up"},
		{Part: "2E", Name: "TermStays", Points: 15, Section: "§9.6", Run: termStays,
			Reaches: []string{"pre-vote started"},
			Checks:  "whoever cannot reach a majority stays in its term, alone or in company: asking first raises nothing"},
		{Part: "2E", Name: "Flapping", Points: 15, Section: "§9.6", Run: flapping,
			Reaches: []string{"pre-vote refused: candidate's log is behind"},
			Checks:  "a link comes and goes a dozen times, and nobody but its owner notices"},
		{Part: "2E", Name: "OldLogAsks", Points: 10, Section: "§9.6", Run: oldLogAsks,
			Reaches: []string{"pre-vote refused: candidate's log is behind"},
			Checks:  "a peer that hears all but the leader has an old log: the others would not vote for it, and say so"},
		{Part: "2E", Name: "HalfHeard", Points: 5, Section: "§9.6", Run: halfHeard,
			Reaches: []string{"pre-vote won"},
			Checks:  "a leader that hears nobody is heard by one of two: who hears it says Yes all the same, or all wait for ever"},
		{Part: "2E", Name: "LateYes", Points: 10, Section: "§9.6", Run: lateYes,
			Reaches: []string{"late pre-vote ignored"},
			Checks:  "answers of an earlier round do not count: two of five never become a majority by asking often"},
		{Part: "2E", Name: "LateYesElects", Points: 5, Section: "§9.6", Run: lateYesElects,
			Reaches: []string{"late pre-vote ignored"},
			Checks:  "a Yes to a pre-vote that comes when the election has begun is no vote: nobody leads by it"},
		{Part: "2E", Name: "StillElects", Points: 10, Section: "§9.6", Run: stillElects(everyone(raftapi.PreVote)),
			Reaches: []string{"pre-vote won"},
			Checks:  "leaders are found as before when they crash, when all crash, and when a majority comes back"},
		{Part: "2E", Name: "Upgraded", Points: 10, Section: "§9.6", Run: upgraded,
			Reaches: []string{"pre-vote refused: old term", "pre-vote learned a newer term"},
			Checks:  "an old log in a new term and a new log in an old term: a No tells the term, and the right one wins"},
		{Part: "2E", Name: "MixedElects", Points: 5, Section: "§9.6", Run: stillElects(someOf(raftapi.PreVote)),
			Checks: "some peers ask first and some do not: leaders are found all the same"},
		{Part: "2E", Name: "PreVoteChurn", Points: 5, Section: "§9.6", Run: preVoteChurn, Limit: long,
			Checks: "clients write while peers come and go and messages are lost: what was committed stays"},
	}
}

func quorums() []tester.Case {
	return []tester.Case{
		{Part: "2F", Name: "StepsDown", Points: 10, Section: "§6.2", Run: stepsDown,
			Reaches: []string{"leader stepped down without a quorum"},
			Checks:  "a leader that reaches no majority steps down within two election timeouts, and takes no more commands"},
		{Part: "2F", Name: "HalfIsNotEnough", Points: 8, Section: "§6.2", Run: halfIsNotEnough,
			Reaches: []string{"leader stepped down without a quorum"},
			Checks:  "two of four are no majority: a leader counts itself, once"},
		{Part: "2F", Name: "VoteKept", Points: 4, Section: "§5.2", Run: voteKept,
			Checks: "a leader that stepped down has voted in its term, for itself: nobody else gets that vote"},
		{Part: "2F", Name: "KeepsOffice", Points: 8, Section: "§6.2", Run: keepsOffice,
			Checks: "a leader that three of five answer stays, whatever happens to the other two"},
		{Part: "2F", Name: "DeafLeaderGoes", Points: 10, Section: "§6.2", Run: deafLeaderGoes,
			Reaches: []string{"leader stepped down without a quorum"},
			Checks:  "a leader that is heard and hears nobody steps down, so that the others can go on"},
		{Part: "2F", Name: "Sticky", Points: 10, Section: "§4.2.3", Run: sticky,
			Reaches: []string{"vote ignored: a leader is heard"},
			Checks:  "a peer that does not hear the leader stands for election again and again: who hears it does not follow"},
		{Part: "2F", Name: "StuckIsFreed", Points: 10, Section: "§4.2.3", Run: stuckIsFreed,
			Reaches: []string{"leader stepped down on higher term"},
			Checks:  "a peer that has gone ahead to a newer term is taken back when the leader reaches it again"},
		{Part: "2F", Name: "StillElects", Points: 8, Section: "§4.2.3", Run: stillElects(everyone(raftapi.CheckQuorum)),
			Checks: "voters stick to a leader that they hear, and not to one that they have heard long ago"},
		{Part: "2F", Name: "QuietRejoin", Points: 8, Section: "§9.6", Run: quietRejoin,
			Reaches: []string{"pre-vote refused: a leader is heard"},
			Checks:  "with PreVote, too, a peer with the newest log comes back without a trace: voters hear their leader"},
		{Part: "2F", Name: "BridgeCommits", Points: 8, Section: "§6.2", Run: bridgeCommits,
			Reaches: []string{"leader stepped down without a quorum"},
			Checks:  "an old leader and a majority share one peer: the old one must go before the majority can work"},
		{Part: "2F", Name: "ChainCommits", Points: 6, Section: "§4.2.3", Run: chainCommits,
			Reaches: []string{"pre-vote refused: a leader is heard"},
			Checks:  "a leader reaches all but one, who reaches a follower: nothing changes for the others"},
		{Part: "2F", Name: "MixedElects", Points: 5, Section: "§6.2", Run: stillElects(someOf(raftapi.CheckQuorum, raftapi.PreVote)),
			Checks: "some peers have both extensions and some none: leaders are found all the same"},
		{Part: "2F", Name: "QuorumChurn", Points: 5, Section: "§6.2", Run: quorumChurn, Limit: long,
			Checks: "clients write while peers come and go and messages are lost, with both extensions"},
	}
}
