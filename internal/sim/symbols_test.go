package sim

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// compiledAs is what the compiler makes of a file that package vet would refuse.
func compiledAs(t *testing.T, source string) object {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module raftlab\n\ngo 1.26\n", "raft/raft.go": source, "raft/empty.s": ""} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "raft"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	cmd := exec.Command("go", "list", "-export", "-f", "{{.Export}}", "./raft")
	cmd.Dir, cmd.Env = dir, guestBuildEnv()
	out, err := cmd.Output()
	require.NoError(t, explained(err))
	archive, err := os.ReadFile(string(out[:len(out)-1]))
	require.NoError(t, err)
	o, err := readObject(archive)
	require.NoError(t, err)
	return o
}

// TestSymbols: whatever the check of the source may overlook, the compiled package shows.
func TestSymbols(t *testing.T) {
	own := fence{underTest: func(pkg string) bool { return pkg == "raftlab/raft" }}
	for _, c := range []struct{ name, source, what string }{
		{"honest", "import (\"flag\"; \"fmt\"; \"hash/crc32\"; \"os\"; \"slices\"; \"sync/atomic\"; \"time\")\n" +
			"var p atomic.Pointer[int]\nfunc F() { flag.Parse(); crc32.NewIEEE(); os.Symlink(\"a\", \"b\"); os.Truncate(\"a\", 1); fmt.Println(slices.Sorted(slices.Values([]int{1})), os.Getenv(\"A\"), time.Until(time.Now()), p.Load()) }", ""},
		{"environment", "import \"os\"\nfunc F() { os.Setenv(\"GODEBUG\", \"x\") }", "os.Setenv"},
		{"reflection", "import \"reflect\"\nfunc F(x any) { reflect.ValueOf(x).Elem().Field(0).SetInt(1) }", "reflect.Value."},
		{"a method value", "import \"reflect\"\nfunc F(x reflect.Value) func() uintptr { return x.Pointer }", "reflect.Value.Pointer"},
		{"linker", "import _ \"unsafe\"\n//go:linkname exit runtime.exit\nfunc exit(int32)\nfunc F() { exit(0) }", "runtime.exit"},
		{"system", "import \"syscall\"\nfunc F() { syscall.Write(1, nil) }", "syscall.Write"},
		{"profiler", "import \"runtime/pprof\"\nfunc F() { pprof.StopCPUProfile() }", "runtime/pprof."},
		{"runtime", "import \"runtime\"\nfunc F() { runtime.LockOSThread() }", "runtime.LockOSThread"},
		{"host", "//go:wasmimport raftlab verdict\nfunc verdict(a, b uint32)\nfunc F() { verdict(0, 0) }", "a function of the host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refusals := compiledAs(t, "package raft\n\n"+c.source+"\n").refusals(own)
			if c.what == "" {
				require.Empty(t, refusals)
				return
			}
			require.NotEmpty(t, refusals)
			require.Contains(t, refusals[0].What, c.what)
			require.NotEmpty(t, refusals[0].Why)
		})
	}
	for _, damaged := range [][]byte{nil, []byte("!<arch>\n"), []byte("!<arch>\n" + string(make([]byte, 200)))} {
		_, err := readObject(damaged)
		require.ErrorIs(t, err, errNoObject)
	}
}

// TestSymbolsAreChecked: a build with what the first fence is made to overlook does not come to its
// end.
func TestSymbolsAreChecked(t *testing.T) {
	t.Setenv("RAFTLAB_CACHE", t.TempDir())
	b := miniBuild(t)
	p, err := b.prepare(context.Background())
	require.NoError(t, err)
	// As if vet had let something pass.
	p.code.replace["raft/more.go"] = []byte("package raft\n\nimport \"os\"\n\nfunc init() { os.Setenv(\"A\", \"B\") }\n")
	c := compilation{Build: p.Build, tools: p.tools, code: p.code, store: mustCache(t), names: map[string]string{}}
	_, err = c.compile(context.Background(), p.edited)
	var refused *RefusedError
	require.ErrorAs(t, err, &refused)
	require.Contains(t, refused.Refusals[0].What, "the compiled package wants os.Setenv")
	require.Equal(t, "raft", filepath.Base(filepath.Dir(refused.Refusals[0].File)))
}
