package backend

import (
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"raftlab/cluster/disk"
)

const (
	compactSuffix = ".compact" // a defragmented copy that is being written
	compactBatch  = 1 << 20    // bytes in a transaction of a copy
)

// Replace gives up the database and all changes that wait, has swap put another file under its
// name, and opens that. Whoever reads is waited for; whoever wants to waits. It must not be called
// inside the write transaction.
func (b *Backend) Replace(swap func() error) error {
	b.flushing.Lock()
	defer b.flushing.Unlock()
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.reopen(swap); err != nil {
		return err
	}
	b.view.active, b.view.flushing = newLayer(), nil
	b.active, b.changes = newLayer(), 0
	b.waiting.Store(0)
	return nil
}

// reopen closes the file, has swap change it for another one, and opens that. The caller holds all
// locks.
func (b *Backend) reopen(swap func() error) error {
	old := b.view.base
	old.release()
	<-old.last
	if err := b.db.Close(); err != nil {
		return fmt.Errorf("closing the database %s: %w", b.path, err)
	}
	if err := swap(); err != nil {
		return fmt.Errorf("putting another file in the place of the database %s: %w", b.path, err)
	}
	var err error
	if b.db, err = openFile(b.path); err != nil {
		return err
	}
	b.view.base, err = newBase(b.db)
	return err
}

// Defrag writes the database anew without the room that deleted data has left. Writers wait
// meanwhile, readers only at the end. After an error that comes then the backend must not be used
// any more.
func (b *Backend) Defrag() error {
	b.flushing.Lock()
	defer b.flushing.Unlock()
	b.flushHeld()
	b.writing.Lock()
	defer b.writing.Unlock()
	part := b.path + compactSuffix
	if err := b.compactTo(part); err != nil {
		_ = os.Remove(part)
		return fmt.Errorf("defragmenting the database: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.reopen(func() error {
		if err := os.Rename(part, b.path); err != nil {
			return err
		}
		return disk.SyncDir(filepath.Dir(b.path))
	})
	b.must(err)
	return nil
}

func (b *Backend) compactTo(part string) error {
	to, err := bolt.Open(part, 0o600, &bolt.Options{NoSync: true, NoFreelistSync: true})
	if err != nil {
		return err
	}
	err = bolt.Compact(to, b.db, compactBatch)
	if err == nil {
		err = to.Sync()
	}
	if closing := to.Close(); err == nil {
		err = closing
	}
	return err
}
