package kvraft

// Situation is something rare that can happen to a server or a clerk, and that a test case wants to
// have happened; see raft.Situation.
type Situation struct {
	Name    string // as given to raftapi.Reached, where the situation arises
	Meaning string
}

// Situations are all situations that this package and rsm report. Those of the peer below are in
// raft.Situations.
var Situations = []Situation{
	// Waiting (rsm/waiters.go, rsm/submit.go)
	{"waiter answered on lost leadership", "a request waited at a leader whose term passed, or which stepped down"},
	{"waiter's index got another entry", "a request waited for an entry that another leader replaced"},
	{"two waiters for one index", "a server led, lost its entry, and led again before the first request was answered"},
	{"patience ran out", "a request waited for as long as a server lets it"},
	{"killed while requests waited", "a server was killed, and answered those who waited"},
	{"snapshot restored while a request waited for its entry", "the entry of a waiting request is in a snapshot that the leader sent"},

	// Exactly once (rsm/state.go, rsm/sessions.go, clerk.go)
	{"retry found its earlier result", "a repeated write was answered from the session table, without another entry"},
	{"duplicate request in the log ignored", "a write came up a second time in the log"},
	{"stale request in the log ignored", "a write came up in the log after a later one of its session"},
	{"session forgotten: too many", "a new session took the place of the one unused for longest"},
	{"operation of a forgotten session refused", "a write came up in the log whose session was forgotten"},
	{"clerk opened another session", "a clerk found its session forgotten, with no write on its way"},

	// Versions (versioned.go, copies.go)
	{"version refused after an unanswered try", "a conditional write was repeated and then refused: ErrMaybe"},
	{"copy of a request ignored", "the network delivered a conditional write a second time"},

	// Snapshots (rsm/apply.go, rsm/rsm.go)
	{"service took a snapshot", "the peer's persisted state had grown large"},
	{"service restarted from its snapshot", "a server came back and had a snapshot to start from"},
	{"state replaced by the leader's snapshot", "a server was so far behind that it got the whole state"},
	{"snapshot restored while a read waited", "a read waited for its index, and the state came with a snapshot"},
	{"stale snapshot of the peer ignored", "the peer delivered a snapshot that covers nothing new"},

	// Reads (rsm/read.go, rsm/rounds.go)
	{"read waited for applied index", "a read index was known before the server had applied it"},
	{"reads shared a request for a read index", "two or more reads were served by one request"},
	{"next request for a read index beside a slow one", "a request took so long that the next one did not wait for it"},
	{"read refused: leadership lost", "a read index could not be confirmed, because the leader was deposed"},
	{"read without a valid lease asked for a read index", "a leader had no lease (yet, or any more)"},

	// Batches and runs (rsm/batch.go, rsm/apply.go)
	{"several requests in one entry", "requests that came while an entry was on its way shared the next one"},
	{"several entries applied under one lock", "the applier found several entries, and took its lock once"},

	// Load, and finding the leader (rsm/rsm.go, courier.go)
	{"overload refused", "a server was too far behind with applying to take a request"},
	{"uncommitted limit told to a client", "a leader had taken as much as it may without committing it, and its client was told so"},
	{"clerk backed off", "a clerk left an overloaded server alone for a while"},
	{"clerk found another leader", "a clerk was answered by another server than the last time"},
}
