package porcupine

import (
	"time"

	"raftlab/kvapi"
	"raftlab/porcupine-tests/nemesis"
	"raftlab/raftapi"
	"raftlab/tester"
)

// Lab returns the table of lab porcupine, for services of one group.
func Lab() tester.Lab {
	return tester.Lab{Name: "porcupine", Package: "./kvraft", Test: "TestPorcupine", On: "lab2", OnRequest: true, Cases: cases()}
}

// ShardLab returns the table of lab porcupine-shards, for sharded services.
func ShardLab() tester.Lab {
	return tester.Lab{Name: "porcupine-shards", Package: "./shardkv", Test: "TestPorcupine", On: "lab2", OnRequest: true, Cases: shardCases()}
}

// Parts of all cases.
const (
	part      = "P"
	shardPart = "PS"
)

// mix says which extensions the peers have, besides those that a read path needs.
type mix struct {
	name   string
	of     func(server int) []string
	faults []nemesis.Fault // besides nemesis.All
}

func none(int) []string { return nil }

// everything switches all extensions on; clocks drift and leaders are asked to leave.
func everything(int) []string {
	return []string{raftapi.PreVote, raftapi.CheckQuorum, raftapi.ReadIndex, raftapi.Lease, raftapi.Transfer}
}

// some gives half of the servers an extension that the others lack.
func some(server int) []string {
	if server%2 == 0 {
		return []string{raftapi.PreVote, raftapi.CheckQuorum}
	}
	return nil
}

var mixes = []mix{
	{"", none, []nemesis.Fault{nemesis.Drift}},
	{"Everything", everything, []nemesis.Fault{nemesis.Drift, nemesis.Transfer}},
	{"Mixed", some, []nemesis.Fault{nemesis.Drift}},
}

// paths are the read paths that promise linearizability.
var paths = []struct {
	name, section string
	reads         kvapi.ReadPath
}{
	{"Log", "§8", kvapi.ReadLog},
	{"Index", "§6.4", kvapi.ReadIndexLeader},
	{"FollowerIndex", "§6.4", kvapi.ReadIndexFollower},
	{"Lease", "§6.4.1", kvapi.ReadLease},
}

// limit is the virtual time of one run.
const limit = 10 * time.Minute

func cases() []tester.Case {
	var all []tester.Case
	for _, p := range paths {
		for _, m := range mixes {
			all = append(all, tester.Case{
				Part: part, Name: p.name + m.name, Points: 1, Section: p.section, Limit: limit,
				Checks: "long histories of 20 clients under composed faults are linearizable: reads by " + string(p.reads) + checksOf(m),
				Run:    func(e *tester.Env) { try(e, p.reads, m, long).judge() },
			})
		}
	}
	return append(all, tester.Case{
		Part: part, Name: "LocalIsCaught", Points: 1, Section: "§6.4", Limit: limit,
		Checks: "reads of whatever a server has applied are found not to be linearizable: the checker can see",
		Run:    localIsCaught,
	})
}

// shardCases are those of sharded services, which have two of the read paths.
func shardCases() (all []tester.Case) {
	for _, p := range paths[:2] {
		for _, m := range mixes {
			all = append(all, tester.Case{
				Part: shardPart, Name: p.name + m.name, Points: 1, Section: p.section, Limit: limit,
				Checks: "long histories of 20 clients are linearizable while shards move and faults hit groups and controller: reads by " +
					string(p.reads) + checksOf(m),
				Run: func(e *tester.Env) { tryShards(e, p.reads, m).judge() },
			})
		}
	}
	return all
}

func checksOf(m mix) string {
	switch m.name {
	case "Everything":
		return ", all extensions on"
	case "Mixed":
		return ", extensions on every second server"
	default:
		return ""
	}
}
