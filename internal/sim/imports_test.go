package sim

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestImports: a test binary gets from its host what the framework uses, and nothing else.
func TestImports(t *testing.T) {
	wasm, err := os.ReadFile(buildMini(t).Path)
	require.NoError(t, err)
	m, err := parseModule(wasm)
	require.NoError(t, err)
	imports, err := m.imports()
	require.NoError(t, err)
	var names []string
	for _, f := range imports {
		names = append(names, f.module+" "+f.name)
	}
	require.Contains(t, names, "raftlab verdict")
	require.Contains(t, names, "wasi_snapshot_preview1 proc_exit")
	require.NoError(t, checkImports(wasm))

	module := func(name, function string) []byte {
		entry := append([]byte{1, byte(len(name))}, name...)
		entry = append(append(entry, byte(len(function))), function...)
		entry = append(entry, 0, 0)
		return append([]byte("\x00asm\x01\x00\x00\x00\x01\x00\x02"), append([]byte{byte(len(entry))}, entry...)...)
	}
	require.NoError(t, checkImports(module("raftlab", "event")))
	require.ErrorContains(t, checkImports(module("raftlab", "forge")), "raftlab forge")
	require.ErrorContains(t, checkImports(module("env", "verdict")), "env verdict")
	require.ErrorContains(t, checkImports(module("wasi_snapshot_preview1", "sock_open")), "sock_open")
	cut := module("raftlab", "event")
	require.Error(t, checkImports(cut[:len(cut)-4]))
	require.Error(t, checkImports([]byte("MZ")))
}

// TestLinkerKeepsItsTables: with -s the linker of Go 1.26 makes modules that are not valid, of some
// programs only, so that no build here would notice.
func TestLinkerKeepsItsTables(t *testing.T) {
	for _, flag := range compileFlags {
		if flags, ok := strings.CutPrefix(flag, "-ldflags="); ok {
			require.NotContains(t, strings.Fields(flags), "-s")
		}
	}
}
