package labgob

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// byteReader is what gob reads from without reading ahead.
type byteReader interface {
	io.Reader
	io.ByteReader
}

// maxDepth bounds how deeply values may be nested in each other, and with it the stack.
const maxDepth = 10_000

// vetter reads gob messages, walks over every value in them, and passes on to gob what is sound.
//
// Walking means to follow the type definitions through the bytes without making anything: it takes
// time in proportion to the input and no memory. Afterwards every element that a slice or map
// announces is known to exist, so that gob can be trusted with it.
//
// What is passed on is not byte by byte what came in. The definition of a type that first turns
// up inside an interface is sent in the middle of the value, which is thereby cut into pieces:
//
//	in:   [ ... name | define 66 ] [ define 67 ] [ 66 | length | value ... ]
//	out:  [ define 66 ] [ define 67 ] [ ... name | 66 | length | value ... ]
//
// gob's decoder loses its way in such pieces when it skips a field that the receiver does not have,
// and what it then takes for lengths has not been walked over. So definitions move to the front,
// and lengths of interface values are written anew.
type vetter struct {
	r     byteReader
	out   bytes.Buffer // what gob will read
	types map[typeID]*wireType
	err   error // the first mistake; nothing can be read after it

	in     []byte // the current message
	pos    int    // what of it has been walked over
	copied int    // what of it has been dealt with: copied to value, or to out
	value  []byte // the value that is being put together
	depth  int
	ends   []int // for each interface value around pos: where its piece ends in in
}

func newVetter(r byteReader) *vetter {
	return &vetter{r: r, types: map[typeID]*wireType{}}
}

func (v *vetter) fail(format string, args ...any) {
	if v.err == nil {
		v.err = fmt.Errorf("labgob: broken input: "+format, args...)
	}
}

// next moves one value, and the type definitions in front of it, to v.out.
func (v *vetter) next() error {
	if v.err != nil {
		return v.err
	}
	v.value, v.ends, v.depth = v.value[:0], v.ends[:0], 0
	for first := true; v.err == nil; first = false {
		if v.message(); v.err == io.EOF {
			if first {
				v.err = nil // a later Decode may find more
				return io.EOF
			}
			v.err = io.ErrUnexpectedEOF
		}
		id := v.id()
		if v.err != nil {
			break
		}
		if id < 0 {
			v.define(-id, 0)
			if v.pos < len(v.in) {
				v.fail("something follows the definition of type %d", -id)
			}
			continue
		}
		v.single(id)
		if v.pos < len(v.in) {
			v.fail("%d bytes follow a value", len(v.in)-v.pos)
		}
		v.flush(v.pos)
		v.send(v.value)
		break
	}
	return v.err
}

// message reads the next message into v.in, as far as the reader has it: the announced length is
// not believed.
func (v *vetter) message() {
	v.in, v.pos, v.copied = v.in[:0], 0, 0
	length, err := readUint(v.r)
	if err != nil {
		v.err = err
		return
	}
	const chunk = 64 << 10
	for uint64(len(v.in)) < length {
		n, have := int(min(chunk, length-uint64(len(v.in)))), len(v.in)
		v.in = append(v.in, make([]byte, n)...)
		if _, err := io.ReadFull(v.r, v.in[have:]); err != nil {
			v.in = v.in[:0]
			v.err = io.ErrUnexpectedEOF
			return
		}
	}
}

// send passes a message on to gob.
func (v *vetter) send(message []byte) {
	if v.err != nil {
		return
	}
	v.out.Write(fixedUint(uint64(len(message))))
	v.out.Write(message)
}

// flush copies the input up to end to the value.
func (v *vetter) flush(end int) {
	v.value = append(v.value, v.in[v.copied:end]...)
	v.copied = end
}

// define reads the definition of type id, which started in v.in at start, and passes it on.
func (v *vetter) define(id typeID, start int) {
	if id < firstUserID || v.types[id] != nil {
		v.fail("type %d is defined again", id)
		return
	}
	t := v.definition()
	if v.err != nil {
		return
	}
	v.types[id] = t
	v.send(v.in[start:v.pos])
	v.copied = v.pos
}

// single walks over a value that stands alone, at the top or in an interface. If it is not a
// struct, a zero precedes it where a struct has its first field number.
func (v *vetter) single(id typeID) {
	if t := v.types[id]; t == nil || t.shape != structShape {
		if v.uint() != 0 {
			v.fail("a single value is numbered")
		}
	}
	v.walk(id)
}

// walk walks over a value of type id. It moves on by one byte at least, or fails; therefore all
// loops over announced counts end.
func (v *vetter) walk(id typeID) {
	switch id {
	case idBool, idInt, idUint, idFloat:
		v.uint()
		return
	case idComplex:
		v.uint()
		v.uint()
		return
	case idBytes, idString:
		v.skip(v.uint())
		return
	}
	if v.depth++; v.depth > maxDepth {
		v.fail("values are nested more than %d deep", maxDepth)
		return
	}
	if id == idInterface {
		v.dynamic()
	} else {
		v.composite(id)
	}
	v.depth--
}

