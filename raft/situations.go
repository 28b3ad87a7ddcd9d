package raft

// Situation is something rare that can happen to a peer and that a test case wants to have
// happened: a case that means to test the truncation of a conflicting suffix, and never produces
// one, tests nothing.
type Situation struct {
	Name    string // as given to raftapi.Reached, where the situation arises
	Meaning string
}

// Situations are all situations that this peer reports through raftapi.Reached. Cases name them;
// a run of the reference in which a case misses one of its own is a mistake of the case.
var Situations = []Situation{
	// Elections, §5.2 and §5.4.1 (election.go)
	{"election started", "a follower's election timeout ran out and it became a candidate"},
	{"election won", "a candidate got the votes of a majority"},
	{"election ended without a winner", "a candidate's election timeout ran out: too few votes, or votes split"},
	{"two candidates in one term", "a candidate was asked for its vote by another candidate of its own term"},
	{"candidate met the leader of its term", "a candidate heard from the leader of its term and became a follower"},
	{"leader stepped down on higher term", "a leader saw a newer term in a request or a reply"},
	{"vote refused: old term", "a RequestVote came from an older term"},
	{"vote refused: already voted", "the vote of the term belongs to another candidate"},
	{"vote refused: candidate's log is behind", "the candidate's log is less up-to-date than the voter's"},
	{"vote granted twice to one candidate", "a repeated RequestVote got the same answer again"},
	{"late vote ignored", "a vote arrived when its election was over"},

	// Log replication, §5.3 and §5.4.2 (replication.go, append.go)
	{"append refused: old term", "an AppendEntries came from a deposed leader"},
	{"append refused: log too short", "the follower has no entry at prevLogIndex"},
	{"append refused: conflicting term", "the follower's entry at prevLogIndex has another term"},
	{"conflicting suffix truncated", "entries that conflict with the leader's were removed"},
	{"stale append ignored", "an AppendEntries brought only what the follower has, and the follower has more"},
	{"append overlapped the log", "an AppendEntries brought some entries that the follower has, and some new ones"},
	{"commit limited to last new entry", "leaderCommit was beyond what the request vouches for"},
	{"several entries in one append", "a leader sent more than one entry in one request"},
	{"backed up by conflict term", "nextIndex went back to the leader's own last entry of the follower's conflicting term"},
	{"backed up over missing term", "nextIndex went back over all of a term that the leader does not have"},
	{"backed up to follower's end", "nextIndex went back to the end of the follower's shorter log"},
	{"reordered reply ignored", "a reply told the leader less than it knew already"},
	{"reply from older term ignored", "a reply came for a request of an earlier term, or after stepping down"},
	{"older term not committed by counting", "a majority stores an entry of an older term, and it was not committed for that (Figure 8)"},
	{"older term committed with the current one", "entries of older terms were committed by committing one of the current term"},

	// Persistence (persist.go)
	{"restarted with a log", "a peer came back with log entries"},
	{"restarted with a vote", "a peer came back and remembers its vote"},
	{"restarted from snapshot", "a peer came back with a snapshot"},

	// Snapshots, §7 (snapshot.go, apply.go)
	{"log compacted", "the service took a snapshot and the log lost a prefix"},
	{"old snapshot of the service ignored", "the service's snapshot covers no more than the log's snapshot already does"},
	{"follower behind the leader's log start", "the leader had to send its snapshot, for the entries are gone"},
	{"snapshot installed", "a leader's snapshot replaced the log of a follower"},
	{"snapshot kept a suffix", "a leader's snapshot replaced a prefix; the entries behind it stayed"},
	{"stale snapshot ignored", "an InstallSnapshot covers nothing that is not committed already"},
	{"append starts inside the snapshot", "an AppendEntries begins before the end of the follower's snapshot"},
	{"follower caught up with kept entries", "a follower got entries that the leader's snapshot covers already"},
	{"snapshot overtook the applier", "committed entries were not applied one by one, because a snapshot came first"},

	// PreVote, §9.6 of the dissertation (prevote.go)
	{"pre-vote started", "an election timeout ran out and the server asked whether it could win"},
	{"pre-vote won", "a majority would vote for a pre-candidate"},
	{"pre-vote refused: old term", "a pre-vote asked for a term that is not newer, and was told the newer one"},
	{"pre-vote refused: a leader is heard", "a pre-vote came within the minimum election timeout of hearing from a leader (CheckQuorum)"},
	{"pre-vote refused: candidate's log is behind", "the pre-candidate's log is less up-to-date than the voter's"},
	{"pre-vote learned a newer term", "a refusal told a pre-candidate a term newer than its own"},
	{"late pre-vote ignored", "an answer to a pre-vote came when its round was over"},

	// CheckQuorum and stickiness, §6.2 and §4.2.3 of the dissertation (checkquorum.go)
	{"leader stepped down without a quorum", "no majority answered a leader for an election timeout"},
	{"vote ignored: a leader is heard", "a RequestVote of a newer term came within the minimum election timeout of hearing from a leader"},

	// ReadIndex, §6.4 of the dissertation (readindex.go)
	{"read parked until the own term commits", "a leader was asked for a read before it had committed an entry of its term"},
	{"read confirmed", "a majority stood by the leader after a read had been let in"},
	{"reads shared a confirmation", "one answer confirmed several reads"},
	{"reads ended with the leadership", "a leader lost its leadership while reads waited for confirmation"},
	{"read forwarded to the leader", "a follower asked its leader for a readIndex"},
	{"forwarded read refused", "a forwarded read came to a server that does not lead, or ceased to"},
	{"forwarded read ended with the leader", "a follower lost its leader while it waited for the answer to a forwarded read"},

	// Leases, §6.4.1 of the dissertation (lease.go)
	{"read on a lease", "a leader answered a read from its lease"},
	{"lease refused: it has run out", "a leader was asked for a lease read, and no majority had answered a recent call"},
	{"lease refused: nothing committed in the own term", "a leader was asked for a lease read before it had committed an entry of its term"},
	{"lease refused: leave was given", "a leader was asked for a lease read after it had told another server to stand for election"},

	// Leadership transfer, §3.10 of the dissertation (transfer.go)
	{"leadership transferred", "the peer that was to take over leads"},
	{"transfer waited for the heir's log", "the peer that is to take over lacked entries"},
	{"transfer given up", "no leader of a newer term was known an election timeout after a transfer began"},
	{"command refused during a transfer", "a command came to a leader that was handing over"},
	{"election started at the request of the leader", "a server was told by its leader to stand for election"},
	{"vote at the request of the leader", "a server that hears its leader was asked for a vote with the leader's leave"},
	{"late order to stand for election ignored", "a TimeoutNow came from another term"},

	// Pipelined replication, §10.2.2 of the dissertation (pipeline.go, early.go)
	{"window full", "a leader had entries for a follower that it did not send, for too many were on their way"},
	{"empty append when the window was full", "the answer to a heartbeat allowed an append without entries"},
	{"probing after a refusal", "a follower refused an append of a pipeline"},
	{"probing after a loss", "an append of a pipeline was lost"},
	{"snapshot lost", "the snapshot for a follower was lost, and was to be sent again"},
	{"snapshot sent again", "a follower answered heartbeats, and not for the snapshot that had been sent long ago"},
	{"commitment told at once", "followers were told of a commitment without waiting for the next message"},
	{"commitments told together", "what was committed while a message was on its way went out with its answer"},
	{"command refused: too much uncommitted", "a leader without a majority had taken as much as it may"},
	{"entries or snapshot sent again", "a follower answered something that was sent later, and the answer to entries or a snapshot did not come"},
	{"append waited for an earlier one", "an append came before one that was sent earlier, and was not refused"},

	// Writes beside the mutex, batches and runs, §10.2 of the dissertation (disk.go, batch.go,
	// applyruns.go)
	{"reply waited for a term or a vote to be stored", "a reply was held back until the term or the vote that it tells was on the disk"},
	{"reply waited for entries to be stored", "a reply was held back until the entries that it confirms were on the disk"},
	{"entry replaced while it was written", "another leader's entry took the place of one that was on its way to the disk"},
	{"several commands in one write", "commands that were proposed while a write was under way were written together"},
	{"several updates in one write", "the writer found several updates in its queue, and made one of them"},
	{"several entries in one run", "the applier took several entries at once"},
}
