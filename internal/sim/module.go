package sim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// This file takes a WebAssembly module apart and puts it together again. The format is that of the
// WebAssembly core specification, section 5.5.

const (
	customSection   = 0
	typeSection     = 1
	importSection   = 2
	functionSection = 3
	tableSection    = 4
	memorySection   = 5
	globalSection   = 6
	exportSection   = 7
	elementSection  = 9
	codeSection     = 10
	dataSection     = 11
	moduleHeader    = "\x00asm\x01\x00\x00\x00"

	constant    = 0x41 // i32.const
	constantI64 = 0x42
	constantF32 = 0x43
	constantF64 = 0x44
	endOf       = 0x0b
	noLocals    = 0x00
)

// wasmModule is a module in its sections, of which Go's linker writes each but the custom ones once.
type wasmModule struct{ sections []wasmSection }

type wasmSection struct {
	number byte
	body   []byte
}

var errShort = errors.New("it ends early")

var errStrange = errors.New("it is not a module as Go's linker writes it")

// parseModule takes a module apart. What it returns shares memory with wasm.
func parseModule(wasm []byte) (*wasmModule, error) {
	if len(wasm) < len(moduleHeader) || string(wasm[:len(moduleHeader)]) != moduleHeader {
		return nil, errStrange
	}
	m := &wasmModule{}
	for r := (&wasmReader{wasm[len(moduleHeader):]}); len(r.rest) > 0; {
		number := r.take(1)
		body := r.take(r.number())
		if number == nil || body == nil {
			return nil, errShort
		}
		m.sections = append(m.sections, wasmSection{number[0], body})
	}
	return m, nil
}

// maxPrefix is how many bytes at most stand before a section or a function: its number and length.
const maxPrefix = 6

// bytes puts the module together.
func (m *wasmModule) bytes() []byte {
	size := len(moduleHeader)
	for _, s := range m.sections {
		size += maxPrefix + len(s.body)
	}
	out := append(make([]byte, 0, size), moduleHeader...)
	for _, s := range m.sections {
		out = append(out, s.number)
		out = appendBytes(out, s.body)
	}
	return out
}

// section is the body of the section with a number, to be read or replaced, or nil.
func (m *wasmModule) section(number byte) *[]byte {
	for i := range m.sections {
		if m.sections[i].number == number {
			return &m.sections[i].body
		}
	}
	return nil
}

// reader reads a section, which is empty if there is none.
func (m *wasmModule) reader(number byte) *wasmReader {
	if body := m.section(number); body != nil {
		return &wasmReader{*body}
	}
	return &wasmReader{}
}

// setVector replaces a section by so many things.
func (m *wasmModule) setVector(number byte, count int, things []byte) {
	*m.section(number) = vector(count, things)
}

// vector is how so many things are written.
func vector(count int, things []byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(count)), things...)
}

// cutNumber is a number at the beginning of b, and a copy of what follows it.
func cutNumber(b []byte) (int, []byte) {
	r := &wasmReader{b}
	n := r.number()
	return n, slices.Clone(r.rest)
}

// wasmImport is a function that a module takes from its host; kind is the number of its type.
type wasmImport struct {
	module, name string
	kind         int
}

// imports are all imports of the module, which have to be functions.
func (m *wasmModule) imports() (all []wasmImport, err error) {
	r := m.reader(importSection)
	for range r.number() {
		module, name := r.take(r.number()), r.take(r.number())
		kind := r.take(1)
		if kind == nil {
			return nil, errShort
		}
		if kind[0] != 0 {
			return nil, fmt.Errorf("the import %.100q is not a function", name)
		}
		all = append(all, wasmImport{string(module), string(name), r.number()})
	}
	return all, nil
}

// functions are the bodies of the module's own functions, in their order, which begins behind the
// imported ones.
func (m *wasmModule) functions() ([][]byte, error) {
	code := m.section(codeSection)
	if code == nil {
		return nil, errStrange
	}
	r := &wasmReader{*code}
	count := r.number()
	bodies := make([][]byte, 0, min(max(0, count), len(r.rest)))
	for range count {
		body := r.take(r.number())
		if len(body) == 0 {
			return nil, errShort
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// setFunctions replaces all bodies.
func (m *wasmModule) setFunctions(bodies [][]byte) {
	size := maxPrefix
	for _, b := range bodies {
		size += maxPrefix + len(b)
	}
	code := binary.AppendUvarint(make([]byte, 0, size), uint64(len(bodies)))
	for _, b := range bodies {
		code = appendBytes(code, b)
	}
	*m.section(codeSection) = code
}

// names are those of the module's own functions, in their order: "sort.Slice",
// "raftlab_raft.__Raft_.Start". The linker puts a line for each letter that is not one of a word.
func (m *wasmModule) names() ([][]byte, error) {
	for _, s := range m.sections {
		r := &wasmReader{s.body}
		if s.number != customSection || string(r.take(r.number())) != "name" {
			continue
		}
		if kind := r.take(1); len(kind) == 0 || kind[0] != 1 { // names of functions
			return nil, errStrange
		}
		r = &wasmReader{r.take(r.number())}
		names := make([][]byte, 0, 1<<13)
		first := -1
		for range r.number() {
			index := r.number()
			name := r.take(r.number())
			if name == nil {
				return nil, errShort
			}
			if first < 0 {
				first = index
			}
			if index != first+len(names) {
				return nil, errStrange
			}
			names = append(names, name)
		}
		return names, nil
	}
	return nil, errStrange
}

// named returns the bodies and the names of all functions, which are equally many.
func (m *wasmModule) named() (bodies, names [][]byte, err error) {
	if bodies, err = m.functions(); err != nil {
		return nil, nil, err
	}
	if names, err = m.names(); err == nil && len(names) != len(bodies) {
		err = errStrange
	}
	return bodies, names, err
}

func appendBytes(out, b []byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(b)))
	return append(out, b...)
}

// code is what follows the local variables of a function's body, and locals is what is before it.
func splitBody(body []byte) (locals, code []byte) {
	r := &wasmReader{body}
	for range r.number() {
		r.number() // how many
		r.take(1)  // of which type
	}
	return body[:len(body)-len(r.rest)], r.rest
}

// appendSigned writes a number that is not negative as a signed one.
func appendSigned(b []byte, n int) []byte {
	for n >= 0x40 {
		b = append(b, byte(n&0x7f)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

// wasmReader reads a module from its beginning. At the end it returns nil and zeros.
type wasmReader struct{ rest []byte }

func (r *wasmReader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.rest = nil
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *wasmReader) number() int {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > 1<<31 {
		r.rest = nil
		return -1
	}
	r.rest = r.rest[n:]
	return int(v)
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

// skipNumber passes over a number of any kind.
func (r *wasmReader) skipNumber() {
	for b := r.take(1); b != nil && b[0]&0x80 != 0; b = r.take(1) {
	}
}
