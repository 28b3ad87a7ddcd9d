package sim

import (
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
	m, err := parseModule(wasm)
	var imports []wasmImport
	if err == nil {
		imports, err = m.imports()
	}
	if err != nil {
		return fmt.Errorf("read what the test binary wants from its host: %w", err)
	}
	for _, f := range imports {
		known := f.module == "wasi_snapshot_preview1" && slices.Contains(strings.Fields(wasiImports), f.name) ||
			f.module == "raftlab" && slices.Contains(strings.Fields(hostImports), f.name)
		if !known {
			return fmt.Errorf("the test binary wants the function %.100q of its host, which the framework does not use: it is not run", f.module+" "+f.name)
		}
	}
	return nil
}
