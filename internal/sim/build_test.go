package sim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSecondBuildIsCached(t *testing.T) {
	first := buildMini(t)
	began := time.Now()
	second := buildMini(t)
	require.True(t, second.Cached)
	require.Equal(t, first.ID, second.ID)
	require.Less(t, time.Since(began), time.Second)

	b := miniBuild(t)
	b.Impl = map[string]string{"raft": filepath.Join("testdata", "mini")} // the same code, as a course tree
	third, err := b.Binary(context.Background(), nil)
	require.NoError(t, err)
	require.Equal(t, first.ID, third.ID)
}

func TestRewrite(t *testing.T) {
	words := strings.NewReplacer("IMPORT", "import raftlab_backedge \"raftlab/internal/backedge\"",
		"ENTER", "raftlab_backedge.Enter();", "ROUND", "raftlab_backedge.Count();")
	for before, after := range map[string]string{
		"package x // c\nvar x int\n":         "package x // c\nvar x int\n",
		"package x // c\nfunc f() { for {} }": "package x; IMPORT // c\nfunc f() {ENTER for {ROUND} }",
		"package x\nfunc f() {\nl:\n\tfor i := range 3 { // c\n\t\tcontinue l\n\t}\n\tgoto l\n}": "package x; IMPORT\n" +
			"func f() {ENTER\nl:\n\tfor i := range 3 {ROUND // c\n\t\tcontinue l\n\t}\n\tROUNDgoto l\n}",
		"package x\nfunc g()\nfunc (T) m() {\n\tf(func() { g() })\n}": "package x; IMPORT\nfunc g()\nfunc (T) m() {ENTER\n\tf(func() {ENTER g() })\n}",
	} {
		got := insert([]byte(before), backedges("x.go", []byte(before)))
		require.Equal(t, words.Replace(after), string(got))
		require.Equal(t, strings.Count(before, "\n"), strings.Count(string(got), "\n"))
	}
}

// TestOverlayFallsBack: with a Go release that looks different, the engine says what is missing.
func TestOverlayFallsBack(t *testing.T) {
	root := t.TempDir()
	files, applied, notes := runtimeOverlay(root, wasmEngine)
	require.Empty(t, files)
	require.Empty(t, applied)
	require.Len(t, notes, len(runtimeGroups))
	require.Contains(t, strings.Join(notes, "\n"), "first in, first out")
}

func TestPrune(t *testing.T) {
	c := cache{t.TempDir()}
	for _, part := range []string{"keys", "wasm", "host", "native", "tmp"} {
		require.NoError(t, os.Mkdir(filepath.Join(c.dir, part), 0o755))
	}
	age := func(id string, d time.Duration) {
		used := time.Now().Add(-d)
		require.NoError(t, os.Chtimes(c.wasm(id), used, used))
	}
	ids := map[string]string{}
	for i, name := range []string{"old", "middle", "new"} {
		wasm := fmt.Appendf(nil, "%100s", name)
		id := contentID(wasm)
		ids[name] = id
		require.NoError(t, os.WriteFile(c.wasm(id), wasm, 0o644))
		require.NoError(t, os.MkdirAll(c.native(id), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(c.native(id), "code"), make([]byte, 300), 0o644))
		age(id, time.Duration(10-i)*time.Hour)
		require.NoError(t, c.store("key-"+name, &Binary{ID: id, Overlay: "of this raftlab"}))
	}
	require.NotNil(t, c.find("key-old")) // and so it is the newest now
	c.prune(900, ids["new"])
	require.Nil(t, c.find("key-middle"))
	require.NotNil(t, c.find("key-old"))
	require.NotNil(t, c.find("key-new"))
	require.NoDirExists(t, c.native(ids["middle"]))
	c.prune(0, ids["new"])
	require.NotNil(t, c.find("key-old"), "somebody may be running it")
	age(ids["old"], 2*inUse)
	c.prune(0, ids["new"])
	require.Nil(t, c.find("key-old"))
	require.NotNil(t, c.find("key-new"))
	keys, err := filepath.Glob(filepath.Join(c.dir, "keys", "*"))
	require.NoError(t, err)
	require.Len(t, keys, 1)
}

func TestDoctor(t *testing.T) {
	h := Doctor(context.Background(), filepath.Join("..", ".."))
	require.Empty(t, h.Problems)
	require.NotEmpty(t, h.GoVersion)
	require.Equal(t, []string{"test main", "chance", "owner", "pools", "shared", "logger", "order", "timers", "yields", "bytes", "stacks", "collect", "idle", "floods", "exits", "words", "atomics", "one thread", "clock", "floods end"}, h.Overlay)
	require.DirExists(t, h.Cache)
}
