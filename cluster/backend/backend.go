package backend

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Bucket is a part of the database. Its number orders the buckets in memory.
type Bucket struct {
	name   []byte
	number byte
}

// The buckets, under the names that etcd has for them.
var (
	Key   = Bucket{[]byte("key"), 0}   // revision -> key, value and what belongs to them
	Meta  = Bucket{[]byte("meta"), 1}  // applied index, compaction
	Lease = Bucket{[]byte("lease"), 2} // lease ID -> lease
	Alarm = Bucket{[]byte("alarm"), 3} // alarm -> nothing

	buckets = []Bucket{Key, Meta, Lease, Alarm}
)

// Options say how a database is kept. The zero value of a field means its default.
type Options struct {
	// Interval is how long a change waits at most before a commit of the file begins. Default 100
	// ms, as in etcd.
	Interval time.Duration
	// Limit is how many changes may wait before a commit begins. Default 10,000, as in etcd.
	Limit int
	// Fatal is told that the file has failed, and ends the process. If it returns, the backend
	// panics.
	Fatal func(error)
	// OnCommit is told what each commit took.
	OnCommit func(CommitTimes)
}

// CommitTimes is what one commit of the file took.
type CommitTimes struct{ Total, Rebalance, Spill, Write time.Duration }

func (o Options) withDefaults() Options {
	if o.Interval == 0 {
		o.Interval = 100 * time.Millisecond
	}
	if o.Limit == 0 {
		o.Limit = 10_000
	}
	if o.Fatal == nil {
		o.Fatal = func(error) {}
	}
	if o.OnCommit == nil {
		o.OnCommit = func(CommitTimes) {}
	}
	return o
}

// Backend is an open database.
type Backend struct {
	o    Options
	path string

	writing sync.Mutex // held by the write transaction
	active  *layer     // what it has written; guarded by writing
	changes int        // in active; guarded by writing

	flushing sync.Mutex // held while the file is committed or replaced; taken before writing
	db       *bolt.DB   // guarded by flushing

	mu      sync.RWMutex // guards what is published
	view    view
	waiting atomic.Int64  // changes in view that are not in the file
	drained chan struct{} // replaced and closed when a flush has ended; guarded by mu

	full  chan struct{} // a commit is due
	done  chan struct{}
	ended sync.WaitGroup
}

// mapped is the address space that the file may fill. A commit that needs more would wait for all
// readers to end, and there is always one.
func mapped() int {
	if runtime.GOOS == "windows" { // where the file is made as large as this
		return 1 << 28
	}
	return 10 << 30
}

// Sound is an error if there is a database that cannot be read, or is shorter than it says it is:
// looking at what is missing would end the process without a word that helps.
func Sound(path string) error {
	info, err := os.Stat(path)
	if os.IsNotExist(err) || err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return nil // it is made
	}
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("it is no regular file")
	default:
		err = complete(path, info.Size())
	}
	if err != nil && !errors.Is(err, bolterrors.ErrTimeout) { // somebody else has it open, as will be said
		if errors.Is(err, fs.ErrPermission) { // as whoever calls this says
			return fmt.Errorf("opening the database: %w", err)
		}
		return fmt.Errorf("opening the database %s: %w. No crash does that. Keep the directory for a look at it, and put back the file "+
			"as it was; the other members go on meanwhile", path, err)
	}
	return nil
}

// complete looks whether a file has as many bytes as the database in it.
func complete(path string, has int64) error {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bolt.Tx) error {
		if tx.Size() > has {
			return fmt.Errorf("it ends after %d bytes of %d", has, tx.Size())
		}
		return nil
	})
}

func openFile(path string) (*bolt.DB, error) {
	if err := Sound(path); err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, InitialMmapSize: mapped(),
		NoFreelistSync: true, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, err)
	}
	// After kill -9 the system may show a commit that was never synced.
	if err := db.Sync(); err != nil {
		return nil, fmt.Errorf("syncing the database %s: %w", path, err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, b := range buckets {
			if _, err := tx.CreateBucketIfNotExists(b.name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the database %s: %w", path, err)
	}
	return db, nil
}

// Open opens the database in a file, which is made if it is not there.
func Open(path string, o Options) (*Backend, error) {
	// What an interrupted defragmentation has left behind was never under the database's name.
	if err := os.Remove(path + compactSuffix); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("clearing away %s: %w", path+compactSuffix, err)
	}
	b := &Backend{o: o.withDefaults(), path: filepath.Clean(path), active: newLayer(), drained: make(chan struct{}),
		full: make(chan struct{}, 1), done: make(chan struct{})}
	db, err := openFile(path)
	if err != nil {
		return nil, err
	}
	base, err := newBase(db)
	if err != nil {
		return nil, err
	}
	b.db, b.view = db, view{active: newLayer(), base: base}
	b.ended.Go(b.run)
	return b, nil
}

// Close stores what waits, and closes the database. Read transactions have to be over.
func (b *Backend) Close() error {
	close(b.done)
	b.ended.Wait()
	b.flush()
	return b.closeFile()
}

// Abandon closes the database as a crash would: what waits is gone.
func (b *Backend) Abandon() error {
	close(b.done)
	b.ended.Wait()
	return b.closeFile()
}

func (b *Backend) closeFile() error {
	b.mu.Lock()
	b.view.base.release()
	b.mu.Unlock()
	return b.db.Close()
}

// must ends the process if the file has failed.
func (b *Backend) must(err error) {
	if err != nil {
		b.o.Fatal(err)
		panic(err)
	}
}
