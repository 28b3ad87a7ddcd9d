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

// maxZeros is how many may be between two pieces that are made one.
const maxZeros = 64

// segment is a piece of the initial memory.
type segment struct {
	at   int
	data []byte
}

// mergeSegments returns the module with fewer segments, or as it is if they are not what Go's
// linker writes.
func mergeSegments(wasm []byte) []byte {
	m, err := parseModule(wasm)
	if err != nil || m.section(dataSection) == nil {
		return wasm
	}
	segments, ok := readSegments(*m.section(dataSection))
	if !ok {
		return wasm
	}
	*m.section(dataSection) = writeSegments(joined(segments))
	return m.bytes()
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
