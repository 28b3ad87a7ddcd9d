package mvcc

import (
	"sync"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"raftlab/cluster/backend"
)

// hub knows who watches what.
//
// A watcher that has nothing to get is not told of writes that do not concern it. The hub notes the
// first one that does, and says so once; the watcher then takes what there is, in its own time.
type hub struct {
	store *Store

	mu       sync.Mutex
	revision int64 // everything up to here is published
	recent   recent
	keys     map[string]map[*Watcher]bool // of one key
	ranges   map[*Watcher]bool
}

func newHub() *hub { return &hub{keys: map[string]map[*Watcher]bool{}, ranges: map[*Watcher]bool{}} }

// Watcher gets the changes of a range of keys, from a revision on.
type Watcher struct {
	h        *hub
	key, end string
	notify   func()
	from     int64 // no change before it is wanted

	// The first revision that may hold something for it and was not taken; 0 if there is none up to
	// the hub's revision.
	pending int64
}

// Watch begins to watch. from 0 is the next revision. notify is called whenever there may be
// something for [Watcher.Next]; it must not block, nor call the watcher.
func (s *Store) Watch(key, end string, from int64, notify func()) (w *Watcher, revision int64) {
	h := s.hub
	w = &Watcher{h: h, key: key, end: end, notify: notify, from: from}
	h.mu.Lock()
	defer h.mu.Unlock()
	if from <= 0 {
		w.from = h.revision + 1
	}
	if w.from <= h.revision {
		w.pending = w.from
	}
	if end == "" {
		if h.keys[key] == nil {
			h.keys[key] = map[*Watcher]bool{}
		}
		h.keys[key][w] = true
	} else {
		h.ranges[w] = true
	}
	return w, h.revision
}

// Close ends the watch.
func (w *Watcher) Close() {
	w.h.mu.Lock()
	defer w.h.mu.Unlock()
	delete(w.h.ranges, w)
	if all := w.h.keys[w.key]; all != nil && w.end == "" {
		delete(all, w)
		if len(all) == 0 {
			delete(w.h.keys, w.key)
		}
	}
}

// wants says whether a key is in the range.
func (w *Watcher) wants(key string) bool { return Within(key, w.key, w.end) }

// publish tells whom new revisions concern.
func (h *hub) publish(revision int64, list []revisionEvents) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.revision = revision
	h.recent.add(list)
	for _, e := range list {
		for _, ev := range e.events {
			key := string(ev.Kv.Key)
			for w := range h.keys[key] {
				w.concerns(e.revision)
			}
			for w := range h.ranges {
				if w.wants(key) {
					w.concerns(e.revision)
				}
			}
		}
	}
}

func (w *Watcher) concerns(revision int64) {
	if w.pending == 0 && revision >= w.from {
		w.pending = revision
		w.notify()
	}
}

// reloaded is called when the store is another one. Each watcher has got everything up to the
// revision that was, and looks for the rest in the database.
func (h *hub) reloaded(revision int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.revision
	h.revision, h.recent = revision, recent{from: revision + 1}
	h.each(func(w *Watcher) {
		if w.pending == 0 && max(was+1, w.from) <= revision {
			w.pending = max(was+1, w.from)
			w.notify()
		}
	})
}

// each calls f with all watchers. The caller holds mu.
func (h *hub) each(f func(*Watcher)) {
	for w := range h.ranges {
		f(w)
	}
	for _, all := range h.keys {
		for w := range all {
			f(w)
		}
	}
}

// Batch is what a watcher gets in one go.
type Batch struct {
	Events   []*mvccpb.Event // whole revisions, in order; shared, not to be changed
	Revision int64           // everything up to it has been taken
	More     bool            // there is more at once
}

// maxBatch bounds a batch, in bytes of keys and values; a revision is never split.
const maxBatch = 1 << 20

// Next takes what there is for the watcher. ErrCompacted: something is missing, for the store has
// forgotten it.
func (w *Watcher) Next() (b Batch, err error) {
	h := w.h
	h.mu.Lock()
	if w.pending == 0 {
		defer h.mu.Unlock()
		return Batch{Revision: h.revision}, nil
	}
	from, upTo := w.pending, h.revision
	list, here := h.recent.since(from)
	h.mu.Unlock()
	if here {
		b = w.sift(list, upTo)
	} else if b, err = w.scan(from, upTo); err != nil {
		return b, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	w.pending = b.Revision + 1
	if w.pending > h.revision {
		w.pending = 0
	}
	b.More = w.pending != 0
	return b, nil
}

// sift picks out what is wanted.
func (w *Watcher) sift(list []revisionEvents, upTo int64) (b Batch) {
	size := 0
	for _, e := range list {
		if e.revision > upTo || size > maxBatch {
			break
		}
		for _, ev := range e.events {
			if w.wants(string(ev.Kv.Key)) {
				b.Events = append(b.Events, ev)
				size += len(ev.Kv.Key) + len(ev.Kv.Value)
			}
		}
		b.Revision = e.revision
	}
	if size <= maxBatch {
		b.Revision = upTo
	}
	return b
}

// scan looks in the database for what is not in memory any more.
func (w *Watcher) scan(from, upTo int64) (b Batch, err error) {
	s := w.h.store
	s.mu.RLock()
	compacted := s.compacted
	tx := s.b.Read()
	s.mu.RUnlock()
	defer tx.Close()
	if from < compacted {
		return b, ErrCompacted
	}
	b.Revision = upTo
	size := 0
	tx.Range(backend.Key, Revision{Main: from}.row(false), Revision{Main: upTo + 1}.row(false), func(k, v []byte) bool {
		at, tombstone := parseRow(k)
		if size > maxBatch && at.Main > b.Events[len(b.Events)-1].Kv.ModRevision {
			b.Revision = at.Main - 1
			return false
		}
		kv := decode(v, at)
		if !w.wants(string(kv.Key)) {
			return true
		}
		ev := &mvccpb.Event{Kv: kv}
		if tombstone {
			ev.Type, kv.ModRevision = mvccpb.Event_DELETE, at.Main
		}
		b.Events = append(b.Events, ev)
		size += len(kv.Key) + len(kv.Value)
		return true
	})
	return b, nil
}
