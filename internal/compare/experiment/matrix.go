package experiment

// Optimization is something that etcd does and the paper does not, and where it stands here.
type Optimization struct {
	What, Etcd, Reference, Measured, Missing string
}

// Matrix lists the optimizations of etcd's Raft (its library v3.7 and its server v3.6), whether the reference has them, which
// experiment measures them, and what of them the model does not show.
func Matrix() []Optimization {
	return []Optimization{
		{"ReadIndex (dissertation §6.4)", "library and server", "readindex", "reads", "the server's batching of all that wait into one request at a time is the reference's, too"},
		{"Lease reads (§6.4.1)", "library only; not safe", "lease, with a bound on clocks", "reads", "clocks that leave the bound"},
		{"PreVote (§9.6)", "library; the server's default", "prevote", "rejoin, partial, steady", ""},
		{"CheckQuorum (§6.2), voters that stick to a leader (§4.2.3)", "library and server", "checkquorum", "rejoin, partial, steady", ""},
		{"Transfer of leadership (§3.10)", "library and server", "transfer", "steady", "the gap of a transfer against that of a crash"},
		{"Reads at followers by index (§6.4)", "server", "readindex", "reads, followers", ""},
		{"Pipelined replication: probe, replicate, snapshot (§10.2.2)", "library and server", "pipeline", "part 2G's cases, not compare yet", "throughput"},
		{"News of commitments at once", "library and server", "eagercommit", "part 2G's cases, not compare yet", ""},
		{"A limit on what is not committed", "library", "uncommittedlimit", "part 2G's cases, not compare yet", "the leader's memory"},
		{"The leader's disk in parallel (§10.2.1); asynchronous writes", "library; the server: the leader only", "disk", "part 2G's cases, not compare yet", "latency by fsync"},
		{"Batches of proposals (§10.2.2)", "library and server", "batch", "part 2G's cases, not compare yet", "writes and messages per operation"},
		{"Entries applied in runs", "server", "applyruns", "part 2G's cases, not compare yet", ""},
		{"Entries kept behind a snapshot", "server (5,000)", "yes, as many as it is told", "catchup", ""},
		{"Snapshots sent as streams", "server", "no: one message", "", "chunks, and what else is on the way meanwhile"},
		{"Learners (§4.2.1), joint consensus (§4.3)", "library; the server has learners", "no: members are fixed", "", "all of it"},
	}
}

// LeftOut says what the numbers do not know, in sentences.
func LeftOut() []string {
	return []string{
		"Without link, a message takes half of rtt however large it is, and however many there are on the way.",
		"Without disk, a write takes fsync however large it is. A peer's disk does one at a time.",
		"Without service, a server computes in no time. With it, all requests are alike, and sending and answers cost nothing.",
		"A simulated disk loses unsynced writes as a whole; it does not tear them, and it does not lie.",
		"Clocks of all peers run alike.",
	}
}
