package kv

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// A snapshot is the whole database, sorted: data, sessions and the applied index.
//
//	"kvsnap1" | bucket number, key, value | ... | end mark
//
// It is in memory while it is taken, sent and installed; docs/cluster.md says what
// that means for large databases.

const (
	snapMark = "kvsnap1"
	endMark  = 0xff
)

// snapshot returns the database as bytes.
func (s *store) snapshot() []byte {
	b := []byte(snapMark)
	for i, name := range buckets {
		c := s.bucket(name).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			b = append(b, byte(i))
			b = appendString(b, string(k))
			b = appendString(b, string(v))
		}
	}
	return append(b, endMark)
}

// snapshotIndex reads the applied index of a snapshot, which stands at its beginning.
func snapshotIndex(snapshot []byte) (int, error) {
	index := -1
	err := eachRow(snapshot, func(bucket int, key, value string) error {
		if bucket == 0 && key == string(appliedKey) && len(value) == 8 {
			index = int(binary.BigEndian.Uint64([]byte(value)))
		}
		return nil
	})
	if err == nil && index < 0 {
		err = errors.New("a snapshot without an index")
	}
	return index, err
}

// eachRow reads a snapshot to its end.
func eachRow(snapshot []byte, row func(bucket int, key, value string) error) error {
	if len(snapshot) < len(snapMark) || string(snapshot[:len(snapMark)]) != snapMark {
		return errors.New("it does not begin like a snapshot of this service")
	}
	c := &cutter{b: snapshot[len(snapMark):]}
	for {
		bucket := c.byte()
		if bucket == endMark && c.err == nil {
			return nil
		}
		key, value := c.string(), c.string()
		if c.err != nil || int(bucket) >= len(buckets) {
			return fmt.Errorf("the snapshot is broken (%v)", c.err)
		}
		if err := row(int(bucket), key, value); err != nil {
			return err
		}
	}
}

// restore puts a snapshot in the place of everything, in one transaction.
func (s *store) restore(snapshot []byte) error {
	if _, err := snapshotIndex(snapshot); err != nil { // reads all of it, before anything is thrown away
		return err
	}
	for _, name := range buckets {
		if err := s.tx.DeleteBucket(name); err != nil {
			return err
		}
		if _, err := s.tx.CreateBucket(name); err != nil {
			return err
		}
	}
	err := eachRow(snapshot, func(bucket int, key, value string) error {
		return s.bucket(buckets[bucket]).Put([]byte(key), []byte(value))
	})
	if err != nil {
		return err
	}
	s.dirty = true
	if err := s.commit(); err != nil {
		return err
	}
	s.load()
	return nil
}

// hash is the same for equal databases.
func (s *store) hash() string {
	sum := sha256.Sum256(s.snapshot())
	return hex.EncodeToString(sum[:])
}
