package experiment

import "raftlab/raftapi"

// diskBatches are the ways to combine the two extensions that are about writes.
var diskBatches = []Variant{
	{Name: "none", OfPaper: true},
	{Name: "batch", Extensions: []string{raftapi.Batch}, OfPaper: true},
	{Name: "disk", Extensions: []string{raftapi.Disk}, OfPaper: true},
	{Name: "both", Extensions: []string{raftapi.Disk, raftapi.Batch}},
}

// batch: what it gives to put into one write what comes together.
func batch() Experiment {
	return Experiment{
		Name:     "batch",
		Question: "What does it give to write together what comes together?",
		Setup: "The key/value service on `peers` servers, and `clients` users who write values of `value` bytes, one after the other without a pause, `ops` in all. *batch*: what is " +
			"proposed while a write or a message is under way goes into the next one, and requests that wait go into one entry; *disk*: the leader sends while it writes.",
		Hypothesis: "One user has nobody to be put together with, and nothing changes. With many, writes and messages per operation fall as the number of users grows, and what a disk " +
			"carries grows with them. Without batches each command is a write by itself, and `clients` users wait for each other's.",
		Source:  "Ongaro's dissertation §10.2.2; etcd writes what is in a Ready at once.",
		LeftOut: "What it costs to encode and to copy, which batches save as well; a disk on which a large write takes longer, unless `disk` is set.",
		Settings: append([]Setting{
			{"peers", "5", "servers", count},
			{"clients", "16", "users", count},
			{"ops", "640", "writes that are measured", count},
			{"value", "128B", "size of a value", size},
		}, surroundings("5ms", "2ms", "0")...),
		Swept:    "clients=1..4..16..64",
		Seeds:    "1-2",
		Variants: diskBatches,
		Baseline: "none",
		Metrics:  writing,
		Of:       KV,
		Run:      func(t *Trial) { t.writeAll(t.Int("clients")) },
	}
}
