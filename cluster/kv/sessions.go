package kv

import (
	"encoding/binary"
	"fmt"

	"raftlab/cluster/replica"
	"raftlab/kvapi"
)

// A session remembers the number and the result of its last write. One is enough: a client has one
// write at a time. There are [Config.Sessions] of them at most; a session beyond that takes the
// place of the one that has been unused for longest. All members apply the same log, so all forget
// the same one.

// row is a session in the database.
type row struct {
	used    uint64 // log index of its last use
	seq     uint64
	err     kvapi.Err
	version kvapi.Version
}

func (r row) result() Result { return Result{Err: r.err, Version: r.version} }

func (r row) encode() []byte {
	b := binary.AppendUvarint(nil, r.used)
	b = binary.AppendUvarint(b, r.seq)
	b = binary.AppendUvarint(b, uint64(r.version))
	return append(b, r.err...)
}

// be makes a key of numbers that sorts as they do.
func be(numbers ...uint64) (b []byte) {
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return b
}

// maxOpens is how many sessions one log entry can open: a session is numbered by the index and its
// place.
const maxOpens = replica.MaxOps

// open begins a session, and forgets another one if there are too many. No two sessions ever have
// one number.
func (s *store) open(index, at int) uint64 {
	id := uint64(index)*maxOpens + uint64(at) + 1
	s.put(sessionBucket, be(id), row{used: uint64(index)}.encode())
	s.put(recencyBucket, be(uint64(index), id), nil)
	s.sessions++
	for s.sessions > s.limit {
		oldest, _ := s.bucket(recencyBucket).Cursor().First()
		oldest = append([]byte{}, oldest...)
		s.remove(recencyBucket, oldest)
		s.remove(sessionBucket, oldest[8:])
		s.sessions--
	}
	return id
}

func (s *store) session(id uint64) (r row, ok bool) {
	b := s.bucket(sessionBucket).Get(be(id))
	if b == nil {
		return r, false
	}
	c := &cutter{b: b}
	r.used, r.seq, r.version = c.uint(), c.uint(), kvapi.Version(c.uint())
	r.err = kvapi.Err(c.b)
	if c.err != nil {
		panic(fmt.Sprintf("kv: the session %d in the database cannot be read: %v", id, c.err))
	}
	return r, true
}

// use notes a write of a session.
func (s *store) use(id uint64, was row, index int, seq uint64, res Result) {
	s.remove(recencyBucket, be(was.used, id))
	s.put(recencyBucket, be(uint64(index), id), nil)
	s.put(sessionBucket, be(id), row{used: uint64(index), seq: seq, err: res.Err, version: res.Version}.encode())
}
