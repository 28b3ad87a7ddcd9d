package labgob

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"io"
	"math/bits"
	"reflect"
	"slices"
)

// Writing gob without gob.
//
// What students persist goes through a new encoder each time, since it has to be self-contained: a
// few numbers, the log, and the description of the log's type. gob works the description out
// anew, and walks the log by reflection. Here the description is bytes that are kept (below), and
// the log is walked by compiled functions (encops.go).
//
// The result is a stream that any gob decoder reads, byte by byte the one that gob writes, except
// that all definitions stand in front of a value, also those of types that turn up inside its
// interfaces. As soon as a value comes that the compiled functions do not know, gob takes over for
// the rest of the stream.

// description is how gob describes a type at the start of a stream.
type description struct {
	typ    reflect.Type
	id     []byte // the type's number, as it stands in front of a value
	defs   []definition
	single bool // not a struct
}

// definition is a message that defines one type.
type definition struct {
	id      typeID
	message []byte // with its length
}

var descriptions table[reflect.Type, *description]

// describe asks gob for the description of t, once. It is nil if gob will not describe it by
// itself.
func describe(t reflect.Type) *description {
	if d, ok := descriptions.get(t); ok {
		return d
	}
	return descriptions.getOrMake(t, func() *description {
		var buf bytes.Buffer
		if gob.NewEncoder(&buf).EncodeValue(reflect.Zero(t)) != nil {
			return nil
		}
		d := &description{typ: t, single: t.Kind() != reflect.Struct}
		for rest := buf.Bytes(); len(rest) > 0; {
			n, _ := messageLen(rest)
			v := newVetter(bytes.NewReader(rest[:n]))
			v.message()
			id := v.id()
			if v.err != nil {
				return nil
			}
			if id >= 0 {
				d.id = slices.Clone(v.in[:v.pos])
			} else {
				d.defs = append(d.defs, definition{-id, slices.Clone(rest[:n])})
			}
			rest = rest[n:]
		}
		return d
	})
}

// plans holds what compile says of each type.
var plans table[reflect.Type, *plan]

func planFor(t reflect.Type) *plan {
	if p, ok := plans.get(t); ok {
		return p
	}
	return plans.getOrMake(t, func() *plan { return compile(t) })
}

// writer puts a value together.
type writer struct {
	b      []byte
	types  []*description // of dynamic types in it
	failed bool           // gob has to do it
}

func (w *writer) uint(x uint64) {
	if x < 0x80 {
		w.b = append(w.b, byte(x))
		return
	}
	n := (bits.Len64(x) + 7) / 8
	var buf [8]byte
	binary.BigEndian.PutUint64(buf[:], x)
	w.b = append(w.b, byte(-n))
	w.b = append(w.b, buf[8-n:]...)
}

func (w *writer) int(i int64) {
	x := uint64(i) << 1
	if i < 0 {
		x = ^x
	}
	w.uint(x)
}

// block puts the length of everything from start on in front of it.
func (w *writer) block(start int) {
	n := len(w.b) - start
	w.uint(uint64(n)) // makes room, and shows how long the length is
	var head [fixedLen]byte
	k := copy(head[:], w.b[start+n:])
	copy(w.b[start+k:], w.b[start:start+n])
	copy(w.b[start:], head[:k])
}

// stream is the state of one [LabEncoder].
type stream struct {
	w     io.Writer
	out   []byte         // what is written at a time
	value writer         // the value in it
	types []*description // that have been written
	sent  []typeID       // types that have been defined
	gob   *gob.Encoder   // set when gob has taken over
}

// Write lets gob write where the stream does.
func (s *stream) Write(p []byte) (int, error) { return s.w.Write(p) }

// encode writes a value, which is no nil pointer.
func (s *stream) encode(value reflect.Value) error {
	if s.gob == nil {
		if done, err := s.compiled(value); done {
			return err
		}
		if err := s.takeOver(); err != nil {
			return err
		}
	}
	return s.gob.EncodeValue(value)
}

// compiled writes a value if it can do it without gob.
func (s *stream) compiled(value reflect.Value) (done bool, err error) {
	if value.IsValid() && Base(value.Type()) == nil {
		return false, nil // gob words the error
	}
	for value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return false, nil
		}
		value = value.Elem()
	}
	if !value.IsValid() {
		return false, nil
	}
	t := value.Type()
	p := planFor(t)
	if p == nil {
		return false, nil
	}
	d := describe(t)
	if d == nil {
		return false, nil
	}
	if !value.CanAddr() {
		v := reflect.New(t).Elem()
		v.Set(value)
		value = v
	}
	w := &s.value
	room := borrow(s.w)
	w.b, w.types = append(room.value[:0], d.id...), w.types[:0]
	if d.single {
		w.b = append(w.b, 0)
	}
	p.enc(w, value.Addr().UnsafePointer(), 0)
	if w.failed {
		return false, nil
	}
	s.out = room.out[:0]
	s.define(d)
	for _, d := range w.types {
		s.define(d)
	}
	w.block(0)
	s.out = append(s.out, w.b...)
	_, err = s.w.Write(s.out)
	room.value, room.out = w.b, s.out
	room.back(s.w)
	w.b, s.out = nil, nil
	return true, err
}

// define writes the definitions for a type that are not there yet.
func (s *stream) define(d *description) {
	if slices.Contains(s.types, d) {
		return
	}
	s.types = append(s.types, d)
	for _, def := range d.defs {
		if !slices.Contains(s.sent, def.id) {
			s.sent = append(s.sent, def.id)
			s.out = append(s.out, def.message...)
		}
	}
}

// takeOver starts gob in the middle of a stream: it has to believe that it has described what is
// described already.
func (s *stream) takeOver() error {
	w := s.w
	s.w = io.Discard
	defer func() { s.w = w }()
	s.gob = gob.NewEncoder(s)
	for _, d := range s.types {
		if err := s.gob.EncodeValue(reflect.Zero(d.typ)); err != nil {
			return err
		}
	}
	return nil
}
