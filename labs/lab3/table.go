package lab3

import (
	"slices"

	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/tester"
)

// Lab is lab 3: the table of its cases. What stands under Points is a weight: kit.Hundred makes a
// hundred points of those of each part.
func Lab() tester.Lab {
	return tester.Lab{
		Name:    "lab3",
		Package: "./kvraft",
		Test:    "TestLab3",
		On:      "lab2",
		Cases:   kit.Hundred(slices.Concat(throughTheLog(), withSnapshots(), byIndex(), atFollowers(), byLease())),
	}.Demanded(demanded)
}

func throughTheLog() []tester.Case {
	const log = kvapi.ReadLog
	return []tester.Case{
		{Part: "3A", Name: "OneClient", Points: 7, Section: "§8", Run: oneClient,
			Checks: "one client, one operation after the other: each sees those before it; so do other clients, whichever server is missing"},
		{Part: "3A", Name: "Rules", Points: 5, Section: "§8", Run: versionRules,
			Checks: "the answers about keys that do not exist, and about versions that do not fit"},
		{Part: "3A", Name: "ManyClients", Points: 8, Section: "§8", Run: manyClients,
			Checks: "six clients at two keys: whatever they see, there is one order that explains it"},
		{Part: "3A", Name: "Crowd", Points: 4, Section: "§8", Run: crowdAtOnce,
			Reaches: []string{"clerk found another leader"},
			Checks:  "thirty clients ask at once while leaders come and go: each gets the result of its own operation"},
		{Part: "3A", Name: "Soon", Points: 3, Section: "§8", Run: soon,
			Checks: "an operation is answered when it is applied, not when somebody looks next"},
		{Part: "3A", Name: "Unreliable", Points: 7, Section: "§8", Run: unreliable,
			Reaches: []string{"retry found its earlier result"},
			Checks:  "messages are lost, late and doubled: clerks try again, servers do nothing twice"},
		{Part: "3A", Name: "Appends", Points: 8, Section: "§8", Run: appends,
			Reaches: []string{"retry found its earlier result"},
			Checks:  "what several clients append to one key is there once each, however often it was sent"},
		{Part: "3A", Name: "LeaderCrashes", Points: 8, Section: "§8", Run: leaderCrashes(log),
			Reaches: []string{"clerk found another leader"},
			Checks:  "leaders crash in the middle of operations, which the next one does, but not a second time"},
		{Part: "3A", Name: "Pending", Points: 5, Section: "§8", Run: pendingAtCrash,
			Reaches: []string{"clerk found another leader"},
			Checks:  "twenty clients wait at a leader that can commit nothing and then dies: all find the next one"},
		{Part: "3A", Name: "Minority", Points: 8, Section: "§8", Run: minority,
			Reaches: []string{"waiter answered on lost leadership"},
			Checks:  "no answer from a minority, and one soon after the network is whole: leaders notice that they are deposed"},
		{Part: "3A", Name: "DeposedLeader", Points: 8, Section: "§8", Run: deposedLeader(log),
			Reaches: []string{"waiter answered on lost leadership"},
			Checks:  "a cut off leader is asked for what others overwrite meanwhile: it must not answer with what it has"},
		{Part: "3A", Name: "LostOffice", Points: 5, Section: "§8", Run: lostOffice,
			Reaches: []string{"waiter answered on lost leadership"},
			Checks:  "a leader is deposed; the next commits its entry, or another's in its place: its client is told nothing false"},
		{Part: "3A", Name: "Partitions", Points: 5, Section: "§8", Run: partitions,
			Checks: "the network falls into other pieces all the time: one order of operations all the same"},
		{Part: "3A", Name: "Restarts", Points: 5, Section: "§8", Run: restarts,
			Reaches: []string{"restarted with a log"},
			Checks:  "all servers crash at once, again and again: the log brings everything back, sessions too"},
		{Part: "3A", Name: "ClientDies", Points: 4, Section: "§8", Run: clientDies(log),
			Checks: "clients die in the middle of requests: done once or not at all, and nobody else is in the way"},
		{Part: "3A", Name: "FreshService", Points: 2, Section: "§8", Run: freshService,
			Checks: "a second service in the same process knows nothing of the first: state belongs into the server"},
		{Part: "3A", Name: "Overload", Points: 4, Section: "§6.3", Run: overload,
			Reaches: []string{"overload refused", "clerk backed off"},
			Checks:  "a server six thousand entries behind: clerks wait and do not storm it, and everything is done, once"},
		{Part: "3A", Name: "Swarm", Points: 4, Section: "§8", Run: swarm(log, 0),
			Checks: "some of all faults, drawn by the seed: linearizable throughout, and progress when healed"},
	}
}

