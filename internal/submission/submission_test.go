package submission

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func goFile(name string) bool { return filepath.Ext(name) == ".go" }

func write(t *testing.T, root, name, text string) {
	file := filepath.Join(root, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

func TestRead(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"b.go", "a.go", "deep/er/c.go", "vendor/v.go", "testdata/t.go", ".git/g.go", "_old/o.go", ".h.go", "_u.go", "README"} {
		write(t, root, name, "// "+name)
	}
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(root, "log"))) // nobody wants it
	require.NoError(t, os.Symlink(root, filepath.Join(root, "loop")))
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(root, link))
	for _, dir := range []string{root, link} {
		files, err := Read(context.Background(), dir, Usual, goFile)
		require.NoError(t, err)
		require.Len(t, files, 3)
		require.Equal(t, File{"a.go", []byte("// a.go")}, files[0])
		require.Equal(t, "deep/er/c.go", files[2].Name)
	}
}

func TestHasDirectory(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a/b/c.go", "")
	require.NoError(t, os.Symlink("a", filepath.Join(root, "link")))
	for sub, want := range map[string]bool{".": true, "a": true, "a/b": true, "link": false, "link/b": false, "a/b/c.go": false, "x": false} {
		require.Equal(t, want, HasDirectory(root, sub), sub)
	}
}

// TestNotRegular: what is not a regular file is refused by name, and never opened. Two of these
// would never end.
func TestNotRegular(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "x.go", "package x")
	for name, make := range map[string]func(at string) error{
		"a symbolic link, out of the tree": func(at string) error { return os.Symlink(filepath.Join(outside, "x.go"), at) },
		"a symbolic link, in the tree":     func(at string) error { return os.Symlink("good.go", at) },
		"a symbolic link, to nothing":      func(at string) error { return os.Symlink("nothing", at) },
		"a symbolic link, to a device":     func(at string) error { return os.Symlink("/dev/zero", at) },
		"a symbolic link, to a directory":  func(at string) error { return os.Symlink(outside, at) },
		"a named pipe":                     func(at string) error { return mkfifo(at) },
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, "good.go", "package x")
			if err := make(filepath.Join(root, "x.go")); err != nil {
				t.Skip(err) // not every system has them
			}
			_, err := Read(context.Background(), root, Usual, goFile)
			kind, _, _ := strings.Cut(name, ",")
			var strange *Error
			require.True(t, errors.As(err, &strange), "%v", err)
			require.Equal(t, "x.go", strange.Name)
			require.Contains(t, err.Error(), "x.go is "+kind)
			_, err = ReadFile(context.Background(), filepath.Join(root, "x.go"))
			require.ErrorContains(t, err, kind)
		})
	}
}

func TestLimits(t *testing.T) {
	small := Limits{Entries: 10, Depth: 2, Files: 3, Size: 10, Total: 20}
	for name, c := range map[string]struct {
		files []string
		size  int
		says  string
	}{
		"as much as may be": {[]string{"a.go", "a/b/b.go"}, 10, ""},
		"a large file":      {[]string{"a.go"}, 11, "a.go is too large"},
		"much together":     {[]string{"a.go", "b.go", "c.go"}, 7, "all Go files together"},
		"many files":        {[]string{"a.go", "b.go", "c.go", "d.go"}, 1, "too many Go files"},
		"deep":              {[]string{"a/b/c/d.go"}, 1, "a/b/c is too deep"},
		"a strange name":    {[]string{"a\nb.go"}, 1, "cannot be printed"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, name := range c.files {
				write(t, root, name, strings.Repeat("x", c.size))
			}
			_, err := Read(context.Background(), root, small, goFile)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
		})
	}
	root := t.TempDir()
	for i := range 11 {
		write(t, root, fmt.Sprintf("%d.txt", i), "")
	}
	_, err := Read(context.Background(), root, small, goFile)
	require.ErrorContains(t, err, "10 files and directories")
}

func TestCancelled(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a.go", "")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Read(ctx, root, Usual, goFile)
	require.ErrorIs(t, err, context.Canceled)
}

// A program beside a package does not hide it, and what is not found is said once.
func TestFindTreeBesideAProgram(t *testing.T) {
	packages := []string{"./raft", "./kvraft", "./kvraft"}
	found, _, err := FindTree([]File{{"raft/a.go", []byte("//go:build ignore\n\npackage main\n")}, {"raft/raft.go", []byte("package raft\n")}}, packages)
	require.NoError(t, err)
	assert.Len(t, found, 2)
	_, _, err = FindTree([]File{{"raft/raft.go", nil}}, packages)
	assert.EqualError(t, err, "no package raft, kvraft is in it; its Go files say no package. It may have another layout: give it the folders that `raftlab init` makes")
}

// TestUnreadable: who may not read something is told what to do, and that nobody else is to blame.
func TestUnreadable(t *testing.T) {
	if os.Geteuid() <= 0 {
		t.Skip("root may read everything, and Windows has other rights")
	}
	for name, shown := range map[string]string{"raft/deep/x.go": "raft/deep/x.go", "raft/deep": "raft/deep", ".": "it"} {
		root := t.TempDir()
		write(t, root, "raft/deep/x.go", "package deep")
		at := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.Chmod(at, 0))
		_, err := Read(context.Background(), root, Usual, goFile)
		require.ErrorIs(t, err, fs.ErrPermission)
		require.ErrorContains(t, err, shown+" may not be read by this user: give the right to read it")
		var theirs *Error
		require.False(t, errors.As(err, &theirs))
		require.NoError(t, os.Chmod(at, 0o700))
	}
}
