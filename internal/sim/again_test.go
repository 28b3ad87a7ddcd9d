package sim

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// ownPeer is a copy of the reference that can be edited, and its build.
func ownPeer(t *testing.T) (dir string, b Build) {
	root := filepath.Join("..", "..")
	dir = t.TempDir()
	files, err := filepath.Glob(filepath.Join(root, "raft", "*.go"))
	require.NoError(t, err)
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o644))
		}
	}
	return dir, Build{Framework: root, Package: "./raft", Impl: map[string]string{"raft": dir}, Native: true}
}

// TestBuiltAgain: what is made after an edit without the go command runs as what that makes, and
// where it does not compile, or something is missing, the go command does as before.
func TestBuiltAgain(t *testing.T) {
	t.Setenv("RAFTLAB_CACHE", t.TempDir())
	dir, b := ownPeer(t)
	pool := newPool(t, 1)
	run := func() Result {
		binary, err := b.Binary(context.Background(), nil)
		require.NoError(t, err)
		return pool.Run(context.Background(), labJob(binary, "2A/InitialElection", 1))
	}
	edit := func(text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "edited.go"), []byte("package raft\n"+text), 0o644))
	}
	edit("const edited = 1\n")
	first := run()
	require.Equal(t, record.Pass, first.Verdict.Outcome, first.Verdict.Message)
	recipes, err := filepath.Glob(filepath.Join(mustCache(t).dir, "recipes", "*.json"))
	require.NoError(t, err)
	require.Len(t, recipes, 1)
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	byGo := func(wanted bool) { // the go command's builds write the recipe anew
		info, err := os.Stat(recipes[0])
		require.NoError(t, err)
		require.Equal(t, wanted, info.ModTime().After(long))
		require.NoError(t, os.Chtimes(recipes[0], long, long))
	}
	byGo(true)

	edit("const edited = 2\nfunc unused(n int) int {\n\treturn n + edited\n}\n")
	again := run()
	require.Equal(t, first.Hash, again.Hash)
	byGo(false)

	edit("func init() {\n\tpanic(\"in the edited file\")\n}\n")
	crash := run()
	require.Equal(t, record.Crash, crash.Verdict.Outcome)
	require.Contains(t, crash.Verdict.Stack, "raftlab/raft/edited.go:3", "files have the names that they would have")
	byGo(false)

	edit("var edited int = \"no number\"\n")
	_, err = b.Binary(context.Background(), nil)
	var compile *CompileError
	require.ErrorAs(t, err, &compile)
	require.Contains(t, compile.Output, "edited.go:2")

	text, err := os.ReadFile(recipes[0])
	require.NoError(t, err)
	steps, archives, found := strings.Cut(string(text), `"Archives":`)
	require.True(t, found)
	archives = strings.Replace(archives, `-d"`, `-gone"`, 1)
	require.NoError(t, os.WriteFile(recipes[0], []byte(steps+`"Archives":`+archives), 0o644))
	require.NoError(t, os.Chtimes(recipes[0], long, long))
	edit("const edited = 3\n")
	require.Equal(t, first.Hash, run().Hash)
	byGo(true)
}
