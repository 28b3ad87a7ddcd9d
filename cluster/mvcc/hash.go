package mvcc

import (
	"hash/crc32"

	"raftlab/cluster/backend"
)

// Hash is a checksum of the store at a revision.
type Hash struct {
	Sum       uint32
	Revision  int64 // at which it was taken
	Compacted int64 // two sums can be compared if this is the same
	Newest    int64
}

// HashAt returns the checksum of all rows up to a revision (0: the newest), but for those that the last compaction
// forgets, whether or not it has come to them. It is the sum that etcd computes.
func (s *Store) HashAt(revision int64) (Hash, error) {
	s.mu.RLock()
	h := Hash{Revision: revision, Compacted: s.compacted, Newest: s.revision}
	switch {
	case revision > 0 && revision < s.compacted:
		s.mu.RUnlock()
		return h, ErrCompacted
	case revision > s.revision:
		s.mu.RUnlock()
		return h, ErrFuture
	case revision == 0:
		h.Revision = s.revision
	}
	keep := map[Revision]bool{}
	s.index.Scan(func(x *history) bool {
		if p, ok := x.last(h.Revision); ok && !p.tombstone() {
			keep[p.at] = true
		}
		return true
	})
	tx := s.b.Read()
	s.mu.RUnlock()
	defer tx.Close()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	sum.Write([]byte("key"))
	tx.Range(backend.Key, nil, Revision{Main: h.Revision + 1}.row(false), func(k, v []byte) bool {
		at, tombstone := parseRow(k)
		switch {
		case at.Main <= h.Compacted && !keep[at] && len(keep) > 0:
		case at.Main == h.Compacted && tombstone: // older versions of etcd did not keep it
		default:
			sum.Write(k)
			sum.Write(v)
		}
		return true
	})
	h.Sum = sum.Sum32()
	return h, nil
}
