package tester

import "time"

// What the suite asks of every peer, and how long it waits. docs/timing.md explains each number.
// Virtual time is cheap, so that every limit is several times what a correct peer needs; a case
// that wants to be stricter has to say why.
//
// A peer keeps within these:
const (
	// ElectionTimeoutLow and ElectionTimeoutHigh bound the election timeouts that a peer may draw
	// (§5.2, §9.3; the range is wider than the paper's so that styles of all years fit in).
	ElectionTimeoutLow  = 150 * time.Millisecond
	ElectionTimeoutHigh = 1000 * time.Millisecond

	// HeartbeatLow and HeartbeatHigh bound the interval at which a leader sends AppendEntries to
	// each follower while there is nothing else to send (§5.2).
	HeartbeatLow  = 50 * time.Millisecond
	HeartbeatHigh = 150 * time.Millisecond

	// IdleRPCs is how many requests a second a leader may send to each follower on a reliable
	// network while no commands come in: heartbeats at HeartbeatLow are 20.
	IdleRPCs = 30

	// CatchUp is the time within which a follower that lags on a reliable network gets one
	// more entry right: two heartbeats at HeartbeatHigh, one to back up by an entry and one to
	// bring it, with some margin. A case waits for CatchUp times the entries that its faults can
	// leave a follower behind.
	CatchUp = 500 * time.Millisecond

	// ApplyLimit is the time within which every connected peer has applied what the leader of a
	// quiet, reliable network has committed: a heartbeat carries the commit index, a polling
	// applier comes round.
	ApplyLimit = 5 * time.Second

	// DeposedLimit is how long a deposed leader that is connected again may go on
	// believing that it leads: until the first message of the newer term reaches it, which long
	// reordering can delay by two seconds.
	DeposedLimit = 5 * time.Second
)

// The harness waits so long:
const (
	// ElectionLimit is how long [Cluster.Leader] waits. Split votes are a matter of luck: with
	// timeouts near ElectionTimeoutHigh, dozens of elections fit in.
	ElectionLimit = 30 * time.Second

	// TermLimit is how long [Cluster.Term] waits for all connected peers to agree on a term.
	TermLimit = 30 * time.Second

	// CommitLimit is how long [Cluster.One] waits for one proposal before it proposes again.
	CommitLimit = 5 * time.Second

	// AgreementLimit is how long [Cluster.One] tries in all.
	AgreementLimit = 120 * time.Second

	// WaitLimit is how long [Cluster.WaitApplied] waits.
	WaitLimit = 60 * time.Second

	// ProgressLimit is how long an operation of a client may take on a service that is whole again,
	// or of which a majority is: an election or two, and the longest nap of a clerk.
	ProgressLimit = 60 * time.Second

	// StuckLimit is how long one call of the harness into a peer (Make, Start, GetState, Snapshot,
	// Kill) may take. All of them are to return at once.
	StuckLimit = 20 * time.Second

	// LeftoverGrace is how long the goroutines of a peer may go on after Kill: longer than any
	// sleep in a peer within the bounds above, and than a call to nobody takes to fail under long
	// delays (7 s).
	LeftoverGrace = 10 * time.Second

	// CaseLimit is the virtual time that a case may take unless it names another limit.
	CaseLimit = 5 * time.Minute
)

const (
	// pollInterval is how often the harness looks while it waits for something.
	pollInterval = 20 * time.Millisecond

	// startLow and startHigh bound the time between two peers' starts. Peers that seed their
	// timeouts from the clock would all draw the same if they started at one instant, even
	// when they only look at its milliseconds.
	startLow  = 1 * time.Millisecond
	startHigh = 10 * time.Millisecond
)
