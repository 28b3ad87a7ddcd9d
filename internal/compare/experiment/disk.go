package experiment

// disk: what it gives to send while the own disk writes, by how long that takes.
func disk() Experiment {
	x := Experiment{
		Name:     "disk",
		Question: "What does it give to send while the disk writes?",
		Setup: "The key/value service on `peers` servers, whose disks take `fsync` for each write. In `alone` one user writes values of `value` bytes, one after the other, in `crowd` there " +
			"are `clients`; `ops` in all. *disk*: writes go to a writer beside the peer's mutex, the leader sends while it writes, and everybody answers when the own write has ended. " +
			"*batch*: what comes meanwhile is one write.",
		Hypothesis: "By Figure 2 a write takes the user two times of a disk, one after the other: the leader's, then the followers'. In parallel it takes one. With many users a disk that writes each " +
			"command by itself is the limit, and parallel writes do not lift that; batches do.",
		Source: "Ongaro's dissertation §10.2.1; etcd's leader sends before it writes. Published for asynchronous storage writes: 25 % more requests, p50 down by 21 % " +
			"(etcd pull request 22223, on a laptop); CockroachDB saw a regression on fast disks (issue 96800).",
		LeftOut: "Disks of different speed in one cluster, and a write that now and then takes long; the processor's time for another goroutine, which is what costs on fast disks.",
		Settings: append([]Setting{
			{"peers", "5", "servers", count},
			{"clients", "32", "users in crowd", count},
			{"ops", "320", "writes that are measured", count},
			{"value", "128B", "size of a value", size},
		}, surroundings("5ms", "2ms", "0")...),
		Swept:    "fsync=1ms..5ms..20ms",
		Seeds:    "1-2",
		Baseline: "none",
		Metrics:  writing,
		Of:       KV,
		Run:      (*Trial).writeInScene,
	}
	for _, scene := range []string{"alone", "crowd"} {
		for _, v := range diskBatches {
			v.Name, v.Scene = scene+"-"+v.Name, scene
			x.Variants = append(x.Variants, v)
		}
	}
	return x
}
