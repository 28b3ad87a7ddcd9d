package kv

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// CopyTo implements [replica.Machine]. Entries go on being applied meanwhile, and the copy does not
// have them.
func (s *store) CopyTo(name string) (index int, err error) {
	s.copies.RLock()
	defer s.copies.RUnlock()
	s.mu.Lock()
	db := s.db
	s.mu.Unlock()
	err = db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if meta == nil {
			return fmt.Errorf("nothing has been committed yet")
		}
		if b := meta.Get(appliedKey); len(b) == 8 {
			index = int(binary.BigEndian.Uint64(b))
		}
		return tx.CopyFile(name, 0o644)
	})
	return index, err
}

// Replace implements [replica.Machine].
func (s *store) Replace(swap func() error) error {
	s.copies.Lock()
	defer s.copies.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.tx.Rollback()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("closing the database %s: %w", s.file, err)
	}
	if err := swap(); err != nil {
		return err
	}
	return s.reopen()
}

// hash is the same for equal databases, however their files are laid out.
func (s *store) hash() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.New()
	for i, name := range buckets {
		c := s.bucket(name).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			head := []byte{byte(i)}
			head = binary.AppendUvarint(head, uint64(len(k)))
			head = binary.AppendUvarint(head, uint64(len(v)))
			for _, b := range [][]byte{head, k, v} {
				sum.Write(b)
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}
