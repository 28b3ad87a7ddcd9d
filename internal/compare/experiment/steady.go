package experiment

import (
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// steady: what an extension costs while nothing happens that it is for.
func steady() Experiment {
	return Experiment{
		Name:     "steady",
		Question: "What does an extension cost when nothing fails?",
		Setup: "`peers` peers start and elect a leader; then clients write to it all the time, one command each `interval`, for `during`. " +
			"Nothing is lost, late or down.",
		Hypothesis: "Nothing per command. PreVote asks before an election, which costs a round of messages and their time once; CheckQuorum and leases " +
			"count answers that come anyway. ReadIndex begins a term with one more entry, so that reads need not wait for the first command.",
		Source:  "Ongaro's dissertation §9.6, §6.2, §6.4.",
		LeftOut: "Everything that extensions are there for: nothing fails.",
		Seeds:   "1-2",
		Settings: append([]Setting{
			{"peers", "5", "peers", count},
			{"during", "20s", "how long clients write", period},
			{"interval", "20ms", "between two commands", period},
		}, surroundings("5ms", "2ms", "0")...),
		Variants: []Variant{
			{Name: "none"},
			{Name: "prevote", Extensions: []string{raftapi.PreVote}},
			{Name: "checkquorum", Extensions: []string{raftapi.CheckQuorum}},
			{Name: "readindex", Extensions: []string{raftapi.ReadIndex}},
			{Name: "lease", Extensions: []string{raftapi.ReadIndex, raftapi.CheckQuorum, raftapi.Lease}},
			{Name: "transfer", Extensions: []string{raftapi.Transfer}},
			{Name: "all but lease", Extensions: []string{raftapi.PreVote, raftapi.CheckQuorum, raftapi.ReadIndex, raftapi.Transfer}},
		},
		Baseline: "none",
		Metrics: []Metric{
			{"first leader", "ms", "from the last peer's start to the first leader: mostly an election timeout, which is drawn", "", true},
			{"election RPCs", "", "until then", Less, false},
			{"RPCs", "", "per committed command", Less, true},
			{"RPC bytes", "", "per committed command", Less, true},
			{"fsyncs", "", "of all peers, per committed command", Less, true},
			{"disk bytes", "", "that all peers write, per committed command", Less, false},
			{"term growth", "", "while clients wrote: 0 if nobody was disturbed", Less, false},
		},
		Run: runSteady,
	}
}

func runSteady(t *Trial) {
	if !t.able() {
		return
	}
	c := t.cluster(t.Int("peers"))
	began := t.Now()
	l := newLoad(c, t.Duration("interval"))
	for leader := -1; leader < 0; leader, _ = l.newestLeader() {
		if t.Now()-began > tester.ElectionLimit {
			t.Fail(tester.Violation{Rule: tester.RuleNoLeader, Message: "nobody was elected"})
		}
		t.Sleep(time.Millisecond)
	}
	t.Measure("first leader", milliseconds(t.Now()-began))
	t.Measure("election RPCs", float64(c.TotalRPCs()))

	l.run(time.Second)
	l.reset()
	term := newestTerm(c)
	costs := func() costs { return t.costs(c, c.TotalRPCs(), c.Bytes()) }
	before := costs()
	l.run(t.Duration("during"))
	used, commits := costs().since(before), float64(l.commits)
	t.Measure("RPCs", float64(used.rpcs)/commits)
	t.Measure("RPC bytes", float64(used.rpcBytes)/commits)
	t.Measure("fsyncs", float64(used.fsyncs())/commits)
	t.Measure("disk bytes", float64(used.diskBytes)/commits)
	t.Measure("term growth", float64(newestTerm(c)-term))
}
