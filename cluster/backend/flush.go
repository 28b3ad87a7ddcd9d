package backend

import (
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// run commits the file when it is time.
func (b *Backend) run() {
	tick := time.NewTicker(b.o.Interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-b.full:
		case <-b.done:
			return
		}
		b.flush()
	}
}

// patience is how many times the limit may wait before writers do.
const patience = 10

// Throttle waits while the disk is far behind what has to be stored. A writer calls it between
// transactions.
func (b *Backend) Throttle() {
	for b.waiting.Load() > int64(patience*b.o.Limit) {
		b.mu.RLock()
		drained := b.drained
		b.mu.RUnlock()
		if b.waiting.Load() <= int64(patience*b.o.Limit) {
			return
		}
		<-drained
	}
}

// ForceCommit stores all that has ended. It blocks until the file is synced, and must not be called
// inside the write transaction.
func (b *Backend) ForceCommit() { b.flush() }

// flush brings the active layer into the file.
func (b *Backend) flush() {
	b.flushing.Lock()
	defer b.flushing.Unlock()
	b.flushHeld()
}

// flushHeld is flush for a caller that keeps the file as it is.
func (b *Backend) flushHeld() {
	if !b.take() {
		return
	}
	flushing := b.view.flushing // changed under flushing only
	began := time.Now()
	tx, err := b.db.Begin(true)
	if err == nil {
		if err = store(tx, flushing); err != nil {
			_ = tx.Rollback()
		} else {
			err = tx.Commit()
		}
	}
	if err != nil {
		b.must(fmt.Errorf("committing the database %s: %w", b.path, err))
	}
	stats := tx.Stats()
	b.o.OnCommit(CommitTimes{time.Since(began), stats.GetRebalanceTime(), stats.GetSpillTime(), stats.GetWriteTime()})
	next, err := newBase(b.db)
	b.must(err)
	b.mu.Lock()
	old := b.view.base
	b.view.flushing, b.view.base = nil, next
	close(b.drained)
	b.drained = make(chan struct{})
	b.mu.Unlock()
	old.release()
}

// take makes the active layer the flushing one, between two write transactions. false: there is
// nothing to store.
func (b *Backend) take() bool {
	b.writing.Lock()
	defer b.writing.Unlock()
	if b.changes == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.view.flushing, b.view.active = b.view.active, newLayer()
	b.active, b.changes = newLayer(), 0
	b.waiting.Store(0)
	return true
}

// store writes a layer in the order of the keys, which is the order of the file.
func store(tx *bolt.Tx, l *layer) (err error) {
	l.Scan(func(place string, c change) bool {
		bucket := tx.Bucket(buckets[place[0]].name)
		if place[0] == Key.number {
			bucket.FillPercent = 0.9 // revisions only grow
		}
		if c.gone {
			err = bucket.Delete([]byte(place[1:]))
		} else {
			err = bucket.Put([]byte(place[1:]), c.value)
		}
		return err == nil
	})
	return err
}
