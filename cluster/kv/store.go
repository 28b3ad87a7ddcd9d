package kv

import (
	"encoding/binary"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"raftlab/kvapi"
)

// store is the database. One transaction is open all the time: what is applied can be read at once, and becomes
// durable with the next commit. It is not safe for concurrent use.
//
//	bucket    key                            value
//	meta      "applied"                      index of the last log entry that is in here
//	data      key                            version, value
//	sessions  session, 8 bytes               last use, last number and its result
//	recency   last use, session, 16 bytes    -            the first one is forgotten next
type store struct {
	db       *bolt.DB
	tx       *bolt.Tx
	applied  int
	dirty    bool
	sessions int // how many there are
	limit    int
}

var (
	metaBucket    = []byte("meta")
	dataBucket    = []byte("data")
	sessionBucket = []byte("sessions")
	recencyBucket = []byte("recency")
	buckets       = [][]byte{metaBucket, dataBucket, sessionBucket, recencyBucket}

	appliedKey = []byte("applied")
)

// openStore opens the database in a file, which is made if it is not there.
func openStore(file string, sessions int) (*store, error) {
	db, err := bolt.Open(file, 0o644, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", file, err)
	}
	s := &store{db: db, limit: sessions}
	// After kill -9 the system may show a commit that was never synced.
	if err := db.Sync(); err != nil {
		return nil, fmt.Errorf("syncing the database %s: %w", file, err)
	}
	if err := s.begin(); err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", file, err)
	}
	for _, b := range buckets {
		if _, err := s.tx.CreateBucketIfNotExists(b); err != nil {
			return nil, fmt.Errorf("opening the database %s: %w", file, err)
		}
	}
	s.load()
	return s, nil
}

// load reads what is kept in memory.
func (s *store) load() {
	s.applied = 0
	if b := s.bucket(metaBucket).Get(appliedKey); len(b) == 8 {
		s.applied = int(binary.BigEndian.Uint64(b))
	}
	s.sessions = s.bucket(sessionBucket).Stats().KeyN
}

func (s *store) begin() (err error) {
	s.tx, err = s.db.Begin(true)
	return err
}

func (s *store) bucket(name []byte) *bolt.Bucket { return s.tx.Bucket(name) }

// put panics if the database refuses: keys are too long or empty only by a mistake of this package.
func (s *store) put(bucket, key, value []byte) {
	if err := s.bucket(bucket).Put(key, value); err != nil {
		panic(fmt.Sprintf("kv: writing to the database: %v", err))
	}
	s.dirty = true
}

func (s *store) remove(bucket, key []byte) {
	if err := s.bucket(bucket).Delete(key); err != nil {
		panic(fmt.Sprintf("kv: deleting from the database: %v", err))
	}
	s.dirty = true
}

// commit makes durable what has been applied.
func (s *store) commit() error {
	if !s.dirty {
		return nil
	}
	if err := s.tx.Commit(); err != nil {
		return fmt.Errorf("committing the database: %w", err)
	}
	s.dirty = false
	return s.begin()
}

// close commits nothing: what is not committed is in the peer's log.
func (s *store) close() error {
	_ = s.tx.Rollback()
	return s.db.Close()
}

// setApplied notes that everything up to index is in here.
func (s *store) setApplied(index int) {
	s.applied = index
	s.put(metaBucket, appliedKey, be(uint64(index)))
}

// apply executes the operations of one log entry, in order, and notes its index.
func (s *store) apply(index int, ops []Op) []Result {
	results := make([]Result, len(ops))
	for i, o := range ops {
		results[i] = s.do(index, i, o)
	}
	s.setApplied(index)
	return results
}

// keyed is what a key of a user is called in the database, which has no empty keys.
func keyed(key string) []byte { return append([]byte{'k'}, key...) }

// get returns what a key has; version 0 if it was never written.
func (s *store) get(key string) (value string, version kvapi.Version) {
	b := s.bucket(dataBucket).Get(keyed(key))
	if b == nil {
		return "", 0
	}
	v, n := binary.Uvarint(b)
	return string(b[n:]), kvapi.Version(v)
}

func (s *store) do(index, at int, o Op) Result {
	switch o.Kind {
	case Barrier:
		return Result{Err: kvapi.OK}
	case Open:
		return Result{Err: kvapi.OK, Session: s.open(index, at)}
	case Get:
		value, version := s.get(o.Key)
		if version == 0 {
			return Result{Err: kvapi.ErrNoKey}
		}
		return Result{Err: kvapi.OK, Value: value, Version: version}
	}
	if o.Session == 0 {
		return s.write(o)
	}
	row, ok := s.session(o.Session)
	switch {
	case !ok:
		return Result{Err: ErrExpired}
	case o.Seq == row.seq:
		return row.result()
	case o.Seq < row.seq:
		return Result{Err: ErrStale}
	}
	res := s.write(o)
	s.use(o.Session, row, index, o.Seq, res)
	return res
}

func (s *store) write(o Op) Result {
	value, version := s.get(o.Key)
	switch o.Kind {
	case Put:
		value = o.Value
	case Append:
		value += o.Value
	case PutIf:
		if version != o.Version {
			if version == 0 {
				return Result{Err: kvapi.ErrNoKey}
			}
			return Result{Err: kvapi.ErrVersion, Version: version}
		}
		value = o.Value
	default:
		panic(fmt.Sprintf("kv: unknown operation %q in the log", byte(o.Kind)))
	}
	version++
	s.put(dataBucket, keyed(o.Key), append(binary.AppendUvarint(nil, uint64(version)), value...))
	return Result{Err: kvapi.OK, Version: version}
}
