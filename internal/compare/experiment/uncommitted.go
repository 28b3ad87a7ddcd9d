package experiment

import (
	"time"

	"raftlab/raftapi"
)

// uncommitted: what a leader without a majority takes, and keeps.
func uncommitted() Experiment {
	return Experiment{
		Name:     "uncommitted",
		Question: "What does a leader keep that has no majority?",
		Setup: "`peers` bare peers. The leader is cut off from all others, and a command of `value` bytes comes to it each `interval` for `during`, whether or not the last ones are through. Then all " +
			"links work again. *uncommittedlimit*: it takes 1 MiB that is not committed, and refuses the rest. *checkquorum*: it steps down when it has not heard from a majority.",
		Hypothesis: "Nothing in Figure 2 tells a leader to stop: its log grows by all that comes, in memory and on disk, for as long as it is cut off, and all of it is thrown away in the end. " +
			"A limit bounds that, and keeps clients waiting at this leader; CheckQuorum ends it after an election timeout or two, and sends them elsewhere.",
		Source: "etcd's library: MaxUncommittedEntriesSize, which its server 3.6 does not set; Ongaro's dissertation §6.2.",
		LeftOut: "The processor's memory itself: what is counted is the log as it is stored. Clients that try again, which make more of it. " +
			"Whether they learn of the other leader, which is the service's business.",
		Settings: append([]Setting{
			{"peers", "3", "peers", count},
			{"interval", "1ms", "between two commands", period},
			{"during", "5s", "how long the leader is cut off", period},
			{"value", "4KiB", "size of a command", size},
		}, surroundings("5ms", "0s", "0")...),
		Seeds: "1-3",
		Variants: []Variant{
			{Name: "none"},
			{Name: "limit", Extensions: []string{raftapi.UncommittedLimit}},
			{Name: "checkquorum", Extensions: []string{raftapi.CheckQuorum}},
			{Name: "both", Extensions: []string{raftapi.UncommittedLimit, raftapi.CheckQuorum}},
		},
		Baseline: "none",
		Metrics: []Metric{
			{"kept", "KiB", "by how much the leader's log has grown at the end of its time alone", Less, true},
			{"taken", "", "commands that it took in that time; none of them can be committed by it", Less, true},
			{"refused", "", "commands that it did not take", "", false},
			{"led", "ms", "how long it went on to lead, as it saw it, at the most all of the time", Less, true},
			{"rejoins", "ms", "from the end of its time alone until it has applied what the others had committed", Less, false},
		},
		Run: runUncommitted,
	}
}

func runUncommitted(t *Trial) {
	if !t.able() {
		return
	}
	c := t.cluster(t.Int("peers"))
	s := newStream(c, t.Duration("interval"), t.Int("value"))
	s.run(time.Second / 10)
	t.Sleep(time.Second)
	c.Disconnect(s.leader)
	before, size, came, refused := t.Now(), c.PersistedSize(s.leader), s.came, s.refused
	led := time.Duration(0)
	for end := before + t.Duration("during"); t.Now() < end; {
		s.run(min(10*s.interval, end-t.Now()))
		if _, leads := c.State(s.leader); leads {
			led = t.Now() - before
		}
	}
	refused = s.refused - refused
	t.Measure("kept", float64(c.PersistedSize(s.leader)-size)/1024)
	t.Measure("taken", float64(s.came-came-refused))
	t.Measure("refused", float64(refused))
	t.Measure("led", milliseconds(led))

	index := c.One("meanwhile", c.N()-1, true)
	back := t.Now()
	c.Connect(s.leader)
	for c.AppliedThrough(s.leader) < index {
		t.Sleep(time.Millisecond)
	}
	t.Measure("rejoins", milliseconds(t.Now()-back))
}
