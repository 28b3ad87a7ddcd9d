package shardkv

import (
	"cmp"
	"slices"

	"raftlab/raftapi"
)

// sessions remembers, for one shard, the last write of each client that writes to it, so that a
// write is executed once however often it is sent. It is the table of rsm's sessions.go with two
// differences:
//
//   - There is one for each shard, and it moves with the shard. A write may be executed by one
//     group and repeated at another.
//   - A session is not named by the log index at which it was opened, for two groups have the same
//     indices. The server that opens it draws a random number, when it puts the opening into the
//     log. That entry stands in one log, at one place, so a session that was forgotten never comes
//     to be again.
//
// A client that writes to all shards has as many sessions as there are shards. Like rsm's table
// this one is bounded: a session too many takes the place of the one unused for longest.
type sessions struct {
	rows map[uint64]*row
	uses uint64 // counts what was done to the table, to know what is how old
}

// row is a session; its fields are exported for gob.
type row struct {
	Session uint64
	Seq     uint64 // number of the last write that was executed; 0 for none
	Used    uint64 // when the session was used last, as counted by uses; no two rows have the same
	By      int    // gid of the group that executed the last write
}

// maxSessions bounds the table of one shard.
const maxSessions = 1000

func newSessions() *sessions { return &sessions{rows: map[uint64]*row{}} }

// open adds a session, and forgets another one if there are too many.
func (t *sessions) open(session uint64) {
	t.uses++
	t.rows[session] = &row{Session: session, Used: t.uses}
	if len(t.rows) <= maxSessions {
		return
	}
	oldest := t.rows[session]
	for _, r := range t.rows { // the order of the map does not matter: Used differs in all
		if r.Used < oldest.Used {
			oldest = r
		}
	}
	delete(t.rows, oldest.Session)
	raftapi.Reached("session of a shard forgotten: too many")
}

// use says whether a write with this number has to be executed now, by group gid, and notes that it
// is. If not, answer is what to tell the client.
func (t *sessions) use(session, seq uint64, gid int) (answer answer, execute bool) {
	r := t.rows[session]
	if r == nil {
		return answerOf(errExpired), false
	}
	t.uses++
	r.Used = t.uses
	switch {
	case seq < r.Seq: // the client has had its answer
		raftapi.Reached("stale write ignored")
		return answerOf(errUnknown), false
	case seq == r.Seq:
		raftapi.Reached("repeated write ignored")
		if r.By != gid {
			raftapi.Reached("repeated write ignored that another group had executed")
		}
		return okay, false
	}
	r.Seq, r.By = seq, gid
	return okay, true
}

// packedSessions is the table in an encoded shard.
type packedSessions struct {
	Rows []row
	Uses uint64
}

func (t *sessions) pack() packedSessions {
	p := packedSessions{Rows: make([]row, 0, len(t.rows)), Uses: t.uses}
	for _, r := range t.rows {
		p.Rows = append(p.Rows, *r)
	}
	slices.SortFunc(p.Rows, func(a, b row) int { return cmp.Compare(a.Used, b.Used) })
	return p
}

func (p packedSessions) unpack() *sessions {
	t := &sessions{rows: make(map[uint64]*row, len(p.Rows)), uses: p.Uses}
	for _, r := range p.Rows {
		t.rows[r.Session] = &r
	}
	return t
}
