package sim

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// This file finds out which functions run. With RAFTLAB_SEEN=DIR in their environment, workers run
// a module in which each function begins with a mark, and write into DIR
//
//	all-ID     the names of the functions of the binary ID, but for small ones, the project's and
//	           code under test
//	seen-PID   the names of those that have run, once each
//
// The marks are in memory that nobody uses: Go's linker begins with data at an address of its own,
// and what is below it is for arguments that another host would put there.

// seenEnv names the directory.
const seenEnv = "RAFTLAB_SEEN"

const (
	firstData = 4096 + 8192 // where the linker begins (wasmMinDataAddr in cmd/link/internal/ld/data.go)
	small     = 512         // bytes of code, of which machine code costs hardly more than of a stub
	unread    = 64          // bytes that marks leave alone, for whoever follows a null pointer
)

// seen is what a worker notes about one binary.
type seen struct {
	names []string
	base  int // address of the marks
	known []bool
	file  *os.File
}

// marked returns the module with marks, and who reads them.
func marked(wasm []byte, dir, id string) ([]byte, *seen, error) {
	m, err := parseModule(wasm)
	if err != nil {
		return nil, nil, err
	}
	bodies, names, err := m.named()
	if err != nil {
		return nil, nil, err
	}
	s := &seen{base: unread}
	for i, body := range bodies {
		if len(body) < small || strings.Contains(string(names[i]), "raftlab") {
			continue
		}
		locals, code := splitBody(body)
		mark := append(slices.Clone(locals), constant)
		mark = appendSigned(mark, s.base+len(s.names))
		mark = append(mark, constant, 1, 0x3a, 0, 0) // i32.store8
		bodies[i] = append(mark, code...)
		s.names = append(s.names, string(names[i]))
	}
	if s.known = make([]bool, len(s.names)); s.base+len(s.names) > firstData {
		return nil, nil, fmt.Errorf("there are %d functions, and no room for so many marks", len(s.names))
	}
	m.setFunctions(bodies)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "all-"+id), []byte(strings.Join(s.names, "\n")+"\n"), 0o644); err != nil {
		return nil, nil, err
	}
	s.file, err = os.OpenFile(filepath.Join(dir, fmt.Sprint("seen-", os.Getpid())), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return m.bytes(), s, err
}

// note writes down the functions that have run.
func (s *seen) note(memory []byte) {
	if s == nil || len(memory) < s.base+len(s.names) {
		return
	}
	for i, name := range s.names {
		if memory[s.base+i] != 0 && !s.known[i] {
			s.known[i] = true
			fmt.Fprintln(s.file, name)
		}
	}
}
