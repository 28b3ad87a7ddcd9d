package experiment

import (
	"fmt"
	"strings"
	"time"

	"raftlab/tester"
)

// catchup: a follower that has missed much comes back, and gets entries or a snapshot.
func catchup() Experiment {
	x := Experiment{
		Name:     "catchup",
		Question: "What does a follower cost that has missed so much?",
		Setup: "`peers` peers, whose services take a snapshot of `state` bytes after every `every` entries. A follower is cut off while so many commands of " +
			"`value` bytes are committed, and comes back. Nothing else is written then. In `none` the log ends at the latest snapshot; in `kept` leaders keep 5,000 " +
			"entries behind it in memory, as etcd's server does.",
		Hypothesis: "Without entries that are kept, a follower that has missed the latest snapshot by one entry gets all of the state. With them it gets what it has missed, up to " +
			"5,000 entries; beyond that it gets the snapshot, too. What a snapshot costs is the size of the state, not what was missed; while it is on a slow link, nothing else is to be sent over that.",
		Source:  "etcd's server: DefaultSnapshotCatchUpEntries = 5000.",
		LeftOut: "A snapshot in pieces, with other messages in between: here it is one message, and etcd's server has a stream of its own for it. The disk's time for it, unless `disk` is set. The memory that kept entries take.",
		Seeds:   "1-2",
		Settings: append([]Setting{
			{"peers", "3", "peers", count},
			{"every", "1000", "entries from one snapshot to the next", count},
			{"value", "64B", "size of a command", size},
			{"state", "2MiB", "size of a snapshot", size},
			{"interval", "1ms", "between two commands while the follower is away", period},
		}, surroundings("5ms", "0s", "4MiB")...),
		Baseline: "none",
		Metrics: []Metric{
			{"rejoins", "ms", "from its return until it has applied all that was committed", Less, true},
			{"sent", "KiB", "between all peers in that time", Less, true},
			{"RPCs", "", "between all peers in that time", Less, false},
		},
		Run: runCatchup,
	}
	for _, lag := range []int{1000, 4000, 6000} {
		for _, keep := range []string{"none", "kept"} {
			scene := fmt.Sprintf("lag %d", lag)
			x.Variants = append(x.Variants, Variant{Name: scene + "-" + keep, Scene: scene})
		}
	}
	return x
}

// entriesKept is how many entries etcd's server keeps behind a snapshot.
const entriesKept = 5000

func runCatchup(t *Trial) {
	var lag int
	fmt.Sscanf(t.Variant.Scene, "lag %d", &lag)
	o := t.options()
	o.SnapshotEvery, o.SnapshotBytes = t.Int("every"), t.Int("state")
	if strings.HasSuffix(t.Variant.Name, "-kept") {
		o.CatchUp = entriesKept
	}
	c := t.clusterWith(t.Int("peers"), o)
	leader := c.Leader()
	away := (leader + 1 + t.Rand().IntN(c.N()-1)) % c.N()
	c.Disconnect(away)
	command := strings.Repeat(".", t.Int("value"))
	for c.AppliedThrough(leader) < lag {
		if _, _, leads := c.Propose(leader, command); !leads {
			t.Fail(tester.Violation{Rule: tester.RuleNoLeader, Message: "the leader does not lead any more"})
		}
		t.Sleep(t.Duration("interval"))
	}
	t.Sleep(time.Second) // what is under way arrives
	committed := c.AppliedThrough(leader)

	rpcs, bytes, before := c.TotalRPCs(), c.Bytes(), t.Now()
	c.Connect(away)
	for c.AppliedThrough(away) < committed {
		if t.Now()-before > 10*time.Minute {
			t.Fail(tester.Violation{Rule: tester.RuleTooSlow, Message: "the follower has not caught up within ten minutes"})
		}
		t.Sleep(time.Millisecond)
	}
	t.Measure("rejoins", milliseconds(t.Now()-before))
	t.Measure("sent", float64(c.Bytes()-bytes)/1024)
	t.Measure("RPCs", float64(c.TotalRPCs()-rpcs))
}
