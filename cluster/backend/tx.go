package backend

import (
	"fmt"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"
)

// base is a read transaction of the file, which is shared.
type base struct {
	tx   *bolt.Tx
	refs atomic.Int64
	last chan struct{} // closed when the last one has released it
}

// newBase begins one, with a reference for the caller.
func newBase(db *bolt.DB) (*base, error) {
	tx, err := db.Begin(false)
	if err != nil {
		return nil, fmt.Errorf("reading the database: %w", err)
	}
	b := &base{tx: tx, last: make(chan struct{})}
	b.refs.Store(1)
	return b, nil
}

func (b *base) release() {
	if b.refs.Add(-1) == 0 {
		_ = b.tx.Rollback() // a read transaction has nothing that could fail
		close(b.last)
	}
}

// view is a state of the database. Its layers are not changed any more.
type view struct {
	active, flushing *layer // newest first; flushing may be nil
	base             *base
}

// ReadTx is a view of the database as it was when it began. It may be used by several goroutines.
type ReadTx struct{ view }

// Read begins a read transaction. It must be closed.
func (b *Backend) Read() *ReadTx {
	b.mu.RLock()
	defer b.mu.RUnlock()
	b.view.base.refs.Add(1)
	return &ReadTx{b.view}
}

// Close ends the transaction. What Get and Range have returned must not be used any more.
func (t *ReadTx) Close() { t.base.release() }

// Get returns the value of a key, or nil.
func (t *ReadTx) Get(b Bucket, key []byte) []byte {
	if t.active.Len() > 0 || t.flushing != nil {
		place := b.place(key)
		if c, ok := t.active.Get(place); ok {
			return c.value
		}
		if t.flushing != nil {
			if c, ok := t.flushing.Get(place); ok {
				return c.value
			}
		}
	}
	return t.base.tx.Bucket(b.name).Get(key)
}

// Range calls visit for the keys from a first one to one before end, in order, until that returns
// false. A nil end is the end of the bucket. Keys and values are valid until the transaction is
// closed.
func (t *ReadTx) Range(b Bucket, from, end []byte, visit func(key, value []byte) bool) {
	sources := make([]source, 0, 3)
	for _, l := range []*layer{t.active, t.flushing} {
		if l != nil && l.Len() > 0 {
			sources = append(sources, &layerSource{bucket: b, iter: l.Iter()})
		}
	}
	merge(append(sources, &fileSource{cursor: t.base.tx.Bucket(b.name).Cursor()}), from, end, visit)
}

// Tx is the write transaction. There is one at a time. It sees what it writes; others do when it
// ends.
type Tx struct {
	ReadTx
	b *Backend
}

// Begin begins the write transaction. It waits for the one before to end.
func (b *Backend) Begin() *Tx {
	b.writing.Lock()
	t := &Tx{ReadTx: *b.Read(), b: b}
	t.active = b.active
	return t
}

// Put writes a key. Neither slice may be changed afterwards.
func (t *Tx) Put(b Bucket, key, value []byte) {
	if value == nil {
		value = []byte{}
	}
	t.set(b, key, change{value: value})
}

// Delete deletes a key.
func (t *Tx) Delete(b Bucket, key []byte) { t.set(b, key, change{gone: true}) }

func (t *Tx) set(b Bucket, key []byte, c change) {
	t.b.active.Set(b.place(key), c)
	t.b.changes++
}

// End makes visible what was written.
func (t *Tx) End() {
	b := t.b
	published, changes := b.active.copied(), b.changes
	b.mu.Lock()
	b.view.active = published
	b.waiting.Store(int64(changes))
	b.mu.Unlock()
	b.writing.Unlock()
	t.Close()
	if changes >= b.o.Limit {
		select {
		case b.full <- struct{}{}:
		default:
		}
	}
}
