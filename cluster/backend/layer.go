package backend

import (
	"bytes"

	"github.com/tidwall/btree"
	bolt "go.etcd.io/bbolt"
)

// change is what a layer says about a key.
type change struct {
	value []byte
	gone  bool // the key has been deleted
}

// layer is a set of changes, by bucket number and key. A copy costs nothing until one of the two is
// changed.
type layer struct{ *btree.Map[string, change] }

func newLayer() *layer { return &layer{btree.NewMap[string, change](0)} }

func (l *layer) copied() *layer { return &layer{l.Map.Copy()} }

// place is what a key of a bucket is called in a layer.
func (b Bucket) place(key []byte) string {
	p := make([]byte, 1+len(key))
	p[0] = b.number
	copy(p[1:], key)
	return string(p)
}

// source is one of the sorted lists that a read goes through.
type source interface {
	seek(from []byte)
	next()
	now() (key []byte, c change, ok bool)
}

// layerSource goes through a bucket in a layer.
type layerSource struct {
	bucket Bucket
	iter   btree.MapIter[string, change]
	valid  bool
}

func (s *layerSource) seek(from []byte) { s.valid = s.iter.Seek(s.bucket.place(from)) }
func (s *layerSource) next()            { s.valid = s.iter.Next() }

func (s *layerSource) now() (key []byte, c change, ok bool) {
	if !s.valid || s.iter.Key()[0] != s.bucket.number {
		return nil, change{}, false
	}
	return []byte(s.iter.Key()[1:]), s.iter.Value(), true
}

// fileSource goes through a bucket in the file.
type fileSource struct {
	cursor *bolt.Cursor
	k, v   []byte
}

func (s *fileSource) seek(from []byte) { s.k, s.v = s.cursor.Seek(from) }
func (s *fileSource) next()            { s.k, s.v = s.cursor.Next() }

func (s *fileSource) now() (key []byte, c change, ok bool) {
	return s.k, change{value: s.v}, s.k != nil
}

// merge goes through sources, of which the first is the newest, until visit returns false or end is
// reached. A nil end is the end of the bucket.
func merge(sources []source, from, end []byte, visit func(key, value []byte) bool) {
	for _, s := range sources {
		s.seek(from)
	}
	for {
		var least []byte
		var found change
		any := false
		for _, s := range sources {
			if k, c, ok := s.now(); ok && (!any || bytes.Compare(k, least) < 0) {
				least, found, any = k, c, true
			}
		}
		if !any || (end != nil && bytes.Compare(least, end) >= 0) {
			return
		}
		if !found.gone && !visit(least, found.value) {
			return
		}
		for _, s := range sources {
			if k, _, ok := s.now(); ok && bytes.Equal(k, least) {
				s.next()
			}
		}
	}
}