func withSnapshots() []tester.Case {
	return []tester.Case{
		{Part: "3B", Name: "LogStaysShort", Points: 15, Section: "§7", Run: logStaysShort,
			Reaches: []string{"service took a snapshot"},
			Checks:  "many writes, a small maxraftstate: the log is cut in time, whoever leads"},
		{Part: "3B", Name: "NoneUnasked", Points: 5, Section: "§7", Run: noSnapshots,
			Checks: "maxraftstate -1 means no snapshots"},
		{Part: "3B", Name: "SnapshotsAreSmall", Points: 10, Section: "§7", Run: snapshotsAreSmall,
			Checks: "a snapshot holds the state and the sessions, and not the history that led there"},
		{Part: "3B", Name: "SnapshotsSurvive", Points: 10, Section: "§7", Run: snapshotsSurvive,
			Reaches: []string{"service restarted from its snapshot"},
			Checks:  "all servers restart from their snapshots, and nothing is missing or there twice"},
		{Part: "3B", Name: "SnapshotsUnderLoad", Points: 5, Section: "§7", Run: snapshotsUnderLoad,
			Checks: "many write at once, and all restart: a snapshot holds what its index says, not less"},
		{Part: "3B", Name: "SessionsSurvive", Points: 15, Section: "§7, §8", Run: sessionsSurvive,
			Reaches: []string{"service restarted from its snapshot", "retry found its earlier result"},
			Checks:  "a write is repeated after a restart from a snapshot that holds its effect: sessions belong into snapshots"},
		{Part: "3B", Name: "LeftBehind", Points: 10, Section: "§7", Run: leftBehind,
			Reaches: []string{"state replaced by the leader's snapshot"},
			Checks:  "a server far behind is brought up by a snapshot, and then has to carry the service"},
		{Part: "3B", Name: "Lagging", Points: 10, Section: "§7", Run: lagging,
			Reaches: []string{"state replaced by the leader's snapshot"},
			Checks:  "a server falls behind a little all the time, on a bad network: entries and snapshots in turn"},
		{Part: "3B", Name: "CrashWhileSaving", Points: 10, Section: "§7", Run: crashWhileSaving,
			Reaches: []string{"service restarted from its snapshot"},
			Checks:  "servers crash exactly after some write to their persister: state and snapshot fit together"},
		{Part: "3B", Name: "SnapshotSwarm", Points: 10, Section: "§7", Run: swarm(kvapi.ReadLog, maxRaftState),
			Checks: "some of all faults, with snapshots all the time"},
	}
}

func byIndex() []tester.Case {
	const index = kvapi.ReadIndexLeader
	return []tester.Case{
		{Part: "3C", Name: "ManyReaders", Points: 10, Section: "§6.4", Run: manyReaders(index),
			Reaches: []string{"read confirmed"},
			Checks:  "clients read while others write: every read sees what was complete before it began"},
		{Part: "3C", Name: "NoLogEntries", Points: 15, Section: "§6.4", Run: noLogEntries(index),
			Reaches: []string{"read confirmed"},
			Checks:  "reads from an idle service write nothing to stable storage: that is what ReadIndex is for"},
		{Part: "3C", Name: "SharedRounds", Points: 10, Section: "§6.4", Run: sharedRounds,
			Reaches: []string{"reads shared a request for a read index"},
			Checks:  "forty reads at one moment share a few rounds of confirmations"},
		{Part: "3C", Name: "DeposedLeader", Points: 15, Section: "§6.4", Run: deposedLeader(index),
			Reaches: []string{"reads ended with the leadership"},
			Checks:  "a cut off leader that still thinks it leads cannot confirm it, and so does not answer"},
		{Part: "3C", Name: "NewLeaderReads", Points: 10, Section: "§6.4", Run: newLeaderReads(index),
			Reaches: []string{"read parked until the own term commits"},
			Checks:  "a new leader answers no read before it has committed an entry of its own term"},
		{Part: "3C", Name: "LateConfirmations", Points: 10, Section: "§6.4", Run: lateConfirmations(index),
			Reaches: []string{"reads ended with the leadership"},
			Checks:  "a reply that is late confirms what was asked then: a round counts for reads that came before it began"},
		{Part: "3C", Name: "LeaderCrashes", Points: 10, Section: "§6.4", Run: leaderCrashes(index),
			Checks: "leaders crash while clients read and write: reads go on at the next one, none stale"},
		{Part: "3C", Name: "ClientDies", Points: 5, Section: "§6.4", Run: clientDies(index),
			Checks: "clients die in the middle of reads and writes; others are not kept waiting"},
		{Part: "3C", Name: "SnapshotAmidReads", Points: 5, Section: "§6.4", Run: snapshotAmidReads(index),
			Reaches: []string{"service took a snapshot"},
			Checks:  "snapshots are taken and installed while reads wait for their index"},
		{Part: "3C", Name: "IndexSwarm", Points: 10, Section: "§6.4", Run: swarm(index, maxRaftState),
			Checks: "some of all faults, drawn by the seed, with reads by ReadIndex"},
	}
}

