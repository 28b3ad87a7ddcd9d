package sim

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Go's linker leaves out the zeros in the data of a module, and so writes it in as many pieces as a
// module may have: a hundred thousand. Each instance copies them one by one, which takes longer
// than many a run. mergeSegments puts the zeros back where there are few between two pieces: some
// ten pieces are left, and the memory of an instance is the same.
//
// A segment is a mode (0), an expression (i32.const ADDRESS end), and the bytes with their length:
// the WebAssembly core specification, section 5.5.14.

const (
	dataSection = 11
	maxZeros    = 64 // between two pieces that are made one
	constant    = 0x41
	endOf       = 0x0b
)

// segment is a piece of the initial memory.
type segment struct {
	at   int
	data []byte
}

// mergeSegments returns the module with fewer segments, or as it is if they are not what Go's
// linker writes.
func mergeSegments(wasm []byte) []byte {
	const header = 8
	if len(wasm) < header {
		return wasm
	}
	r := &wasmReader{wasm[header:]}
	for len(r.rest) > 0 {
		start := len(wasm) - len(r.rest)
		number := r.take(1)
		body := r.take(r.number())
		if number == nil || body == nil {
			return wasm
		}
		if number[0] != dataSection {
			continue
		}
		segments, ok := readSegments(body)
		if !ok {
			return wasm
		}
		merged := writeSegments(joined(segments))
		out := append(slices.Clone(wasm[:start]), dataSection)
		out = binary.AppendUvarint(out, uint64(len(merged)))
		return append(append(out, merged...), r.rest...)
	}
	return wasm
}

// readSegments reads the segments in the order of their addresses. ok is false if one is of another
// kind, or if two overlap: then their order matters.
func readSegments(body []byte) (segments []segment, ok bool) {
	r := &wasmReader{body}
	for range r.number() {
		start := r.take(2) // the mode, and the instruction
		if len(start) < 2 || start[0] != 0 || start[1] != constant {
			return nil, false
		}
		at := r.signed()
		end := r.take(1)
		data := r.take(r.number())
		if at < 0 || len(end) == 0 || end[0] != endOf || data == nil {
			return nil, false
		}
		segments = append(segments, segment{at, data})
	}
	slices.SortStableFunc(segments, func(a, b segment) int { return a.at - b.at })
	for i := 1; i < len(segments); i++ {
		if segments[i].at < segments[i-1].at+len(segments[i-1].data) {
			return nil, false
		}
	}
	return segments, len(r.rest) == 0
}

// signed reads the operand of i32.const; -1 stands for a negative one, and for none.
func (r *wasmReader) signed() int {
	value, shift := 0, 0
	for shift < 35 {
		b := r.take(1)
		if b == nil {
			return -1
		}
		value |= int(b[0]&0x7f) << shift
		shift += 7
		if b[0]&0x80 == 0 {
			if b[0]&0x40 != 0 {
				return -1
			}
			return value
		}
	}
	return -1
}

func joined(segments []segment) []segment {
	var out []segment
	for _, s := range segments {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if gap := s.at - last.at - len(last.data); gap <= maxZeros {
				last.data = append(append(last.data, make([]byte, gap)...), s.data...)
				continue
			}
		}
		out = append(out, segment{s.at, bytes.Clone(s.data)})
	}
	return out
}

func writeSegments(segments []segment) []byte {
	body := binary.AppendUvarint(nil, uint64(len(segments)))
	for _, s := range segments {
		body = append(body, 0, constant)
		body = append(appendSigned(body, s.at), endOf)
		body = binary.AppendUvarint(body, uint64(len(s.data)))
		body = append(body, s.data...)
	}
	return body
}

// appendSigned writes a number that is not negative as a signed one.
func appendSigned(b []byte, n int) []byte {
	for n >= 0x40 {
		b = append(b, byte(n&0x7f)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}
