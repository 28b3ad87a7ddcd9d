// Package lease has leases: a lease that is not kept alive takes its keys with it.
//
// Which leases there are, and which keys they have, is a part of the replicated state, and in the
// database. When they expire is not: only the leader counts, by its own monotonic clock, and what
// it has decided goes through the log.
//
//	client --keep alive--> leader: reads its clock, then makes sure that it still leads, then renews
//	           leader's clock: expired --> revoke, with the leader's term --> log --> keys are deleted everywhere
//
// # Rules
//
//   - A leader reads the clock first and confirms its leadership afterwards. The other way round it
//     could be stopped in between, be deposed, and answer with what was true in a former time.
//   - What was found expired is not renewed any more, although the clock was read before: its
//     revocation may be on the way.
//   - A revocation carries the term in which it was decided, and is void in any other: the leader
//     of that one may have promised the lease for longer.
//   - A new leader knows nothing of what the one before has promised. When it has applied the first
//     entry of its term it gives every lease its whole time again, and an election timeout.
package lease

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"raftlab/cluster/backend"
)

// MaxTTL is the longest time to live, in seconds, as in etcd.
const MaxTTL = 9_000_000_000

// Lessor has all leases of a member.
type Lessor struct {
	mu     sync.Mutex
	leases map[int64]*entry
	owner  map[string]int64 // key -> lease
	counts bool             // this member leads, and counts
	term   uint64           // in which it does
}

type entry struct {
	ttl     int64 // seconds
	keys    map[string]bool
	expires time.Time // at a leader
	over    bool      // a leader has found it expired: its revocation may be on the way
}

// New returns a lessor that knows no lease.
func New() *Lessor { return &Lessor{leases: map[int64]*entry{}, owner: map[string]int64{}} }

// Load reads the leases from the database, in the place of those that are known. Their keys are
// attached afterwards.
func (l *Lessor) Load(tx *backend.ReadTx) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leases, l.owner, l.counts = map[int64]*entry{}, map[string]int64{}, false
	tx.Range(backend.Lease, nil, nil, func(k, v []byte) bool {
		var id, ttl int64
		if id, ttl, err = decode(v); err != nil {
			err = fmt.Errorf("reading the lease %x of the database: %w", k, err)
			return false
		}
		l.leases[id] = newEntry(ttl)
		return true
	})
	return err
}

func newEntry(ttl int64) *entry { return &entry{ttl: ttl, keys: map[string]bool{}} }

// Grant makes a lease. false: there is one of that ID. A leader counts from at on.
func (l *Lessor) Grant(tx *backend.Tx, id, ttl int64, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leases[id] != nil {
		return false
	}
	e := newEntry(ttl)
	e.expires = at.Add(e.life())
	l.leases[id] = e
	tx.Put(backend.Lease, row(id), encode(id, ttl))
	return true
}

func (e *entry) life() time.Duration { return time.Duration(e.ttl) * time.Second }

// Has says whether there is such a lease.
func (l *Lessor) Has(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leases[id] != nil
}

// Revoke removes a lease, and returns the keys that have to be deleted, in order. false: there is
// none of that ID.
func (l *Lessor) Revoke(tx *backend.Tx, id int64) (keys []string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.leases[id]
	if e == nil {
		return nil, false
	}
	for k := range e.keys {
		keys = append(keys, k)
		delete(l.owner, k)
	}
	slices.Sort(keys)
	delete(l.leases, id)
	tx.Delete(backend.Lease, row(id))
	return keys, true
}

// Attach gives a key to a lease, and takes it from the one that had it. Lease 0 is none.
func (l *Lessor) Attach(key string, id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old := l.leases[l.owner[key]]; old != nil {
		delete(old.keys, key)
	}
	delete(l.owner, key)
	if e := l.leases[id]; e != nil {
		e.keys[key], l.owner[key] = true, id
	}
}

// Lead begins to count in a term: each lease has its whole time from now on, and extra.
func (l *Lessor) Lead(term uint64, now time.Time, extra time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts, l.term = true, term
	for _, e := range l.leases {
		e.expires, e.over = now.Add(e.life()+extra), false
	}
}

// Follow ends the counting.
func (l *Lessor) Follow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts = false
}

// Counts says whether this member counts, and in which term.
func (l *Lessor) Counts() (term uint64, yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.term, l.counts
}

// Expired returns the leases whose time was over at now, the oldest first, and the term in which
// this is decided: nobody renews them in this term any more. A member that does not count finds
// none.
func (l *Lessor) Expired(now time.Time) (ids []int64, term uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.counts {
		return nil, 0
	}
	for id, e := range l.leases {
		if !now.Before(e.expires) {
			e.over = true
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b int64) int { return l.leases[a].expires.Compare(l.leases[b].expires) })
	return ids, l.term
}

// Renew gives a lease its whole time from at on, and returns that in seconds. 0: there is no such
// lease, or its time was over: it will be revoked. counts is false if this member does not count in
// that term.
func (l *Lessor) Renew(id int64, term uint64, at time.Time) (ttl int64, counts bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.counts || l.term != term {
		return 0, false
	}
	e := l.leases[id]
	if e == nil || e.over || !at.Before(e.expires) {
		return 0, true
	}
	if next := at.Add(e.life()); next.After(e.expires) {
		e.expires = next
	}
	return e.ttl, true
}

// State is what is known of a lease.
type State struct {
	Granted, Remaining int64 // seconds
	Keys               []string
}

// Look tells of a lease. nil: there is none of that ID.
func (l *Lessor) Look(id int64, now time.Time) *State {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.leases[id]
	if e == nil {
		return nil
	}
	s := &State{Granted: e.ttl, Remaining: int64(e.expires.Sub(now).Seconds())}
	for k := range e.keys {
		s.Keys = append(s.Keys, k)
	}
	slices.Sort(s.Keys)
	return s
}

// List returns the IDs of all leases, in order.
func (l *Lessor) List() (ids []int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.leases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// row is a lease's key in the database.
func row(id int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(id)) }

// encode writes a lease as etcd does: a message whose fields 1 and 2 are ID and time to live.
func encode(id, ttl int64) []byte {
	b := protowire.AppendTag(nil, 1, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(id))
	b = protowire.AppendTag(b, 2, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(ttl))
}

func decode(b []byte) (id, ttl int64, err error) {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 || kind != protowire.VarintType {
			return 0, 0, fmt.Errorf("an unknown field")
		}
		v, m := protowire.ConsumeVarint(b[n:])
		if m < 0 {
			return 0, 0, protowire.ParseError(m)
		}
		b = b[n+m:]
		switch number {
		case 1:
			id = int64(v)
		case 2:
			ttl = int64(v)
		}
	}
	return id, ttl, nil
}
