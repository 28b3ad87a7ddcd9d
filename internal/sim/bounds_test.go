package sim

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// bombs are sources that keep a compiler busy for longer than anybody waits. Types that double with
// every line are none any more: they are refused before (TestLargeTypes).
var bombs = map[string]func() string{
	"a constant that doubles": func() string { // for the type checker
		text := "package raft\n\nconst c0 = \"xxxxxxxxxxxxxxxx\"\n"
		for i := range 40 {
			text += fmt.Sprintf("const c%d = c%d + c%d\n", i+1, i, i)
		}
		return text + "\nvar n = len(c40)\n"
	},
	"a giant function": func() string {
		var b strings.Builder
		b.WriteString("package raft\n\nvar total int\n\nfunc giant(x int) int {\n")
		for i := range 100_000 {
			fmt.Fprintf(&b, "\tif x > %d { total += x * %d } else { x ^= total }\n", i, i)
		}
		b.WriteString("\treturn x\n}\n\nfunc init() { giant(total) }\n")
		return b.String()
	},
}

// A compiler that takes too long is ended, with the processes it has started, and the code is
// blamed.
func TestCompilerBombs(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("limits of processes are for Linux")
	}
	buildMini(t) // the standard library is compiled under the ordinary limits
	was := compiling
	t.Cleanup(func() { compiling = was })
	compiling.cpu = 2 * time.Second
	for name, source := range bombs {
		t.Run(name, func(t *testing.T) {
			t.Setenv("RAFTLAB_CACHE", t.TempDir())
			b := miniBuild(t)
			b.Edits["raft/bomb.go"] = []byte(source())
			began := time.Now()
			_, err := b.Binary(context.Background(), nil)
			var compile *CompileError
			require.ErrorAs(t, err, &compile)
			require.Contains(t, compile.Output, "2s of processor time")
			require.Less(t, time.Since(began), time.Minute)
			left, err := filepath.Glob(filepath.Join(mustCache(t).dir, "tmp", "*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
	t.Run("memory", func(t *testing.T) {
		compiling = bounds{cpu: time.Minute, memory: 100 << 20, wall: time.Minute}
		t.Setenv("RAFTLAB_CACHE", t.TempDir())
		b := miniBuild(t)
		b.Edits["raft/bomb.go"] = []byte(bombs["a giant function"]())
		_, err := b.Binary(context.Background(), nil)
		require.ErrorContains(t, err, "more than 100 MiB of memory")
	})
}

func mustCache(t *testing.T) cache {
	t.Helper()
	c, err := openCache()
	require.NoError(t, err)
	return c
}

// Machine code is made elsewhere, and under limits.
func TestMachineCodeBomb(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("limits of processes are for Linux")
	}
	b := *buildMini(t)
	require.NoError(t, makeNative(context.Background(), &b), "it is in the cache")
	was := translating
	t.Cleanup(func() { translating = was })
	translating.cpu = time.Second
	other := cacheWith(t, &b)
	err := makeNative(context.Background(), other)
	var compile *CompileError
	require.ErrorAs(t, err, &compile)
	require.Contains(t, compile.Output, "making machine code of the code under test needed more than 1s of processor time")
}

// A command that does not end is no fault of anybody's, and ends with all its children.
func TestBuildWall(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	b := bounds{cpu: time.Minute, memory: 1 << 30, wall: 300 * time.Millisecond}
	began := time.Now()
	_, err := b.output(context.Background(), "the compiler", exec.Command("sh", "-c", "sleep 60 & sleep 60"))
	require.ErrorContains(t, err, "did not end within 300ms")
	require.Less(t, time.Since(began), 2*time.Second, "the children held the output open")
	if runtime.GOOS == "linux" { // many processes that each stay below their limit
		b.total, b.wall = time.Millisecond, time.Minute
		_, err := b.output(context.Background(), "the compiler", exec.Command("sh", "-c", "while :; do sh -c 'exec true'; done"))
		require.ErrorContains(t, err, "the compiler needed more than 1ms of processor time in all")
		var compile *CompileError
		require.ErrorAs(t, err, &compile)
		b.total = 0
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	b.wall = time.Minute
	_, err = b.output(ctx, "the compiler", exec.Command("sleep", "60"))
	require.ErrorIs(t, err, context.Canceled)
}
