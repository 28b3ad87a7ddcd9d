package experiment

import (
	"slices"
	"time"

	"raftlab/kvapi"
	"raftlab/raftapi"
	"raftlab/tester"
)

// reads: what it costs to read, by the way in which it is made sure that what is read is not old.
func reads() Experiment {
	x := Experiment{
		Name:     "reads",
		Question: "What does a read cost?",
		Setup: "The key/value service on `peers` peers, and users who do one operation after the other without a pause, `ops` in all. In `alone` a " +
			"single user reads. In `crowd` there are `clients` of them, who only read. In `mixed` a share of `reads` of their operations " +
			"are reads, and the others write values of `value` bytes. Users are as far from servers as servers from each other. The read paths are those of `kvraft`: " +
			"*log*, an entry for each read; *index*, the leader's commit index, confirmed by a round of heartbeats; *followerindex*, the same, asked " +
			"for by any server; *lease*, the leader's commit index while its lease lasts; *local*, whatever the server has, which promises nothing " +
			"and is the floor. *log optimized* is log with all that makes writes cheaper: disk, batch, pipeline, eagercommit, applyruns.",
		Hypothesis: "A read costs the user a round trip to the server; log and index cost another one between servers, and log the time of a disk beside it. " +
			"Only log writes to disks: an index read costs no fsync and no byte of the log, and reads that come together share a round. " +
			"A lease read costs no message. Local costs nothing, and is the only one that returns old values.",
		Source:  "Ongaro's dissertation §6.4 and §6.4.1; etcd's server reads by index (linearizableReadLoop).",
		LeftOut: "The processor: lease and local reads have no limit here. Users at different distances, for whom reads at followers are made. A disk on which large writes take longer, unless `disk` is set.",
		Seeds:   "1-3",
		Settings: append([]Setting{
			{"peers", "5", "peers", count},
			{"clients", "32", "users in crowd and mixed", count},
			{"ops", "1000", "operations that are measured", count},
			{"reads", "0.9", "share of the operations in mixed that are reads", share},
			{"value", "1KiB", "size of a value", size},
		}, surroundings("5ms", "2ms", "0")...),
		Baseline: "log",
		Metrics: []Metric{
			{"p50", "ms", "median of the time that a read takes its user", Less, true},
			{"p99", "ms", "the 99th percentile of it", Less, false},
			{"RPCs", "", "between servers, per operation", Less, true},
			{"idle RPCs", "", "what of that servers also say to each other when nobody asks them anything, in the same time: heartbeats", "", false},
			{"RPC bytes", "", "between servers, per operation", Less, false},
			{"fsyncs", "", "of all servers, per operation", Less, true},
			{"disk bytes", "", "that all servers write, per operation", Less, false},
			{"disk busy", "%", "of the time, on the server that writes most", "", false},
			{"ops/s", "", "operations per second, where a disk is busy for at least 80 % of the time and so sets the limit for this number of users", More, false},
			{"stale", "%", "reads that do not show a write which was over before they began", Less, true},
		},
		Run: runReads,
		Of:  KV,
	}
	for _, scene := range []string{"alone", "crowd", "mixed"} {
		for _, path := range kvapi.ReadPaths {
			x.Variants = append(x.Variants, Variant{Name: scene + "-" + string(path), Scene: scene, Reads: path})
			if path == kvapi.ReadLog {
				x.Variants = append(x.Variants, Variant{Name: scene + "-log optimized", Scene: scene, Reads: path,
					Extensions: []string{raftapi.Disk, raftapi.Batch, raftapi.Pipeline, raftapi.EagerCommit, raftapi.ApplyRuns}})
			}
		}
	}
	return x
}

func runReads(t *Trial) {
	if !t.able() {
		return
	}
	s := t.newService(t.Int("peers"))
	if s == nil {
		return
	}
	users, writes := t.Int("clients"), 0.0
	switch t.Variant.Scene {
	case "alone":
		users = 1
	case "mixed":
		writes = 1 - t.Share("reads")
	}
	s.hire(users)

	// What goes on anyway.
	const quiet = 5 * time.Second
	t.Sleep(time.Second)
	before := s.costs()
	t.Sleep(quiet)
	idle := s.costs().since(before)

	each := (t.Int("ops") + users - 1) / users
	before = s.costs()
	s.everyone(func(u *user) {
		for range each {
			if u.rand.Float64() < writes {
				u.write()
			} else {
				u.read(u.someone())
			}
		}
	})
	s.measureReads(s.costs().since(before), idle, float64(users*each))
}

// measureReads writes down what ops operations have cost.
func (s *service) measureReads(c, idle costs, ops float64) {
	took, stale := s.reads()
	t := s.t
	if len(took) == 0 {
		t.Fail(tester.Violation{Rule: tester.RuleMissing, Message: "by chance all operations were writes: raise ops or reads"})
	}
	t.Measure("p50", milliseconds(percentile(took, 50)))
	t.Measure("p99", milliseconds(percentile(took, 99)))
	t.Measure("RPCs", float64(c.rpcs)/ops)
	t.Measure("idle RPCs", float64(idle.rpcs)*float64(c.at)/float64(idle.at)/ops)
	t.Measure("RPC bytes", float64(c.rpcBytes)/ops)
	t.Measure("fsyncs", float64(c.fsyncs())/ops)
	t.Measure("disk bytes", float64(c.diskBytes)/ops)
	busy := t.busy(c)
	t.Measure("disk busy", 100*busy)
	if busy >= 0.8 {
		t.Measure("ops/s", ops/c.at.Seconds())
	} else {
		t.Unmeasured("ops/s", "no limit", "no disk is busy all the time, and the model has no other limit: the number would only say how many users there are")
	}
	t.Measure("stale", 100*float64(stale)/float64(len(took)))
}

// reads returns how long the reads of all users took, in order, and how many of them were stale.
func (s *service) reads() (took []time.Duration, stale int) {
	for _, u := range s.users {
		took = append(took, u.reads...)
		stale += u.stale
	}
	slices.Sort(took)
	return took, stale
}

// percentile is the least value that p percent do not exceed; sorted is sorted, and not empty.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[(len(sorted)*p+99)/100-1]
}
