package experiment

// Optimization is something that etcd does and the paper does not, and where it stands here.
type Optimization struct {
	What, Etcd, Reference, Measured, Missing string
}

// Matrix lists the optimizations of etcd's Raft (its library v3.7 and its server v3.6), whether the
// reference has them, which experiment measures them, and what of them the model does not show.
func Matrix() []Optimization {
	return []Optimization{
		{"ReadIndex (dissertation §6.4)", "library and server", "readindex", "reads", "the server's batching of all that wait into one request at a time is the reference's, too"},
		{"Lease reads (§6.4.1)", "library only; not safe", "lease, with a bound on clocks", "reads", "clocks that leave the bound"},
		{"PreVote (§9.6)", "library; the server's default", "prevote", "rejoin, partial, steady", ""},
		{"CheckQuorum (§6.2), voters that stick to a leader (§4.2.3)", "library and server", "checkquorum", "rejoin, partial, steady", ""},
		{"Transfer of leadership (§3.10)", "library and server", "transfer", "steady, together", "the gap of a transfer against that of a crash"},
		{"Reads at followers by index (§6.4)", "server", "readindex", "reads, followers", ""},
		{"Pipelined replication: probe, replicate, snapshot (§10.2.2)", "library and server", "pipeline", "pipeline, together", "loss; what many messages cost the processor"},
		{"News of commitments at once", "library and server", "eagercommit", "together", "how much sooner readers at followers are answered"},
		{"A limit on what is not committed", "library", "uncommittedlimit", "uncommitted", "memory itself: the stored log is measured"},
		{"The leader's disk in parallel (§10.2.1); asynchronous writes", "library; the server: the leader only", "disk", "disk, batch, together", "disks of different speed; writes that tear"},
		{"Batches of proposals (§10.2.2)", "library and server", "batch", "batch, disk, together", "what encoding and copying cost"},
		{"Entries applied in runs", "server", "applyruns", "together", "the processor's time, which is what it saves"},
		{"Requests refused while applying is far behind", "server (5,000 entries)", "kvraft", "overload", "what a refusal costs the server"},
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