func atFollowers() []tester.Case {
	const anywhere = kvapi.ReadIndexFollower
	return []tester.Case{
		{Part: "3D", Name: "ManyReaders", Points: 10, Section: "§6.4", Run: manyReaders(anywhere),
			Reaches: []string{"read forwarded to the leader"},
			Checks:  "clients read at all servers while others write: one order explains what they see"},
		{Part: "3D", Name: "AtFollower", Points: 10, Section: "§6.4", Run: atFollower,
			Reaches: []string{"read waited for applied index"},
			Checks:  "a follower is asked for what was written a moment ago: it waits until it has applied it"},
		{Part: "3D", Name: "OnTheWay", Points: 10, Section: "§6.4", Run: onTheWay,
			Reaches: []string{"reads shared a request for a read index"},
			Checks:  "a read may share a request for an index with others, if that begins after it, not if it is on its way"},
		{Part: "3D", Name: "ReadsAreSpread", Points: 5, Section: "§6.4", Run: readsAreSpread,
			Checks: "clerks ask all servers in turn: followers are to take work off the leader"},
		{Part: "3D", Name: "NoLogEntries", Points: 5, Section: "§6.4", Run: noLogEntries(anywhere),
			Checks: "reads from an idle service write nothing to stable storage, wherever they are done"},
		{Part: "3D", Name: "FollowerCutOff", Points: 10, Section: "§6.4", Run: followerCutOff,
			Checks: "a follower that reaches no leader answers nothing, and answers soon when it is back"},
		{Part: "3D", Name: "FollowerBehind", Points: 5, Section: "§6.4", Run: followerBehind(0),
			Reaches: []string{"read waited for applied index"},
			Checks:  "a follower fifty entries behind is asked at once when it is back"},
		{Part: "3D", Name: "SnapshotBehind", Points: 10, Section: "§6.4", Run: followerBehind(maxRaftState),
			Reaches: []string{"snapshot restored while a read waited"},
			Checks:  "a read waits at a follower that is brought up by a snapshot: installing is applying, too"},
		{Part: "3D", Name: "LeaderGoes", Points: 10, Section: "§6.4", Run: leaderGoes,
			Reaches: []string{"forwarded read ended with the leader"},
			Checks:  "followers that have asked a leader which is gone ask the next one, and do not wait for the dead"},
		{Part: "3D", Name: "DeposedLeader", Points: 10, Section: "§6.4", Run: deposedLeader(anywhere),
			Reaches: []string{"read forwarded to the leader"},
			Checks:  "reads at the smaller half, old leader and a follower that believes it: neither answers"},
		{Part: "3D", Name: "SnapshotAmidReads", Points: 5, Section: "§6.4", Run: snapshotAmidReads(anywhere),
			Checks: "snapshots are taken and installed while reads wait at followers"},
		{Part: "3D", Name: "FollowerSwarm", Points: 10, Section: "§6.4", Run: swarm(anywhere, maxRaftState),
			Checks: "some of all faults, drawn by the seed, with reads everywhere"},
	}
}

