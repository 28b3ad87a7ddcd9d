package owncases

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/labs"
	"raftlab/tester"
)

// pkg writes a package of cases, below a module of its own.
func pkg(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

// Packages of the instructor's own module come along, and are called otherwise in the framework.
func TestImportsOfItsOwnModule(t *testing.T) {
	dir := pkg(t, map[string]string{
		"go.mod":                "module example.org/mine\n\ngo 1.26\n",
		"of/raft/a.go":          "package raft\n\nimport (\n\t\"example.org/mine/of/raft/help\"\n\t\"raftlab/tester\"\n)\n\nvar _ = help.Me\n",
		"of/raft/help/h.go":     "package help\n",
		"of/raft/a_test.go":     "package raft\n",
		"of/raft/testdata/x.go": "package x\n",
	})
	files, err := ReadFiles(filepath.Join(dir, "of", "raft"))
	require.NoError(t, err)
	require.Len(t, files, 2)
	assert.Equal(t, "package raft\n\nimport (\n\t\"raftlab/labs/private/help\"\n\t\"raftlab/tester\"\n)\n\nvar _ = help.Me\n", string(files["labs/private/a.go"]))
	kept := t.TempDir()
	require.NoError(t, files.Keep(kept))
	again, err := ReadFiles(kept)
	require.NoError(t, err)
	assert.Equal(t, files.Hash(), again.Hash(), "a copy is the same cases")
}

// The template's case is found with what it says about itself; what is wrong with others is said
// with their own names.
func TestTable(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "cases")
	require.NoError(t, Write(root, dir))
	assert.ErrorContains(t, Write(root, dir), "not empty")
	s, err := Read(context.Background(), root, dir, labs.All())
	require.NoError(t, err)
	require.Len(t, s.Cases, 1)
	assert.Equal(t, "2X/HalfIsNotEnough", s.Cases[0].ID())
	assert.Equal(t, "./raft", s.Cases[0].Package)
	assert.True(t, s.Cases[0].Private)
	assert.Nil(t, s.Edits["labs/private/private.go"])

	dir = pkg(t, map[string]string{"mine.go": "package mine\n\nimport \"raftlab/tester\"\n\nfunc Cases(lab string) []tester.Case {\n\treturn nothing\n}\n"})
	_, err = Read(context.Background(), root, dir, labs.All())
	assert.ErrorContains(t, err, "mine.go:6:9: undefined: nothing")
	assert.NotContains(t, err.Error(), "labs/private", "the file is the instructor's, and is called as it is there")
}

func TestCheck(t *testing.T) {
	lab2 := labs.All()[1]
	for says, c := range map[string]tester.Case{
		"its part is 2 and a capital letter": {Part: "3X", Name: "A", Checks: "x"},
		"is a case of lab2 already":          {Part: "2A", Name: "InitialElection", Checks: "x"},
		"does not say what it checks":        {Part: "2X", Name: "A"},
		"begins with a capital":              {Part: "2X", Name: "a case", Checks: "x"},
		"give it from 0 to 1000":             {Part: "2X", Name: "A", Checks: "x", Points: -1},
	} {
		assert.ErrorContains(t, check(c, lab2), says)
	}
	assert.NoError(t, check(tester.Case{Part: "2B", Name: "Mine", Checks: "x", Points: 3}, lab2))
}
