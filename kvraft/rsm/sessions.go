package rsm

import (
	"container/list"

	"raftlab/raftapi"
)

// Client names a session. It is the log index at which the session was opened, so all replicas
// agree on it and no two sessions share one.
type Client uint64

// sessions is the memory that makes "at least once" into "exactly once" (Ongaro's dissertation,
// §6.3). A client numbers its operations and repeats one, under its number, until it is answered.
// The table knows the number and the result of each client's last operation; one is enough because
// a client has one operation at a time.
//
//	client   last  result        arrives in the log    what happens
//	  17      4    OK            once 17 5 ...         applied, the row becomes (5, its result)
//	                             once 17 4 ...         not applied, the result is OK again
//	                             once 17 3 ...         not applied, ErrStale: nobody waits for it
//	  23      1    ErrNoKey      once 99 1 ...         not applied, ErrExpired: no such row
//
// Clients come and go, and nobody says goodbye for one that died. So the table is bounded: a
// session that is opened beyond the limit takes the place of the one that has been unused for
// longest. All replicas apply the same log, so all forget the same one; a rule that looked at a
// clock would let them differ, and with them the states.
//
// # What the bound means for exactly-once
//
// A forgotten client that repeats an operation cannot be told whether it has been applied. It must
// not be applied now, for that could be the second time: it is ErrExpired. So an operation is never
// applied twice, whatever happens; but with a bound there are clients that do not learn whether
// theirs was applied at all, namely those that were silent or cut off while limit others began.
//
// That is also why a session has to be opened by an entry of its own. If an unknown client's first
// operation opened it, then the network's late second copy of that operation could open it again,
// after it was forgotten, and be applied again.
//
// The table is a part of the replicated state, and therefore of each snapshot: a replica that
// restored the data without it would apply the next repetition a second time.
type sessions[R any] struct {
	limit   int
	byID    map[Client]*list.Element
	recency *list.List // of *session[R], the most recently used in front
}

// session is a row of the table. Its fields are exported for gob.
type session[R any] struct {
	Client Client
	Seq    uint64 // number of the last operation that was applied; 0 for none
	Result R      // and what came of it
}

func newSessions[R any](limit int) *sessions[R] {
	return &sessions[R]{limit: limit, byID: map[Client]*list.Element{}, recency: list.New()}
}

// open adds a session, and forgets another one if there are too many.
func (t *sessions[R]) open(client Client) {
	t.byID[client] = t.recency.PushFront(&session[R]{Client: client})
	for t.recency.Len() > t.limit {
		oldest := t.recency.Remove(t.recency.Back()).(*session[R])
		delete(t.byID, oldest.Client)
		raftapi.Reached("session forgotten: too many")
	}
}

// use returns the session of client and makes it the most recently used one; nil if there is none.
// Only what stands in the log may use a session.
func (t *sessions[R]) use(client Client) *session[R] {
	e := t.byID[client]
	if e == nil {
		return nil
	}
	t.recency.MoveToFront(e)
	return e.Value.(*session[R])
}

// earlier returns the result of an operation, if it is its session's last. It changes nothing.
func (t *sessions[R]) earlier(client Client, seq uint64) (result R, ok bool) {
	if e := t.byID[client]; e != nil {
		s := e.Value.(*session[R])
		return s.Result, s.Seq == seq
	}
	return result, false
}

// rows returns the table for a snapshot, the least recently used row first: the order is a part of
// the state, because it decides who is forgotten next.
func (t *sessions[R]) rows() []session[R] {
	rows := make([]session[R], 0, t.recency.Len())
	for e := t.recency.Back(); e != nil; e = e.Prev() {
		rows = append(rows, *e.Value.(*session[R]))
	}
	return rows
}

// restore replaces the table by rows.
func (t *sessions[R]) restore(rows []session[R]) {
	clear(t.byID)
	t.recency.Init()
	for _, row := range rows {
		t.byID[row.Client] = t.recency.PushFront(&row)
	}
}
