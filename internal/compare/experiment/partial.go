package experiment

import (
	"time"
)

// topologies are the two networks of the experiment. Role 0 is the leader's when the network
// breaks.
var topologies = map[string][][2]int{
	"chain":  {{0, 1}, {0, 2}, {1, 2}, {1, 3}, {0, 4}},
	"bridge": {{1, 2}, {1, 3}, {2, 3}, {0, 3}},
}

// partial: some links fail, and no peer is told which.
func partial() Experiment {
	x := Experiment{
		Name:     "partial",
		Question: "Is there progress while some links work and others do not?",
		Setup: "Five peers, A leads. From some moment on only the links of the picture work, in both directions, for `during`. Clients write " +
			"to everyone who says that it leads.\n\n" +
			"    chain:   D --- B --- A --- E        bridge:   B --- D --- A\n" +
			"                    \\   /                         \\   /\n" +
			"                      C                             C            E\n\n" +
			"In the chain A, B and C see each other, D sees B only, E sees A only. In the bridge B, C and D see each other, A sees D only, " +
			"E sees nobody.",
		Hypothesis: "Chain: A reaches a majority, but D hears no leader, and disturbs B with ever newer terms, unless it has to ask first. CheckQuorum, too, " +
			"calms that: B ignores candidates while it hears its leader. " +
			"Bridge: B, C and D are a majority, and A is none. Without extensions B or C raise their term, D deposes A, and all is well. With PreVote " +
			"alone they cannot: D takes entries from A, so its log is newer, and it denies them the pre-vote; D itself hears A and does not " +
			"stand. Nothing is committed any more. A leader with CheckQuorum gives up by itself.",
		Source: "Howard and Abraham, Raft does not Guarantee Liveness in the face of Network Faults (decentralizedthoughts, 2020-12-12). With etcd's library, commits per 1000 ticks: chain 681, 1000, 1000, 1000 for none, " +
			"CheckQuorum, PreVote, both; bridge 940, 932, 0, 988.",
		LeftOut: "Links that work now and then, which is what makes real partial failures hard to see; and clients, which cannot reach everybody either.",
		Seeds:   "1-10",
		Settings: append([]Setting{
			{"during", "20s", "how long the links stay as they are", period},
			{"interval", "20ms", "between two commands", period},
		}, surroundings("0s", "0s", "0")...),
		Baseline: "none",
		Metrics: []Metric{
			{"commits", "", "commands committed meanwhile, in per cent of one per interval", More, true},
			{"leader changes", "", "meanwhile", Less, true},
			{"term growth", "", "from the newest term before to the newest after", Less, false},
			{"longest gap", "ms", "between two commits", Less, true},
		},
		Run: runPartial,
	}
	for _, scene := range []string{"chain", "bridge"} {
		for _, v := range fourConfigurations {
			x.Variants = append(x.Variants, Variant{Name: scene + "-" + v.Name, Extensions: v.Extensions, Scene: scene})
		}
	}
	return x
}

func runPartial(t *Trial) {
	if !t.able() {
		return
	}
	const peers = 5
	c := t.cluster(peers)
	c.Leader()
	l := newLoad(c, t.Duration("interval"))
	l.run(time.Second)

	// Who plays which role is drawn, but for the leader.
	leader, term := l.newestLeader()
	roles := t.Rand().Perm(peers) // peer -> role
	for i, role := range roles {
		if role == 0 {
			roles[i], roles[leader] = roles[leader], 0
			break
		}
	}
	works := map[[2]int]bool{}
	for _, link := range topologies[t.Variant.Scene] {
		works[link], works[[2]int{link[1], link[0]}] = true, true
	}
	c.Links(func(from, to int) bool { return works[[2]int{roles[from], roles[to]}] })

	during := t.Duration("during")
	l.reset()
	l.run(during)
	t.Measure("commits", 100*float64(l.commits)/float64(during/t.Duration("interval")))
	t.Measure("leader changes", float64(l.changes))
	t.Measure("term growth", float64(newestTerm(c)-term))
	t.Measure("longest gap", milliseconds(l.gap))
}
