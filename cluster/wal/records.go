package wal

import (
	"encoding/binary"
	"errors"
	"fmt"

	"raftlab/raftapi"
)

// The records of a group. Each begins with its kind; numbers are varints, bytes have their length
// in front.
//
//	header    H  bytes                               part of an Update
//	snapshot  S  index, file                         part of an Update
//	entries   E  from, count, bytes...               part of an Update
//	state     W  bytes, file                         a Save: takes the place of everything
//	base      B  header, state, index, file, count   first in a segment: all that was stored, without the entries
//
//	file         number of a .snap file, its size and CRC; number 0: no snapshot
const (
	kindHeader   = 'H'
	kindSnapshot = 'S'
	kindEntries  = 'E'
	kindState    = 'W'
	kindBase     = 'B'
)

// ref names a snapshot file. The zero value is no snapshot.
type ref struct {
	number uint64
	size   int64
	crc    uint32
}

// base is what stands first in a segment.
type base struct {
	header, state []byte // nil: none
	index         int    // of the snapshot
	snapshot      ref
	entries       int // how many there are behind the snapshot, in this and earlier segments
}

// group is what one payload says. Exactly one of the three is meant: base, state, or else the
// update.
type group struct {
	base     *base
	save     bool
	state    []byte // of a Save
	snapshot ref    // of a Save, or of the update
	update   raftapi.Update
}

func appendBytes(b, data []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(data))), data...)
}

// appendOptional tells nil from empty.
func appendOptional(b, data []byte) []byte {
	if data == nil {
		return append(b, 0)
	}
	return appendBytes(append(b, 1), data)
}

func (r ref) append(b []byte) []byte {
	b = binary.AppendUvarint(b, r.number)
	b = binary.AppendUvarint(b, uint64(r.size))
	return binary.LittleEndian.AppendUint32(b, r.crc)
}

func encodeUpdate(u raftapi.Update, snapshot ref) (b []byte) {
	if u.Header != nil {
		b = appendBytes(append(b, kindHeader), u.Header)
	}
	if u.SnapshotIndex != 0 {
		b = binary.AppendUvarint(append(b, kindSnapshot), uint64(u.SnapshotIndex))
		b = snapshot.append(b)
	}
	if u.From != 0 {
		b = binary.AppendUvarint(append(b, kindEntries), uint64(u.From))
		b = binary.AppendUvarint(b, uint64(len(u.Entries)))
		for _, e := range u.Entries {
			b = appendBytes(b, e)
		}
	}
	return b
}

func encodeSave(state []byte, snapshot ref) []byte {
	return snapshot.append(appendBytes([]byte{kindState}, state))
}

func (x base) encode() []byte {
	b := appendOptional([]byte{kindBase}, x.header)
	b = appendOptional(b, x.state)
	b = binary.AppendUvarint(b, uint64(x.index))
	b = x.snapshot.append(b)
	return binary.AppendUvarint(b, uint64(x.entries))
}

// reader takes a payload apart. After an error everything it returns is zero.
type reader struct {
	b   []byte
	err error
}

var errShort = errors.New("a record ends too early")

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

func (r *reader) kind() byte {
	if len(r.b) == 0 {
		r.fail(errShort)
		return 0
	}
	k := r.b[0]
	r.b = r.b[1:]
	return k
}

// number reads one that is an index, a count or a size: it has to fit.
func (r *reader) number() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<53 {
		r.fail(errShort)
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

func (r *reader) bytes() []byte {
	n := r.number()
	if n > len(r.b) {
		r.fail(errShort)
		return nil
	}
	data := append([]byte{}, r.b[:n]...)
	if r.err == nil {
		r.b = r.b[n:]
	}
	return data
}

func (r *reader) optional() []byte {
	switch r.kind() {
	case 0:
		return nil
	case 1:
		return r.bytes()
	}
	r.fail(errors.New("neither there nor not there"))
	return nil
}

func (r *reader) ref() (f ref) {
	f.number, f.size = uint64(r.number()), int64(r.number())
	if len(r.b) < 4 {
		r.fail(errShort)
		return ref{}
	}
	f.crc = binary.LittleEndian.Uint32(r.b)
	r.b = r.b[4:]
	return f
}

// decodeGroup reads a payload. It is strict: records stand in their order, each at most once.
func decodeGroup(payload []byte) (g group, err error) {
	r := &reader{b: payload}
	last := byte(0)
	for len(r.b) > 0 {
		k := r.kind()
		if alone := k == kindState || k == kindBase; alone && last != 0 || !alone && rank(k) <= rank(last) {
			return g, fmt.Errorf("a record %q has no place behind %q", k, last)
		}
		last = k
		switch k {
		case kindHeader:
			g.update.Header = r.bytes()
		case kindSnapshot:
			g.update.SnapshotIndex, g.snapshot = r.number(), r.ref()
		case kindEntries:
			g.update.From, g.update.Entries = r.entries()
		case kindState:
			g.save, g.state, g.snapshot = true, r.bytes(), r.ref()
		case kindBase:
			g.base = &base{header: r.optional(), state: r.optional(), index: r.number(), snapshot: r.ref(), entries: r.number()}
		}
	}
	if u := g.update; r.err == nil && (last == kindSnapshot && u.SnapshotIndex == 0 || last == kindEntries && u.From == 0) {
		return g, errors.New("an index is 0")
	}
	return g, r.err
}

// rank is the order of records in a group; none stands behind a state or a base.
func rank(kind byte) int {
	switch kind {
	case 0:
		return 0
	case kindHeader:
		return 1
	case kindSnapshot:
		return 2
	case kindEntries:
		return 3
	case kindState, kindBase:
		return 4
	}
	return -1
}

func (r *reader) entries() (from int, entries [][]byte) {
	from = r.number()
	n := r.number()
	if n > len(r.b) { // each takes a byte at least
		r.fail(errShort)
		return 0, nil
	}
	for range n {
		entries = append(entries, r.bytes())
	}
	return from, entries
}
