package mvcc

import (
	"hash"
	"hash/crc32"
	"slices"

	"raftlab/cluster/backend"
)

// Hash is a checksum of the store at a revision.
type Hash struct {
	Sum       uint32
	Revision  int64 // at which it was taken
	Compacted int64 // two sums can be compared if this is the same
	Newest    int64
}

// hasher sums up the rows up to a revision, but for those that a compaction before it forgets.
type hasher struct {
	sum       hash.Hash32
	compacted int64
	keep      map[Revision]bool // of the rows up to the compaction
}

func newHasher(compacted int64, keep map[Revision]bool) *hasher {
	h := &hasher{crc32.New(crc32.MakeTable(crc32.Castagnoli)), compacted, keep}
	h.sum.Write([]byte("key"))
	return h
}

func (h *hasher) row(k, v []byte) {
	switch at, tombstone := parseRow(k); {
	case at.Main <= h.compacted && !h.keep[at] && len(h.keep) > 0:
	case at.Main == h.compacted && tombstone: // older versions of etcd did not keep it
	default:
		h.sum.Write(k)
		h.sum.Write(v)
	}
}

// maxTaken is how many sums of compactions are remembered.
const maxTaken = 10

// taken are the sums that were taken when the store was compacted: over the rows that were there
// then, at that revision, under the compaction before. Members that are compared there have the
// same rows, whether or not they have come to forget them.
func (s *Store) take(h Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, h)
	s.taken = s.taken[max(0, len(s.taken)-maxTaken):]
}

// HashAt returns the checksum of all rows up to a revision (0: the newest), but for those that the
// last compaction forgets, whether or not it has come to them. At the revision of a compaction it
// is the one that was taken then. It is the sum that etcd computes.
func (s *Store) HashAt(revision int64) (Hash, error) {
	s.mu.RLock()
	if i := slices.IndexFunc(s.taken, func(h Hash) bool { return h.Revision == revision }); i >= 0 {
		h := s.taken[i]
		h.Newest = s.revision
		s.mu.RUnlock()
		return h, nil
	}
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
	sum := newHasher(h.Compacted, keep)
	if h.Revision > 0 { // before the first one there is nothing
		tx.Range(backend.Key, nil, Revision{Main: h.Revision + 1}.row(false), func(k, v []byte) bool {
			sum.row(k, v)
			return true
		})
	}
	h.Sum = sum.sum.Sum32()
	return h, nil
}
