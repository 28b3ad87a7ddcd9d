package rsm

import (
	"testing"

	"raftlab/kvapi"
	"raftlab/tester"
)

// Lab is lab rsm: the table of its cases. The points sum up to 100.
func Lab() tester.Lab {
	return tester.Lab{Name: "rsm", Package: "./kvraft", Test: "TestRSM", On: "lab2", Field: "Replicate", OnRequest: true, Cases: []tester.Case{
		{Part: "3R", Name: "OneByOne", Points: 8, Section: "§8", Run: oneByOne,
			Checks: "one operation after the other: each is executed once at every replica, and answered by its own result"},
		{Part: "3R", Name: "Together", Points: 8, Section: "§8", Run: together,
			Checks: "fifty operations wait at one leader: each gets the result of its own"},
		{Part: "3R", Name: "OnlyLeaders", Points: 8, Section: "§8", Run: onlyLeaders,
			Checks: "a replica that does not lead says so, soon, and executes nothing for it"},
		{Part: "3R", Name: "LeaderCrashes", Points: 10, Section: "§8", Run: leaderCrashes,
			Checks: "leaders crash in the middle of operations: the next one goes on, and what was answered stays"},
		{Part: "3R", Name: "CutOff", Points: 12, Section: "§8", Run: cutOff,
			Reaches: []string{"waiter answered on lost leadership"},
			Checks:  "a leader that is cut off answers nothing with OK, and ends all waiting soon after it is back"},
		{Part: "3R", Name: "AnothersPlace", Points: 10, Section: "§8", Run: anothersPlace,
			Reaches: []string{"waiter answered on lost leadership"},
			Checks:  "another leader's entry stands where a deposed one waits for its own: that is no answer"},
		{Part: "3R", Name: "Replay", Points: 8, Section: "§5.3", Run: replay,
			Reaches: []string{"restarted with a log"},
			Checks:  "all replicas restart, without snapshots: the log brings everything back, in order and once"},
		{Part: "3R", Name: "ShutDown", Points: 8, Run: shutDown,
			Reaches: []string{"killed while requests waited"},
			Checks:  "a replica is killed while operations wait at it: nobody waits for ever"},
		{Part: "3R", Name: "ShortLog", Points: 8, Section: "§7", Run: shortLog,
			Reaches: []string{"service took a snapshot"},
			Checks:  "many operations, a small maxraftstate: every replica takes snapshots in time; with -1 none does"},
		{Part: "3R", Name: "Restored", Points: 8, Section: "§7", Run: restored,
			Reaches: []string{"service restarted from its snapshot"},
			Checks:  "all replicas restart from their snapshots: the machine is restored, and what comes after is executed once"},
		{Part: "3R", Name: "LeftBehind", Points: 6, Section: "§7", Run: leftBehind,
			Reaches: []string{"state replaced by the leader's snapshot"},
			Checks:  "a replica far behind is brought up by a snapshot, and then has to carry the others"},
		{Part: "3R", Name: "Swarm", Points: 6, Section: "§8", Run: swarm,
			Checks: "some of all faults, drawn by the seed: one order of operations, and progress when healed"},
	}}.Demanded(demanded)
}

// Run runs the cases on a service, or a function that makes one. A service that is not built in
// this way is skipped.
func Run[S kvapi.Service | func() kvapi.Service](t *testing.T, service S) {
	t.Helper()
	made := tester.Making[kvapi.Service](service)
	if skips(made.First) {
		t.Skip("the service has no Replicate (kvapi.Service), so there is no replicated state machine to be tested by itself")
	}
	tester.Run(t, Lab(), made)
}
