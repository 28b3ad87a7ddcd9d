package mvcc

import "encoding/binary"

// Revision is the place of one change: of all writes, and within its write.
type Revision struct{ Main, Sub int64 }

const (
	revisionLen   = 8 + 1 + 8
	tombstoneMark = 't'
)

// row is the revision as a key of the database: main '_' sub, and a mark where a key was deleted.
func (r Revision) row(tombstone bool) []byte {
	b := make([]byte, 0, revisionLen+1)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Main))
	b = append(b, '_')
	b = binary.BigEndian.AppendUint64(b, uint64(r.Sub))
	if tombstone {
		b = append(b, tombstoneMark)
	}
	return b
}

// parseRow is the inverse of row.
func parseRow(b []byte) (r Revision, tombstone bool) {
	r.Main = int64(binary.BigEndian.Uint64(b))
	r.Sub = int64(binary.BigEndian.Uint64(b[9:]))
	return r, len(b) > revisionLen && b[revisionLen] == tombstoneMark
}
