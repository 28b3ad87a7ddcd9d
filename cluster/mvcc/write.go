package mvcc

import (
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/backend"
)

// Writer changes the store, within a write transaction of the database. Its writes are seen by
// others when it ends.
//
//	w := s.Write(tx)
//	w.Put(...); w.Delete(...); w.Next()       // one revision
//	w.Put(...); w.Next()                      // the next one
//	w.End()                                   // ends tx, too
type Writer struct {
	s         *Store
	tx        *backend.Tx
	revision  int64 // the newest that is complete
	sub       int64 // changes of the one that is not
	compacted int64
	events    []revisionEvents
	pending   []*mvccpb.Event

	compactions []compaction // begin when the writer ends
}

// Write begins to change the store.
func (s *Store) Write(tx *backend.Tx) *Writer {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return &Writer{s: s, tx: tx, revision: s.revision, compacted: s.compacted}
}

// Revision is the one that a read in here has: what is not complete counts.
func (w *Writer) Revision() int64 {
	if w.sub > 0 {
		return w.revision + 1
	}
	return w.revision
}

// Check says whether a state can be read.
func (w *Writer) Check(revision int64) error {
	switch {
	case revision > w.Revision():
		return ErrFuture
	case revision != 0 && revision < w.compacted: // etcd is that strict in a transaction, and not in a range
		return ErrCompacted
	}
	return nil
}

// Range reads. It sees what was written before, if it asks for no older revision.
func (w *Writer) Range(q Query) (Result, error) {
	w.s.mu.RLock()
	rows, r, err := w.s.find(q, w.Revision())
	w.s.mu.RUnlock()
	if err == nil && !q.Keys {
		r.KVs = fetch(&w.tx.ReadTx, rows)
	}
	return r, err
}

// Put writes a key, and returns the revision of that. The slices must not be changed afterwards.
func (w *Writer) Put(key, value []byte, lease int64) int64 {
	at := w.place()
	p := point{at: at, created: at.Main, version: 1}
	w.s.mu.Lock()
	if h, ok := w.s.index.Get(&history{key: string(key)}); ok {
		if last, ok := h.last(at.Main); ok && !last.tombstone() {
			p.created, p.version = last.created, last.version+1
		}
	}
	w.s.index.add(string(key), p)
	w.s.mu.Unlock()
	kv := &mvccpb.KeyValue{Key: key, Value: value, CreateRevision: p.created, ModRevision: at.Main, Version: p.version, Lease: lease}
	w.tx.Put(backend.Key, at.row(false), encode(kv))
	w.pending = append(w.pending, &mvccpb.Event{Type: mvccpb.Event_PUT, Kv: kv})
	return at.Main
}

// Delete deletes the keys of a range that are there, and returns them, and the revision.
func (w *Writer) Delete(key, end string) (keys []string, revision int64) {
	w.s.mu.RLock()
	w.s.index.within(key, end, w.Revision(), func(h *history, _ point) bool {
		keys = append(keys, h.key)
		return true
	})
	w.s.mu.RUnlock()
	for _, k := range keys {
		at := w.place()
		w.s.mu.Lock()
		w.s.index.add(k, point{at: at})
		w.s.mu.Unlock()
		w.tx.Put(backend.Key, at.row(true), encode(&mvccpb.KeyValue{Key: []byte(k)}))
		w.pending = append(w.pending, &mvccpb.Event{Type: mvccpb.Event_DELETE, Kv: &mvccpb.KeyValue{Key: []byte(k), ModRevision: at.Main}})
	}
	return keys, w.Revision()
}

func (w *Writer) place() Revision {
	r := Revision{w.revision + 1, w.sub}
	w.sub++
	return r
}

func encode(kv *mvccpb.KeyValue) []byte {
	b, err := proto.Marshal(kv)
	if err != nil {
		panic("mvcc: a key and its value cannot be encoded: " + err.Error()) // there is nothing in it that could fail
	}
	return b
}

// Next completes the revision that is being written. If nothing was, there is none.
func (w *Writer) Next() {
	if w.sub == 0 {
		return
	}
	w.revision, w.sub = w.revision+1, 0
	w.events = append(w.events, revisionEvents{w.revision, w.pending})
	w.pending = nil
}

// End has everybody see what was written, and ends the transaction.
func (w *Writer) End() {
	w.Next()
	w.s.mu.Lock()
	w.tx.End()
	w.s.revision, w.s.compacted = w.revision, w.compacted
	w.s.mu.Unlock()
	w.s.hub.publish(w.revision, w.events)
	w.s.compactor.begin(w.compactions...)
}
