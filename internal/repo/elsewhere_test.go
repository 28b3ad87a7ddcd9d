package repo

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Code in a branch that nobody looks at, and code in a submodule, are found where there is none
// elsewhere; a branch without code says nothing.
func TestElsewhere(t *testing.T) {
	dir := two(t)
	assert.Empty(t, Elsewhere(context.Background(), dir), "there is one branch")
	git(t, dir, late, "checkout", "-q", "--orphan", "empty")
	git(t, dir, late, "rm", "-rfq", "--cached", ".")
	git(t, dir, late, "add", "notes.txt")
	git(t, dir, late, "commit", "-qm", "no code")
	assert.Equal(t, `other branches have code ("main")`, Elsewhere(context.Background(), dir))
	git(t, dir, late, "pack-refs", "--all")
	assert.Equal(t, `other branches have code ("main")`, Elsewhere(context.Background(), dir), "packed")
	git(t, dir, late, "checkout", "-qf", "main")
	assert.Empty(t, Elsewhere(context.Background(), dir))

	outer := t.TempDir()
	git(t, outer, early, "init", "-q")
	git(t, outer, early, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", dir, "labs")
	git(t, outer, early, "commit", "-qm", "outer")
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, outer, early, "clone", "-q", outer, clone)
	assert.Equal(t, `submodules are repositories of their own ("labs")`, Elsewhere(context.Background(), clone))
}

// The repository may have a folder around it, and it may be somewhere else.
func TestFind(t *testing.T) {
	dir := two(t)
	assert.Equal(t, dir, Find(dir))
	around := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(around, "hand in"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(around, "__MACOSX"), 0o755))
	assert.Empty(t, Find(around))
	require.NoError(t, os.Rename(dir, filepath.Join(around, "hand in", "repo")))
	assert.Equal(t, filepath.Join(around, "hand in", "repo"), Find(around))
	require.NoError(t, os.MkdirAll(filepath.Join(around, "another"), 0o755))
	assert.Empty(t, Find(around), "which of them counts cannot be told")

	assert.False(t, LeadsElsewhere(around))
	put(t, around, ".git", "gitdir: /elsewhere\n")
	assert.True(t, LeadsElsewhere(around))
}
