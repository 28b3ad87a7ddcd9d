package adopt

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/submission"
)

// twice is the base solution, and once more with another beginning of its names.
func twice(t *testing.T, to string) solution {
	s := base(t)
	maps.Copy(s, base(t).moved("src/", to+"/"))
	return s
}

// Of several solutions the one is taken that everybody would take, and it is said.
func TestChosenOfSeveral(t *testing.T) {
	t.Parallel()
	for folder, why := range map[string]string{
		"old": "set aside", "backup/src": "set aside", "src_bak": "set aside", "src - Copy": "set aside", "copy of src": "set aside", "Src.OLD 2": "set aside",
		"then": "the same code as src", "a/b": "the same code as src",
	} {
		s := twice(t, folder)
		if why == "set aside" {
			s[folder+"/raft/raft.go"] += "\n// before\n"
		}
		a := adopted(t, s)
		assert.Equal(t, "src/raft", a.Dirs["raft"], folder)
		assert.Equal(t, "src/kvraft", a.Dirs["kvraft"], folder)
		assert.True(t, a.says(Named, folder, why), "%s: %v", folder, a.Notes)
	}
	// What was set aside is all there is.
	a := adopted(t, base(t).moved("src/", "backup/"))
	assert.Equal(t, "backup/raft", a.Dirs["raft"])
	// A copy of one package that is also in the whole.
	s := base(t)
	maps.Copy(s, base(t).without("src/kvraft", "src/mr").moved("src/", "lab2/"))
	assert.Equal(t, "src/raft", adopted(t, s).Dirs["raft"])
}

// Where nobody else can know, nothing is chosen.
func TestNotChosen(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"later", "src2", "lab3", "oldest", "template.d/x"} {
		s := twice(t, folder)
		s[folder+"/raft/raft.go"] += "\n// another\n"
		if folder == "template.d/x" { // both were set aside
			s = s.moved("src/", "old/")
		}
		_, err := Read(context.Background(), s.write(t), Auto)
		var several *submission.SeveralError
		if folder == "oldest" || folder == "template.d/x" {
			require.True(t, errors.As(err, &several), "%s: %v", folder, err)
			continue
		}
		require.True(t, errors.As(err, &several), "%s: %v", folder, err)
		assert.ElementsMatch(t, []string{"src", folder}, several.Folders)
		assert.ErrorContains(t, err, "name one of them")
	}
}

// The folder that counts may be named in an archive.
func TestFolderInAnArchive(t *testing.T) {
	t.Parallel()
	s := twice(t, "lab 3/src")
	s["lab 3/src/raft/raft.go"] += "\n// another\n"
	archive := zipped(t, s.write(t))
	a, err := Read(context.Background(), filepath.Join(archive, "lab 3", "src"), Auto)
	require.NoError(t, err)
	assert.Equal(t, "raft", a.Dirs["raft"])
	assert.Contains(t, a.text(t, "raft/raft.go"), "// another")
	_, err = Read(context.Background(), filepath.Join(archive, "lab 4"), Auto)
	assert.ErrorContains(t, err, "no folder lab 4")
}

// Labs about Paxos are of another course than anything here tests.
func TestBeforeRaft(t *testing.T) {
	t.Parallel()
	old := solution{"hw4/src/paxos/paxos.go": "package paxos\n\nfunc Make() {}\n", "hw4/src/shardmaster/server.go": "package shardmaster\n\nimport \"paxos\"\n\nfunc StartServer() { paxos.Make() }\n"}
	_, err := Read(context.Background(), old.write(t), Auto)
	assert.ErrorContains(t, err, "2015 and before (paxos)")
	_, err = Read(context.Background(), old.without("hw4/src/paxos").write(t), Auto)
	assert.ErrorContains(t, err, "2015 and before (paxos)")
	s := base(t) // who learnt Paxos beside it has a Raft all the same
	s["src/paxos/paxos.go"] = "package paxos\n"
	adopted(t, s)
}
