package mvcc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/backend"
)

// Why a revision cannot be read.
var (
	ErrCompacted = errors.New("mvcc: required revision has been compacted")
	ErrFuture    = errors.New("mvcc: required revision is a future revision")
)

// Rows of the bucket "meta".
var (
	scheduledKey = []byte("scheduledCompactRev")
	finishedKey  = []byte("finishedCompactRev")
)

// Store is the versions of all keys. One goroutine writes; any number reads and watches.
type Store struct {
	b *backend.Backend

	mu        sync.RWMutex // guards the index and what follows
	index     index
	revision  int64 // the newest that readers see
	compacted int64 // states before it cannot be read
	taken     []Hash

	hub       *hub
	compactor compactor
}

// Open reads the index from a database, and goes on with a compaction that was interrupted.
func Open(b *backend.Backend) (*Store, error) {
	s := &Store{b: b, hub: newHub()}
	s.hub.store = s
	s.compactor.init()
	if err := s.load(func() error { return nil }); err != nil {
		return nil, err
	}
	return s, nil
}

// Rest ends what goes on in the background, for good. The caller is not inside a write transaction.
func (s *Store) Rest() { s.compactor.pause() }

// Replace has swap put another database below the store, and reads everything anew. Whoever reads
// waits meanwhile: what the index of one database knows need not be in the rows of another. A
// compaction of the old rows does not go on in the new ones. Watchers go on where they were. The
// caller is not inside a write transaction.
func (s *Store) Replace(swap func() error) error {
	s.compactor.pause()
	return s.load(swap)
}

// load makes the index, of the database that is there once swap has returned.
func (s *Store) load(swap func() error) error {
	unfinished, err := s.exchange(swap)
	if err != nil {
		return err
	}
	s.hub.reloaded(s.Revision())
	s.compactor.resume()
	if unfinished > 0 {
		s.compactor.begin(compaction{s: s, revision: unfinished, resumed: true})
	}
	return nil
}

// exchange has swap change the database and makes the index, while nobody reads. unfinished is the
// revision of a compaction that was interrupted, or 0.
func (s *Store) exchange(swap func() error) (unfinished int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := swap(); err != nil {
		return 0, err
	}
	x, revision, scheduled, finished, err := s.read()
	if err != nil {
		return 0, err
	}
	s.index, s.compacted, s.taken = x, max(scheduled, finished), nil
	// The newest changes may be gone by a compaction, if they were deletions.
	s.revision = max(revision, s.compacted)
	if scheduled > finished {
		unfinished = scheduled
	}
	return unfinished, nil
}

// read reads the rows, and how far they are compacted.
func (s *Store) read() (x index, revision, scheduled, finished int64, err error) {
	tx := s.b.Read()
	defer tx.Close()
	x, revision = newIndex(), 1
	tx.Range(backend.Key, nil, nil, func(k, v []byte) bool {
		at, tombstone := parseRow(k)
		kv := &mvccpb.KeyValue{}
		if err = proto.Unmarshal(v, kv); err != nil {
			err = fmt.Errorf("reading revision %d of the database: %w", at.Main, err)
			return false
		}
		p := point{at: at, created: kv.CreateRevision, version: kv.Version}
		if tombstone {
			p = point{at: at}
		}
		x.add(string(kv.Key), p)
		revision = max(revision, at.Main)
		return true
	})
	return x, revision, metaRevision(tx, scheduledKey), metaRevision(tx, finishedKey), err
}

func metaRevision(tx *backend.ReadTx, key []byte) int64 {
	b := tx.Get(backend.Meta, key)
	if len(b) != revisionLen {
		return never
	}
	return int64(binary.BigEndian.Uint64(b))
}

// never is the revision of a compaction that there was not; etcd's number.
const never = -1

// Revision is the newest revision that readers see.
func (s *Store) Revision() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.revision
}

// Keys is how many keys there are, with those that are deleted and not compacted yet.
func (s *Store) Keys() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.index.Len()
}

// Watchers is how many watch.
func (s *Store) Watchers() int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	n := len(s.hub.ranges)
	for _, all := range s.hub.keys {
		n += len(all)
	}
	return n
}

// Behind is for how many watchers there is something that they have not taken.
func (s *Store) Behind() (n int) {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	h.each(func(w *Watcher) {
		if w.pending != 0 {
			n++
		}
	})
	return n
}

// Compacted is the revision at which the store was last compacted, or -1.
func (s *Store) Compacted() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.compacted
}

// Leases calls visit for each key that exists and has a lease.
func (s *Store) Leases(visit func(key string, lease int64)) {
	r, err := s.Range(Query{End: OpenEnd})
	if err != nil {
		panic("mvcc: the newest state cannot be read: " + err.Error()) // it is neither compacted nor in the future
	}
	for _, kv := range r.KVs {
		if kv.Lease != 0 {
			visit(string(kv.Key), kv.Lease)
		}
	}
}

// Query says what a range should return.
type Query struct {
	Key, End string // an empty End means the key alone; [OpenEnd] all keys from it on
	Revision int64  // 0: the newest
	Limit    int64  // keys at most; 0: all
	Count    bool   // the keys are counted only
	Keys     bool   // without values and leases: what the index knows is enough
}

// Result is what a range has found.
type Result struct {
	KVs      []*mvccpb.KeyValue // in the order of the keys
	Count    int64              // keys in the range, whatever the limit
	Revision int64              // the newest, when it was read
}

// Range reads.
func (s *Store) Range(q Query) (Result, error) {
	s.mu.RLock()
	revision := s.revision
	tx := s.b.Read()
	defer tx.Close()
	rows, r, err := s.find(q, revision)
	s.mu.RUnlock()
	if err == nil && !q.Keys {
		r.KVs = fetch(tx, rows)
	}
	return r, err
}

// find looks a range up in the index. The caller holds mu, and now is the newest revision.
func (s *Store) find(q Query, now int64) (rows []Revision, r Result, err error) {
	r.Revision = now
	at := q.Revision
	switch {
	case at > now:
		return nil, r, ErrFuture
	case at <= 0:
		at = now
	}
	if at < s.compacted {
		return nil, r, ErrCompacted
	}
	s.index.within(q.Key, q.End, at, func(h *history, p point) bool {
		r.Count++
		switch {
		case q.Count || (q.Limit > 0 && r.Count > q.Limit):
		case q.Keys:
			r.KVs = append(r.KVs, &mvccpb.KeyValue{Key: []byte(h.key), CreateRevision: p.created, ModRevision: p.at.Main, Version: p.version})
		default:
			rows = append(rows, p.at)
		}
		return true
	})
	return rows, r, nil
}

// fetch reads rows that the index knows of.
func fetch(tx *backend.ReadTx, rows []Revision) []*mvccpb.KeyValue {
	kvs := make([]*mvccpb.KeyValue, len(rows))
	for i, at := range rows {
		kvs[i] = decode(tx.Get(backend.Key, at.row(false)), at)
	}
	return kvs
}

// decode reads the value of a row. It panics if there is none: index and database do not belong
// together.
func decode(b []byte, at Revision) *mvccpb.KeyValue {
	kv := &mvccpb.KeyValue{}
	if b == nil {
		panic(fmt.Sprintf("mvcc: revision %d.%d is in the index and not in the database", at.Main, at.Sub))
	}
	if err := proto.Unmarshal(b, kv); err != nil {
		panic(fmt.Sprintf("mvcc: revision %d.%d of the database cannot be read: %v", at.Main, at.Sub, err))
	}
	return kv
}