func byLease() []tester.Case {
	const lease = kvapi.ReadLease
	return []tester.Case{
		{Part: "3E", Name: "ManyReaders", Points: 6, Section: "§6.4.1", Run: manyReaders(lease),
			Reaches: []string{"read on a lease"},
			Checks:  "clients read from the lease while others write: every read sees what was complete before it began"},
		{Part: "3E", Name: "NoMessages", Points: 10, Section: "§6.4.1", Run: noMessages,
			Reaches: []string{"read on a lease"},
			Checks:  "reads from an idle leader need no message and no log entry"},
		{Part: "3E", Name: "LeaseRunsOut", Points: 10, Section: "§6.4.1", Run: leaseRunsOut(rightClocks),
			Reaches: []string{"lease refused: it has run out"},
			Checks:  "a leader that is cut off stops answering before the others can have elected another"},
		{Part: "3E", Name: "WrongClocks", Points: 12, Section: "§6.4.1", Run: leaseRunsOut(wrongClocks),
			Reaches: []string{"lease refused: it has run out"},
			Checks:  "the same while the leader's clock is slow by 10% and the others' are fast by as much"},
		{Part: "3E", Name: "LateReplies", Points: 10, Section: "§6.4.1", Run: lateConfirmations(lease),
			Reaches: []string{"lease refused: it has run out"},
			Checks:  "a lease counts from when the heartbeat was sent, however late the reply is"},
		{Part: "3E", Name: "Rival", Points: 8, Section: "§6.4.1, §4.2.3", Run: rival(false),
			Reaches: []string{"vote ignored: a leader is heard"},
			Checks:  "a follower that misses its leader stands for election: who hears the leader, and so its lease, does not vote"},
		{Part: "3E", Name: "VoterRestarts", Points: 5, Section: "§6.4.1, §4.2.3", Run: voterRestarts,
			Reaches: []string{"vote ignored: a leader is heard"},
			Checks:  "the same while the voter crashes and is back at once: it does not know what it promised, and keeps it"},
		{Part: "3E", Name: "VoterMovesOn", Points: 4, Section: "§6.4.1, §4.2.3", Run: voterMovesOn,
			Reaches: []string{"vote ignored: a leader is heard"},
			Checks:  "the same while the voter learns of a newer term, which has no leader: its promise ends with time alone"},
		{Part: "3E", Name: "HandedOver", Points: 6, Section: "§6.4.1, §3.10", Run: handedOver,
			Reaches: []string{"leadership transferred", "lease refused: leave was given"},
			Checks:  "a leader that hands its leadership over gives up its lease first, and its heir takes over"},
		{Part: "3E", Name: "HeirBehind", Points: 4, Section: "§3.10", Run: heirBehind,
			Reaches: []string{"leadership transferred", "transfer waited for the heir's log"},
			Checks:  "an heir that lacks entries gets them before it is told to stand: nobody is deposed for nothing"},
		{Part: "3E", Name: "HeirDies", Points: 4, Section: "§3.10", Run: heirDies,
			Reaches: []string{"transfer given up", "command refused during a transfer"},
			Checks:  "a leader that hands over takes no commands, and takes them again when its heir turns out to be dead"},
		{Part: "3E", Name: "LateOrder", Points: 3, Section: "§6.4.1, §3.10", Run: lateOrder,
			Reaches: []string{"late order to stand for election ignored"},
			Checks:  "an order to stand arrives when another leads, in a newer term, and reads from its lease: it is not obeyed"},
		{Part: "3E", Name: "LeaveIsOver", Points: 3, Section: "§3.10, §4.2.3", Run: rival(true),
			Reaches: []string{"vote ignored: a leader is heard", "leadership transferred"},
			Checks:  "a rival that once had a leader's leave stands again: leave was for that election, and nobody votes"},
		{Part: "3E", Name: "NewLeaderReads", Points: 5, Section: "§6.4", Run: newLeaderReads(lease),
			Reaches: []string{"lease refused: nothing committed in the own term"},
			Checks:  "a new leader answers no read before it has committed an entry of its own term"},
		{Part: "3E", Name: "DeposedLeader", Points: 3, Section: "§6.4.1", Run: deposedLeader(lease),
			Checks: "a cut off leader does not answer for longer than its lease lasts"},
		{Part: "3E", Name: "LeaderCrashes", Points: 2, Section: "§6.4.1", Run: leaderCrashes(lease),
			Checks: "leaders crash while clients read and write"},
		{Part: "3E", Name: "LeaseSwarm", Points: 5, Section: "§6.4.1", Run: swarm(lease, maxRaftState),
			Checks: "some of all faults, drawn by the seed, with reads from leases"},
	}
}
