package sim

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Of some 8,000 functions in a test binary a run uses 2,000: the others are there because something
// could call them. To make machine code of them takes longer than all the rest of a build. So a
// worker makes two modules of the one that was built, and machine code of the second only when a run
// calls something that is there (program.loadRest):
//
//	          calls of the rest: by way of the table
//	main ------------------------------------------------> rest
//	memory, table, globals <------------------------------ has none of its own
//	          its calls of main: by way of the table, too
//
// Both modules have all functions, under their numbers. Where one has the function itself, the other
// has a stub: a call by way of the table. So the code of a function is the same in either, byte for
// byte, and so is whatever a run can observe. To begin with, the table leads to the stubs of the main
// module also for what is in the rest. Such a stub asks the host for the rest once, whose elements
// then replace the stubs in the table.
//
// Host functions take the module that calls them for the guest. So the rest calls them by way of the
// main module, too, which exports a wrapper of each.
//
// The numbers of sections and instructions are those of the WebAssembly core specification, sections
// 5.4 and 5.5.

const (
	callInstruction  = 0x10
	callIndirect     = 0x11
	localGet         = 0x20
	globalGet        = 0x23
	globalSet        = 0x24
	isZero           = 0x45 // i32.eqz
	ifInstruction    = 0x04
	noResult         = 0x40 // of a block
	typeI32          = 0x7f
	kindFunction     = 0
	kindTable        = 1
	kindMemory       = 2
	kindGlobal       = 3
	functionTypeMark = 0x60
)

// mainModule is what the rest calls the main module. wantRest is what a stub passes to the host
// function "gc", which knows 0 and 1 otherwise.
const (
	mainModule = "main"
	wantRest   = 2
)

// splitter is a module with what has to be known to split it.
type splitter struct {
	*wasmModule
	imports   []wasmImport
	types     [][2]int // how many parameters and results
	typeOf    []int    // of the module's own functions
	bodies    [][]byte
	called    [][]byte // their names
	globals   [][]byte // their types
	firstSlot int      // in the table, of the first of the module's own functions
	inRest    []bool
	gc        int // the number of that import
}

// split returns what makes the main module and the rest, in which the functions are whose names isRare
// has. It is nil if there are none, or if wasm is not what Go's linker writes for a guest: then all of
// wasm is the main module.
func split(wasm []byte, isRare map[string]bool) *splitter {
	s, err := newSplitter(wasm)
	if err != nil {
		return nil
	}
	any := false
	for i, name := range s.called {
		s.inRest[i] = isRare[string(name)]
		any = any || s.inRest[i]
	}
	if !any {
		return nil
	}
	return s
}

func newSplitter(wasm []byte) (*splitter, error) {
	m, err := parseModule(wasm)
	if err != nil {
		return nil, err
	}
	s := &splitter{wasmModule: m, gc: -1}
	if s.imports, err = m.imports(); err != nil {
		return nil, err
	}
	for i, imported := range s.imports {
		if imported.module == "raftlab" && imported.name == "gc" {
			s.gc = i
		}
	}
	for _, read := range []func() error{s.readTypes, s.readFunctions, s.readGlobals, s.readElements} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	if s.gc < 0 || m.section(tableSection) == nil || m.section(memorySection) == nil || m.section(exportSection) == nil {
		return nil, errStrange
	}
	for _, imported := range s.imports {
		if imported.kind < 0 || imported.kind >= len(s.types) {
			return nil, errStrange
		}
	}
	s.inRest = make([]bool, len(s.bodies))
	return s, nil
}

func (s *splitter) readTypes() error {
	r := s.reader(typeSection)
	for range r.number() {
		mark := r.take(1)
		if len(mark) == 0 || mark[0] != functionTypeMark {
			return errStrange
		}
		parameters := len(r.take(r.number()))
		results := len(r.take(r.number()))
		s.types = append(s.types, [2]int{parameters, results})
	}
	return nil
}

func (s *splitter) readFunctions() (err error) {
	if s.bodies, s.called, err = s.named(); err != nil {
		return err
	}
	r := s.reader(functionSection)
	for range r.number() {
		s.typeOf = append(s.typeOf, r.number())
	}
	for _, t := range s.typeOf {
		if t < 0 || t >= len(s.types) {
			return errStrange
		}
	}
	if len(s.typeOf) != len(s.bodies) {
		return errStrange
	}
	return nil
}

// readGlobals wants globals that begin as constants.
func (s *splitter) readGlobals() error {
	r := s.reader(globalSection)
	for range r.number() {
		kind := r.take(2) // its type, and whether it can be changed
		instruction := r.take(1)
		if instruction == nil {
			return errShort
		}
		switch instruction[0] {
		case constant, constantI64:
			r.skipNumber()
		case constantF32:
			r.take(4)
		case constantF64:
			r.take(8)
		}
		if end := r.take(1); len(end) == 0 || end[0] != endOf {
			return errStrange
		}
		s.globals = append(s.globals, kind)
	}
	return nil
}

// readElements wants one segment, with all functions of the module in their order.
func (s *splitter) readElements() error {
	r := s.reader(elementSection)
	head := r.take(3) // how many segments, of which kind; the instruction
	if len(head) < 3 || head[0] != 1 || head[1] != 0 || head[2] != constant {
		return errStrange
	}
	s.firstSlot = r.signed()
	if end := r.take(1); s.firstSlot < 0 || len(end) == 0 || end[0] != endOf || r.number() != len(s.bodies) {
		return errStrange
	}
	for i := range s.bodies {
		if r.number() != len(s.imports)+i {
			return errStrange
		}
	}
	return nil
}

