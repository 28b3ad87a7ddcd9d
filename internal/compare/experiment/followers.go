package experiment

import (
	"strconv"
	"time"

	"raftlab/kvapi"
)

// followers: whether more servers carry more reads.
func followers() Experiment {
	x := Experiment{
		Name:     "followers",
		Question: "Do more servers carry more reads?",
		Setup: "The key/value service on 3, 5 and 7 servers, and `clients` users for each of them, who read all the time for `during`. A server is busy with each request for `service`, be " +
			"it a user's or another server's. The read paths are those of `reads`.",
		Hypothesis: "Log, index and lease reads are the leader's: more servers carry no more of them. Reads at followers by index spread the readers; the followers still ask " +
			"the leader, but for many readers at once. Local reads grow with the number of servers, and promise nothing.",
		Source:  "Ongaro's dissertation §6.4 (followers may serve reads, to take them off the leader); etcd serves linearizable reads at every member.",
		LeftOut: "That requests differ: all take `service`. Followers that are far from their users, or behind.",
		Seeds:   "1",
		Settings: append([]Setting{
			{"clients", "4", "users for each server", count},
			{"during", "4s", "how long they read", period},
			{"value", "128B", "size of a value", size},
		}, busy(surroundings("1ms", "0s", "0"), "1ms")...),
		Baseline: string(kvapi.ReadIndexLeader),
		Metrics: []Metric{
			{"reads/s", "", "of all users", More, true},
			{"p50", "ms", "median of the time that a read takes its user", Less, true},
			{"p99", "ms", "the 99th percentile of it", Less, false},
			{"RPCs", "", "between servers, per read", Less, false},
			{"stale", "%", "reads that do not show a write which was over before they began", Less, false},
		},
		Run: runFollowers,
		Of:  KV,
	}
	for _, scene := range []string{"3", "5", "7"} {
		for _, path := range kvapi.ReadPaths {
			x.Variants = append(x.Variants, Variant{Name: scene + "-" + string(path), Scene: scene, Reads: path})
		}
	}
	return x
}

func runFollowers(t *Trial) {
	servers, err := strconv.Atoi(t.Variant.Scene)
	if err != nil {
		panic("experiment: " + t.Variant.Name + ": " + err.Error())
	}
	s := t.newService(servers)
	if s == nil {
		return
	}
	s.hire(servers * t.Int("clients"))
	t.Sleep(time.Second)
	before, end := s.costs(), t.Now()+t.Duration("during")
	s.everyone(func(u *user) {
		for t.Now() < end {
			u.read(u.someone())
		}
	})
	used := s.costs().since(before)
	took, stale := s.reads()
	n := float64(len(took))
	t.Measure("reads/s", n/used.at.Seconds())
	t.Measure("p50", milliseconds(percentile(took, 50)))
	t.Measure("p99", milliseconds(percentile(took, 99)))
	t.Measure("RPCs", float64(used.rpcs)/n)
	t.Measure("stale", 100*float64(stale)/n)
}
