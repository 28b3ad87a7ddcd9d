package backend

import (
	"hash/crc32"

	bolt "go.etcd.io/bbolt"
)

// CopyTo stores what waits, and copies the file of the database, whatever is written meanwhile.
// look may read keys of the copy.
func (b *Backend) CopyTo(name string, look func(get func(Bucket, []byte) []byte)) error {
	return b.stored(func(tx *bolt.Tx) error {
		look(func(bucket Bucket, key []byte) []byte { return tx.Bucket(bucket.name).Get(key) })
		return tx.CopyFile(name, 0o600)
	})
}

// stored stores what waits, and reads the file.
func (b *Backend) stored(read func(*bolt.Tx) error) error {
	b.flushing.Lock()
	b.flushHeld()
	tx, err := b.db.Begin(false)
	b.flushing.Unlock()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return read(tx)
}

// Size is the size of the file in bytes; inUse is what of it holds data.
func (b *Backend) Size() (size, inUse int64) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	tx := b.view.base.tx
	db := tx.DB()
	size = tx.Size()
	return size, size - int64(db.Stats().FreePageN)*int64(db.Info().PageSize)
}

// Hash is a checksum of all that is stored: names, keys and values of every bucket. What waits is
// stored first.
func (b *Backend) Hash() (uint32, error) {
	h := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	err := b.stored(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bolt.Bucket) error {
			h.Write(name)
			return bucket.ForEach(func(k, v []byte) error {
				h.Write(k)
				h.Write(v)
				return nil
			})
		})
	})
	return h.Sum32(), err
}