// main is the module in which what is in the rest is a stub, and in which the rest finds what it
// needs.
func (s *splitter) main() []byte {
	out := &wasmModule{sections: slices.Clone(s.sections)}
	functions, code, exports := s.reader(functionSection).rest, slices.Clone(s.bodies), s.reader(exportSection).rest
	_, functions = cutNumber(functions)
	exported, exports := cutNumber(exports)
	export := func(kind byte, name string, index int) {
		exports = append(appendBytes(exports, []byte(name)), kind)
		exports = binary.AppendUvarint(exports, uint64(index))
		exported++
	}
	asked := len(s.globals) // a global of our own
	for i := range code {
		if s.inRest[i] {
			code[i] = s.stub(i, asked)
		}
	}
	for i, imported := range s.imports { // behind all other functions
		export(kindFunction, wrapperName(i), len(s.imports)+len(code))
		functions = binary.AppendUvarint(functions, uint64(imported.kind))
		code = append(code, s.wrapper(i))
	}
	export(kindTable, "split:table", 0)
	export(kindMemory, "split:memory", 0)
	for i := range s.globals {
		export(kindGlobal, globalName(i), i)
	}
	_, globals := cutNumber(s.reader(globalSection).rest)
	out.setVector(globalSection, asked+1, append(globals, typeI32, 1, constant, 0, endOf))
	out.setVector(functionSection, len(code), functions)
	out.setVector(exportSection, exported, exports)
	out.setFunctions(code)
	return out.bytes()
}

// rest is the module with the functions that are in the rest. It has all types, and the same
// imports, from the main module.
func (s *splitter) rest() []byte {
	var imports []byte
	count := 0
	add := func(name string, kind byte, description ...byte) {
		imports = appendBytes(appendBytes(imports, []byte(mainModule)), []byte(name))
		imports = append(append(imports, kind), description...)
		count++
	}
	for i, imported := range s.imports {
		add(wrapperName(i), kindFunction, binary.AppendUvarint(nil, uint64(imported.kind))...)
	}
	_, table := cutNumber(s.reader(tableSection).rest)
	add("split:table", kindTable, table...)
	_, memory := cutNumber(s.reader(memorySection).rest)
	add("split:memory", kindMemory, memory...)
	for i, kind := range s.globals {
		add(globalName(i), kindGlobal, kind...)
	}
	code := make([][]byte, len(s.bodies))
	for i, body := range s.bodies {
		if code[i] = body; !s.inRest[i] {
			code[i] = s.stub(i, -1)
		}
	}
	out := &wasmModule{sections: []wasmSection{
		{typeSection, *s.section(typeSection)},
		{importSection, vector(count, imports)},
		{functionSection, *s.section(functionSection)},
		{elementSection, s.elements()},
		{number: codeSection},
	}}
	out.setFunctions(code)
	return out.bytes()
}

// elements puts the functions of the rest into the table: a segment for each row of them.
func (s *splitter) elements() []byte {
	var out []byte
	segments := 0
	for i := 0; i < len(s.bodies); i++ {
		from := i
		for i < len(s.bodies) && s.inRest[i] {
			i++
		}
		if i == from {
			continue
		}
		segments++
		out = append(out, 0, constant)
		out = append(appendSigned(out, s.firstSlot+from), endOf)
		out = binary.AppendUvarint(out, uint64(i-from))
		for f := from; f < i; f++ {
			out = binary.AppendUvarint(out, uint64(len(s.imports)+f))
		}
	}
	return vector(segments, out)
}

// stub is the body of a function that calls the one with its number by way of the table. If asked is
// not negative, it is the global that says whether the rest is there.
func (s *splitter) stub(function, asked int) []byte {
	body := []byte{noLocals}
	if asked >= 0 {
		body = append(body, globalGet)
		body = binary.AppendUvarint(body, uint64(asked))
		body = append(body, isZero, ifInstruction, noResult, constant, wantRest, callInstruction)
		body = binary.AppendUvarint(body, uint64(s.gc))
		body = append(body, constant, 1, globalSet)
		body = append(binary.AppendUvarint(body, uint64(asked)), endOf)
	}
	body = s.arguments(body, s.typeOf[function])
	body = append(body, constant)
	body = append(appendSigned(body, s.firstSlot+function), callIndirect)
	body = binary.AppendUvarint(body, uint64(s.typeOf[function]))
	return append(body, 0, endOf)
}

// wrapper is the body of a function that calls an import.
func (s *splitter) wrapper(number int) []byte {
	body := s.arguments([]byte{noLocals}, s.imports[number].kind)
	body = append(body, callInstruction)
	return append(binary.AppendUvarint(body, uint64(number)), endOf)
}

// arguments puts all parameters of a function on the stack.
func (s *splitter) arguments(body []byte, kind int) []byte {
	for i := range s.types[kind][0] {
		body = append(body, localGet)
		body = binary.AppendUvarint(body, uint64(i))
	}
	return body
}

func wrapperName(i int) string { return fmt.Sprint("split:import", i) }
func globalName(i int) string  { return fmt.Sprint("split:global", i) }
