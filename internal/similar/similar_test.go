package similar

import (
	"archive/zip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/submission"
)

func file(name, text string) []submission.File {
	return []submission.File{{Name: name, Text: []byte(text)}}
}

func entries() []Entry {
	return []Entry{
		{Class, "Zoë B.", file("raft/raft.go", "package raft // one\n")},
		{Class, "bob", file("raft/raft.go", "package raft // two\n")},
		{Class, "=1+1", file("raft/raft.go", "package raft // a formula\n")},
		{Past, "bob", file("raft/raft.go", "package raft // another bob\n")},
		{Corpus, "reference", file("raft/raft.go", "package raft // ours\n")},
	}
}

// everything is all that others get to see: the names of files, and what is in them.
func everything(t *testing.T, dir string) (names []string, text string) {
	t.Helper()
	var b strings.Builder
	require.NoError(t, filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, name) // it is below dir
		names = append(names, filepath.ToSlash(rel))
		content, err := os.ReadFile(name)
		b.Write(content)
		return err
	}))
	z, err := zip.OpenReader(filepath.Join(dir, "dolos.zip"))
	require.NoError(t, err)
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		names = append(names, "zip:"+f.Name)
		b.Write(content)
	}
	return names, b.String()
}

// Names are in the key alone, and a second export calls everybody as the first did.
func TestNamesAreInTheKeyAlone(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key.csv")
	var first []string
	for _, out := range []string{"a", "b"} {
		out = filepath.Join(dir, out)
		require.NoError(t, Write(out, key, entries(), file("raft/raft.go", "package raft\n")))
		names, text := everything(t, out)
		for _, who := range []string{"Zoë", "bob,"} {
			assert.NotContains(t, strings.Join(names, "\n")+text, who)
		}
		assert.Contains(t, names, "jplag/past/raftlab-reference/raft/raft.go")
		assert.Contains(t, names, "jplag/base/raft/raft.go")
		assert.Contains(t, names, "zip:info.csv")
		assert.Contains(t, text, "base/base.go,base,base,true")
		if first == nil {
			first = names
		}
		assert.Equal(t, first, names)
	}
	text, err := os.ReadFile(key)
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^p[0-9a-f]{8},class,Zoë B\.$`, string(text))
	assert.Equal(t, 5, strings.Count(string(text), "\n"), "the two bobs are two")
	assert.Regexp(t, `(?m)^p[0-9a-f]{8},class,'=1\+1$`, string(text), "no formula")
	info, err := os.Stat(key)
	require.NoError(t, err)
	if filepath.Separator == '/' {
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	}
	assert.ErrorContains(t, Write(filepath.Join(dir, "a"), key, entries(), nil), "not empty")
	assert.ErrorContains(t, Write(filepath.Join(dir, "c"), filepath.Join(dir, "c", "key.csv"), entries(), nil), "others get to see")
}
