package experiment

import (
	"slices"

	"raftlab/raftapi"
)

// together: each extension by itself, and all of them, under one load.
func together() Experiment {
	x := Experiment{
		Name:     "together",
		Question: "What does each extension give by itself, and what do all of them?",
		Setup: "The key/value service on `peers` servers, as in `reads`: users who do one operation after the other without a pause, through the log, `ops` in all. In `alone` one user " +
			"writes values of `value` bytes, in `crowd` there are `clients`. *paper* is Figure 2; then each extension is switched on alone, and in the end all.",
		Hypothesis: "Disk takes one time of a disk out of each write. Batch shares writes among users who are there at once. The others are for other occasions than a cluster in which nothing " +
			"fails and all write, and change nothing here; pipeline lets a command go that would have waited for the answer to the last. All together come to etcd's library.",
		Source: "Ongaro's dissertation §10.2; etcd's library, in the last rows.",
		LeftOut: "The processor: what a shorter queue costs in goroutines and copies is in the benchmarks of the code (make bench), not here. Faults, for which half of the " +
			"extensions are there: rejoin, partial, uncommitted.",
		Settings: append([]Setting{
			{"peers", "5", "servers", count},
			{"clients", "32", "users in crowd", count},
			{"ops", "640", "operations that are measured", count},
			{"value", "128B", "size of a value", size},
		}, surroundings("5ms", "2ms", "0")...),
		Seeds:    "1-5",
		Baseline: "paper",
		Metrics:  writing,
		Run:      (*Trial).writeInScene,
		Of:       KV,
	}
	for _, scene := range []string{"alone", "crowd"} {
		x.Variants = append(x.Variants, Variant{Name: scene + "-paper", Scene: scene, OfPaper: true})
		for _, name := range extensionsInUse() {
			x.Variants = append(x.Variants, Variant{Name: scene + "-" + name, Scene: scene, Extensions: withNeeds(name), OfPaper: true})
		}
		safe := slices.DeleteFunc(extensionsInUse(), func(name string) bool { return name == raftapi.Lease })
		x.Variants = append(x.Variants, Variant{Name: scene + "-all but lease", Scene: scene, Extensions: safe})
	}
	return x
}

// extensionsInUse are those that can matter where nobody takes a snapshot.
func extensionsInUse() []string {
	return slices.DeleteFunc(slices.Clone(raftapi.Extensions), func(name string) bool { return name == raftapi.CatchUp })
}

// withNeeds are an extension and those that it is nothing without.
func withNeeds(name string) []string {
	if name == raftapi.Lease {
		return []string{raftapi.ReadIndex, raftapi.CheckQuorum, raftapi.Lease}
	}
	return []string{name}
}
