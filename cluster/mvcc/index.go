package mvcc

import (
	"sort"

	"github.com/tidwall/btree"
)

// point is one change of a key.
type point struct {
	at      Revision
	created int64 // revision of the put that began the key's life; 0 if the key was deleted here
	version int64 // how often the key was put in its life; 0 if it was deleted here
}

func (p point) tombstone() bool { return p.version == 0 }

// history is a key's changes, oldest first. The first one may be what a compaction has left.
type history struct {
	key    string
	points []point
}

// last returns the newest change up to revision main.
func (h *history) last(main int64) (p point, ok bool) {
	n := len(h.points)
	if n > 0 && h.points[n-1].at.Main <= main { // by far the most frequent question
		return h.points[n-1], true
	}
	i := sort.Search(n, func(i int) bool { return h.points[i].at.Main > main })
	if i == 0 {
		return p, false
	}
	return h.points[i-1], true
}

// compacted returns what is left of the changes when states before revision main are forgotten. A
// deletion stays only at main itself, where a watcher may still begin.
func (h *history) compacted(main int64) []point {
	i := sort.Search(len(h.points), func(i int) bool { return h.points[i].at.Main > main })
	if i == 0 {
		return h.points
	}
	if p := h.points[i-1]; !p.tombstone() || p.at.Main == main {
		i--
	}
	return append([]point(nil), h.points[i:]...)
}

// index has the history of each key, in the order of the keys.
type index struct{ *btree.BTreeG[*history] }

func newIndex() index {
	return index{btree.NewBTreeGOptions(func(a, b *history) bool { return a.key < b.key }, btree.Options{NoLocks: true})}
}

// within calls visit for the keys of a range that exist at a revision, in order. An empty end means
// the key alone; the end [OpenEnd] all keys from it on.
func (x index) within(key, end string, main int64, visit func(*history, point) bool) {
	if end == "" {
		if h, ok := x.Get(&history{key: key}); ok {
			if p, ok := h.last(main); ok && !p.tombstone() {
				visit(h, p)
			}
		}
		return
	}
	x.Ascend(&history{key: key}, func(h *history) bool {
		if end != OpenEnd && h.key >= end {
			return false
		}
		if p, ok := h.last(main); ok && !p.tombstone() {
			return visit(h, p)
		}
		return true
	})
}

// OpenEnd is the end of a range that has none.
const OpenEnd = "\x00"

// add notes a change. Rows come in the order of their revisions.
func (x index) add(key string, p point) {
	h, ok := x.Get(&history{key: key})
	if !ok {
		h = &history{key: key}
		x.Set(h)
	}
	h.points = append(h.points, p)
}

// Within says whether a key is in a range.
func Within(key, from, end string) bool {
	switch end {
	case "":
		return key == from
	case OpenEnd:
		return key >= from
	}
	return key >= from && key < end
}
