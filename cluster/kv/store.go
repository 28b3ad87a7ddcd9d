package kv

import (
	"encoding/binary"
	"fmt"
	"hash/crc64"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"raftlab/cluster/backend"
	"raftlab/kvapi"
)

// store is the database: a replica.Machine. One transaction is open all the time: what is applied
// can be read at once, and becomes durable with the next commit.
//
//	bucket    key                            value
//	meta      "applied"                      index of the last log entry that is in here
//	meta      "digest"                       of all entries up to it: members that have applied the same agree on it
//	data      key                            version, value
//	sessions  session, 8 bytes               last use, last number and its result
//	recency   last use, session, 16 bytes    -            the first one is forgotten next
type store struct {
	file  string
	limit int // of sessions

	copies sync.RWMutex // held for reading while the database is copied, for writing while it is replaced; before mu
	mu     sync.Mutex   // guards what follows
	db     *bolt.DB
	tx     *bolt.Tx

	applied  int
	digest   uint64
	dirty    bool
	sessions int // how many there are
}

var (
	metaBucket    = []byte("meta")
	dataBucket    = []byte("data")
	sessionBucket = []byte("sessions")
	recencyBucket = []byte("recency")
	buckets       = [][]byte{metaBucket, dataBucket, sessionBucket, recencyBucket}

	appliedKey = []byte("applied")
	digestKey  = []byte("digest")

	polynomial = crc64.MakeTable(crc64.ECMA)
)

// openStore opens the database in a file, which is made if it is not there.
func openStore(file string, sessions int) (*store, error) {
	s := &store{file: file, limit: sessions}
	if err := s.reopen(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *store) reopen() (err error) {
	if err := backend.Sound(s.file); err != nil {
		return err
	}
	if s.db, err = bolt.Open(s.file, 0o644, &bolt.Options{Timeout: time.Second}); err != nil {
		return fmt.Errorf("opening the database %s: %w", s.file, err)
	}
	// After kill -9 the system may show a commit that was never synced.
	if err := s.db.Sync(); err != nil {
		return fmt.Errorf("syncing the database %s: %w", s.file, err)
	}
	if err := s.begin(); err != nil {
		return fmt.Errorf("opening the database %s: %w", s.file, err)
	}
	for _, b := range buckets {
		if _, err := s.tx.CreateBucketIfNotExists(b); err != nil {
			return fmt.Errorf("opening the database %s: %w", s.file, err)
		}
	}
	s.applied, s.digest, s.dirty = 0, 0, false
	if b := s.bucket(metaBucket).Get(digestKey); len(b) == 8 {
		s.digest = binary.BigEndian.Uint64(b)
	}
	if b := s.bucket(metaBucket).Get(appliedKey); len(b) == 8 {
		s.applied = int(binary.BigEndian.Uint64(b))
	}
	s.sessions = s.bucket(sessionBucket).Stats().KeyN
	return nil
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

// Commit implements [replica.Machine].
func (s *store) Commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.tx.Rollback()
	return s.db.Close()
}

// Applied implements [replica.Machine].
func (s *store) Applied() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied
}

// place is how far a database has come, and with which entries.
func (s *store) place() (applied int, digest uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied, s.digest
}

// setApplied notes that everything up to index is in here, with the operations of that entry.
func (s *store) setApplied(index int, ops [][]byte) {
	s.applied = index
	s.digest = crc64.Update(s.digest, polynomial, be(uint64(index), uint64(len(ops))))
	for _, op := range ops {
		s.digest = crc64.Update(s.digest, polynomial, op)
	}
	s.put(metaBucket, digestKey, be(s.digest))
	s.put(metaBucket, appliedKey, be(uint64(index)))
}

// Apply implements [replica.Machine].
func (s *store) Apply(index int, ops [][]byte, wanted bool) (results [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, b := range ops {
		o, err := decodeOp(b)
		if err != nil {
			panic(fmt.Sprintf("kv: operation %d of the entry %d cannot be read: %v", i, index, err))
		}
		if r := s.do(index, i, o); wanted {
			results = append(results, r.encode())
		}
	}
	s.setApplied(index, ops)
	return results
}

// keyed is what a key of a user is called in the database, which has no empty keys.
func keyed(key string) []byte { return append([]byte{'k'}, key...) }

// read answers a Get from what has been applied.
func (s *store) read(key string) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, version := s.get(key)
	if version == 0 {
		return Result{Err: kvapi.ErrNoKey}
	}
	return Result{Err: kvapi.OK, Value: value, Version: version}
}

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
	if o.Kind == Open {
		return Result{Err: kvapi.OK, Session: s.open(index, at)}
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
