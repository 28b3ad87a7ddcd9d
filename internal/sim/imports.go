package sim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// wasiImports are the functions of the system that the Go runtime and package os of a guest call.
const wasiImports = "args_get args_sizes_get clock_time_get environ_get environ_sizes_get fd_close fd_fdstat_get " +
	"fd_fdstat_set_flags fd_filestat_get fd_filestat_set_size fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite fd_read " +
	"fd_readdir fd_seek fd_sync fd_write path_create_directory path_filestat_get path_filestat_set_times path_link path_open " +
	"path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit random_get " +
	"sched_yield sock_accept sock_shutdown"

// hostImports are the functions of [hostModule].
const hostImports = "params event detail verdict watch yield spin gc flood clock"

// checkImports is a second fence behind package vet: a test binary that wants a function of the
// host which neither the Go runtime nor the harness has is not run. Code under test would need a
// directive for that, and vet refuses those.
func checkImports(wasm []byte) error {
	names, err := wasmImports(wasm)
	if err != nil {
		return fmt.Errorf("read what the test binary wants from its host: %w", err)
	}
	for _, name := range names {
		module, function, _ := strings.Cut(name, " ")
		known := module == "wasi_snapshot_preview1" && slices.Contains(strings.Fields(wasiImports), function) ||
			module == "raftlab" && slices.Contains(strings.Fields(hostImports), function)
		if !known {
			return fmt.Errorf("the test binary wants the function %.100q of its host, which the framework does not use: it is not run", name)
		}
	}
	return nil
}

var errShort = errors.New("it ends early")

// wasmImports lists the imports of a module as "module name". The format is that of the WebAssembly
// core specification, section 5.5.5: sections with a number and a length, of which the second holds
// the imports.
func wasmImports(wasm []byte) ([]string, error) {
	const header, importSection = 8, 2 // bytes; number
	if len(wasm) < header || !bytes.HasPrefix(wasm, []byte("\x00asm")) {
		return nil, errors.New("it is not a WebAssembly module")
	}
	r := &wasmReader{wasm[header:]}
	for len(r.rest) > 0 {
		number := r.take(1)
		section := &wasmReader{r.take(r.number())}
		if section.rest == nil || number == nil {
			return nil, errShort
		}
		if number[0] == importSection {
			return section.imports()
		}
	}
	return nil, nil
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

func (r *wasmReader) imports() (names []string, err error) {
	for range r.number() {
		module, name := r.take(r.number()), r.take(r.number())
		kind := r.take(1)
		if kind == nil {
			return nil, errShort
		}
		if kind[0] != 0 {
			return nil, fmt.Errorf("the import %.100q is not a function", name)
		}
		r.number() // its type
		names = append(names, string(module)+" "+string(name))
	}
	return names, nil
}