func (v *vetter) composite(id typeID) {
	t := v.types[id]
	if t == nil {
		v.fail("type %d is unknown", id)
		return
	}
	switch t.shape {
	case opaqueShape:
		v.skip(v.uint())
	case structShape:
		v.fields(len(t.fields), func(i int) { v.walk(t.fields[i]) })
	case arrayShape, sliceShape:
		n := v.uint()
		if t.shape == arrayShape && n != t.length {
			v.fail("an array of %d has %d elements", t.length, n)
		}
		for i := uint64(0); i < n && v.err == nil; i++ {
			v.walk(t.elem)
		}
	case mapShape:
		n := v.uint()
		for i := uint64(0); i < n && v.err == nil; i++ {
			v.walk(t.key)
			v.walk(t.elem)
		}
	}
}

// fields walks over a struct: number and value of each field that is not zero, then a zero.
func (v *vetter) fields(n int, walk func(field int)) {
	for field := -1; v.err == nil; {
		delta := v.uint()
		if delta == 0 {
			return
		}
		if delta > uint64(n) || field+int(delta) >= n {
			v.fail("a struct of %d fields has more", n)
			return
		}
		field += int(delta)
		walk(field)
	}
}

// dynamic walks over the value of an interface: the name of its type (empty: nil), then definitions
// if they are new, the type's number, the length of the value, the value.
func (v *vetter) dynamic() {
	name := v.uint()
	v.skip(name)
	if name == 0 || v.err != nil {
		return
	}
	id := v.dynamicType()
	v.flush(v.pos)
	length := v.uint()
	if length > uint64(len(v.in)-v.pos) {
		v.fail("an interface value of %d bytes is longer than its message", length)
	}
	if v.err != nil {
		return
	}
	v.ends = append(v.ends, v.pos+int(length))
	v.copied = v.pos
	at := len(v.value)
	v.value = append(v.value, fixedUint(0)...) // space for the new length
	v.single(id)
	if v.pos != v.ends[len(v.ends)-1] {
		v.fail("an interface value has another length than announced")
	}
	v.ends = v.ends[:len(v.ends)-1]
	v.flush(v.pos)
	binary.BigEndian.PutUint64(v.value[at+1:], uint64(len(v.value)-at-fixedLen))
}

// dynamicType reads the definitions before an interface's type number, and then the number. A
// definition ends a piece. If it is in no other interface's value the next piece is a message;
// otherwise it follows in the same message, after its length.
func (v *vetter) dynamicType() typeID {
	for v.err == nil {
		if v.pos == len(v.in) {
			if len(v.ends) > 0 {
				v.fail("an interface value ends too early")
				return 0
			}
			v.flush(v.pos)
			if v.message(); v.err == io.EOF {
				v.err = io.ErrUnexpectedEOF
			}
		}
		start := v.pos
		id := v.id()
		if id >= 0 || v.err != nil {
			return id
		}
		v.flush(start)
		v.define(-id, start)
		if v.pos < len(v.in) {
			if len(v.ends) == 0 {
				v.fail("something follows the definition of type %d", -id)
				return 0
			}
			length := v.uint()
			if length > uint64(len(v.in)-v.pos) {
				v.fail("an interface value of %d bytes is longer than its message", length)
				return 0
			}
			v.copied = v.pos
			v.ends[len(v.ends)-1] = v.pos + int(length)
		}
	}
	return 0
}

// uint reads an unsigned number: one byte if it is below 128, otherwise the negated count of bytes
// and then the bytes, highest first.
func (v *vetter) uint() uint64 {
	if v.err != nil {
		return 0
	}
	if v.pos >= len(v.in) {
		v.fail("a value ends too early")
		return 0
	}
	b := v.in[v.pos]
	v.pos++
	if b < 0x80 {
		return uint64(b)
	}
	n := -int(int8(b))
	if n > 8 || n > len(v.in)-v.pos {
		v.fail("a number of %d bytes", n)
		return 0
	}
	var x uint64
	for _, b := range v.in[v.pos : v.pos+n] {
		x = x<<8 | uint64(b)
	}
	v.pos += n
	return x
}

// id reads a signed number: the lowest bit says whether the others are complemented.
func (v *vetter) id() typeID {
	x := v.uint()
	if x&1 != 0 {
		return typeID(^int64(x >> 1))
	}
	return typeID(x >> 1)
}

func (v *vetter) skip(n uint64) {
	if v.err == nil && n > uint64(len(v.in)-v.pos) {
		v.fail("%d bytes are announced, %d are there", n, len(v.in)-v.pos)
		return
	}
	if v.err == nil {
		v.pos += int(n)
	}
}

// fixedLen is the length of a number in the longest form, which can be filled in later.
const fixedLen = 9

func fixedUint(x uint64) []byte {
	b := make([]byte, fixedLen)
	b[0] = 0xF8 // -8: eight bytes follow
	binary.BigEndian.PutUint64(b[1:], x)
	return b
}

// readUint reads the length of a message. It returns io.EOF only at the very end of the input.
func readUint(r io.ByteReader) (x uint64, err error) {
	b, err := r.ReadByte()
	if err != nil || b < 0x80 {
		return uint64(b), err
	}
	n := -int(int8(b))
	if n > 8 {
		return 0, errors.New("labgob: broken input: a message has no length")
	}
	for ; n > 0; n-- {
		if b, err = r.ReadByte(); err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		x = x<<8 | uint64(b)
	}
	return x, nil
}
