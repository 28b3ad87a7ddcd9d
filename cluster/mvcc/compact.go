package mvcc

import (
	"sync"

	"raftlab/cluster/backend"
)

// Compact forgets all states before a revision. The rows go in the background, see
// [Store.Compacting].
func (w *Writer) Compact(revision int64) error {
	switch {
	case revision <= w.compacted:
		return ErrCompacted
	case revision > w.revision:
		return ErrFuture
	}
	w.tx.Put(backend.Meta, scheduledKey, Revision{Main: revision}.row(false))
	w.compactions = append(w.compactions, compaction{s: w.s, revision: revision, before: w.compacted})
	w.compacted = revision
	return nil
}

// Compacting returns a channel that is closed when no compaction goes on.
func (s *Store) Compacting() <-chan struct{} {
	s.compactor.mu.Lock()
	defer s.compactor.mu.Unlock()
	return s.compactor.over
}

// compactor does in the background what compactions have decided, one after the other.
type compactor struct {
	mu      sync.Mutex
	idle    *sync.Cond
	queue   []compaction
	over    chan struct{} // closed while nothing goes on
	running bool
	stopped bool
}

type compaction struct {
	s        *Store
	revision int64
	before   int64 // the revision of the compaction before
	resumed  bool  // a crash has interrupted it: some rows are gone already
}

func (c *compactor) init() {
	c.idle, c.over = sync.NewCond(&c.mu), make(chan struct{})
	close(c.over)
}

func (c *compactor) begin(jobs ...compaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped || len(jobs) == 0 {
		return
	}
	c.queue = append(c.queue, jobs...)
	if !c.running {
		c.running, c.over = true, make(chan struct{})
		go c.run()
	}
}

func (c *compactor) run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 && !c.stopped {
		job := c.queue[0]
		c.queue = c.queue[1:]
		c.mu.Unlock()
		job.run(c.isStopped)
		c.mu.Lock()
	}
	c.running = false
	close(c.over)
	c.idle.Broadcast()
}

func (c *compactor) isStopped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopped
}

// pause waits until nothing is being compacted; what waits is dropped. The caller is not inside a
// write transaction.
func (c *compactor) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped, c.queue = true, nil
	for c.running {
		c.idle.Wait()
	}
}

func (c *compactor) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = false
}

// compactBatch is how many rows or keys are looked at in one go; in between others get their turn.
const compactBatch = 1000

// run forgets in the index first, which tells which rows are needed, then deletes the others, and
// notes last that it is done.
func (j compaction) run(stopped func() bool) {
	keep := j.s.trimIndex(j.revision)
	from, end, sum := []byte(nil), Revision{Main: j.revision + 1}.row(false), newHasher(j.before, keep)
	for from == nil || len(from) > 0 {
		if stopped() {
			return
		}
		from = j.s.dropRows(from, end, keep, sum)
	}
	tx := j.s.b.Begin()
	tx.Put(backend.Meta, finishedKey, Revision{Main: j.revision}.row(false))
	tx.End()
	if !j.resumed {
		j.s.take(Hash{Sum: sum.sum.Sum32(), Revision: j.revision, Compacted: j.before})
	}
}

// dropRows deletes the rows of a batch that nobody needs, sums all of them up, and returns where
// the next batch begins, or an empty slice.
func (s *Store) dropRows(from, end []byte, keep map[Revision]bool, sum *hasher) (next []byte) {
	tx := s.b.Begin()
	defer tx.End()
	var gone [][]byte
	n := 0
	next = []byte{}
	tx.Range(backend.Key, from, end, func(k, v []byte) bool {
		if n++; n > compactBatch {
			next = append(next, k...)
			return false
		}
		sum.row(k, v)
		if at, _ := parseRow(k); !keep[at] {
			gone = append(gone, append([]byte(nil), k...))
		}
		return true
	})
	for _, k := range gone {
		tx.Delete(backend.Key, k)
	}
	return next
}

// trimIndex forgets in the index what a compaction forgets, and returns the revisions up to it that
// stay.
func (s *Store) trimIndex(revision int64) map[Revision]bool {
	keep := map[Revision]bool{}
	from, more := "", true
	for more {
		from, more = s.trimSome(from, revision, keep)
	}
	return keep
}

func (s *Store) trimSome(from string, revision int64, keep map[Revision]bool) (next string, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var empty []*history
	n := 0
	s.index.Ascend(&history{key: from}, func(h *history) bool {
		if n++; n > compactBatch {
			next, more = h.key, true
			return false
		}
		h.points = h.compacted(revision)
		if len(h.points) == 0 {
			empty = append(empty, h)
		} else if p := h.points[0]; p.at.Main <= revision {
			keep[p.at] = true
		}
		return true
	})
	for _, h := range empty {
		s.index.Delete(h)
	}
	return next, more
}
