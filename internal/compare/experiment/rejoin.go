package experiment

import (
	"time"

	"raftlab/raftapi"
)

// fourConfigurations are the ways to combine the two extensions against disturbance.
var fourConfigurations = []Variant{
	{Name: "none"},
	{Name: "prevote", Extensions: []string{raftapi.PreVote}},
	{Name: "checkquorum", Extensions: []string{raftapi.CheckQuorum}},
	{Name: "both", Extensions: []string{raftapi.PreVote, raftapi.CheckQuorum}},
}

// rejoin: a follower that was cut off for a while comes back.
func rejoin() Experiment {
	return Experiment{
		Name:     "rejoin",
		Question: "What does a follower cost that comes back after a time alone?",
		Setup: "Clients write to the leader all the time. A follower is cut off for `away`, then all links work again " +
			"for `after`. What is measured is the time after its return.",
		Hypothesis: "Alone, a follower raises its term with each election that it cannot win. Coming back it deposes the leader with " +
			"that term, and there is no service until there is a new one. CheckQuorum does not help: voters ignore " +
			"the candidate, but its answers to the leader's own messages carry the newer term. With PreVote it never raises its term.",
		Source:  "Ongaro's dissertation §9.6. With etcd's library: term changed in 50 of 50 runs without PreVote, CheckQuorum on or off, in 0 of 50 with.",
		LeftOut: "Loss, and clocks that run apart: an election timeout that is drawn unluckily is in the spread. Clients that look for the new leader; here each command goes to everybody who says that it leads.",
		Seeds:   "1-10",
		Settings: append([]Setting{
			{"peers", "5", "peers", count},
			{"away", "10s", "how long the follower is cut off", period},
			{"after", "5s", "how long is measured after its return", period},
			{"interval", "20ms", "between two commands", period},
		}, surroundings("0s", "0s", "0")...),
		Variants: fourConfigurations,
		Baseline: "none",
		Metrics: []Metric{
			{"terms alone", "", "by how much the term of the follower grew while it was away", Less, false},
			{"term growth", "", "by how much the cluster's term grew after its return", Less, true},
			{"leader changes", "", "after its return", Less, false},
			{"without service", "ms", "time after its return in which nothing was committed, beyond five intervals each", Less, true},
			{"commits", "", "commands committed after its return", More, false},
		},
		Run: runRejoin,
	}
}

func runRejoin(t *Trial) {
	if !t.able() {
		return
	}
	c := t.cluster(t.Int("peers"))
	c.Leader()
	l := newLoad(c, t.Duration("interval"))
	l.run(time.Second)
	leader, _ := l.newestLeader()
	away := (leader + 1 + t.Rand().IntN(c.N()-1)) % c.N()
	before, _ := c.State(away)
	c.Disconnect(away)
	l.run(t.Duration("away"))
	alone, _ := c.State(away)
	_, term := l.newestLeader()

	c.Connect(away)
	l.reset()
	l.run(t.Duration("after"))
	t.Measure("terms alone", float64(alone-before))
	t.Measure("term growth", float64(newestTerm(c)-term))
	t.Measure("leader changes", float64(l.changes))
	t.Measure("without service", milliseconds(l.without))
	t.Measure("commits", float64(l.commits))
}
