package repo

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/submission"
)

// git runs git as a student would, at some time of theirs.
func git(t *testing.T, dir, when string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=s", "-c", "user.email=s@example.org", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_AUTHOR_DATE="+when, "GIT_COMMITTER_DATE="+when, "GIT_CONFIG_GLOBAL="+os.DevNull)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%v\n%s", args, out)
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
}

const early, late = "2026-03-01T20:00:00+0000", "2026-03-02T09:00:00+0000"

// two is a repository with a commit before and one after a deadline.
func two(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here")
	}
	dir := t.TempDir()
	git(t, dir, early, "init", "-q")
	put(t, dir, "raft/raft.go", "package raft // in time\n")
	put(t, dir, "notes.txt", "no code\n")
	git(t, dir, early, "add", "-A")
	git(t, dir, early, "commit", "-qm", "in time")
	put(t, dir, "raft/raft.go", "package raft // too late\n")
	git(t, dir, late, "commit", "-qam", "late")
	put(t, dir, "raft/raft.go", "package raft // not even committed\n")
	return dir
}

var deadline = time.Date(2026, 3, 1, 23, 59, 0, 0, time.UTC)

// at is the text of raft.go at a time.
func at(t *testing.T, dir string, before time.Time) (string, Commit) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.tar")
	c, err := At(context.Background(), dir, before, file)
	require.NoError(t, err)
	files, err := submission.ReadAny(context.Background(), file, submission.Tree, func(string) bool { return true })
	require.NoError(t, err)
	require.Len(t, files, 1, "Go files alone")
	return string(files[0].Text), c
}

func TestTheLastCommitBefore(t *testing.T) {
	dir := two(t)
	require.True(t, Is(dir))
	require.False(t, Bare(dir))
	text, c := at(t, dir, deadline)
	assert.Equal(t, "package raft // in time\n", text)
	assert.Equal(t, "2026-03-01T20:00:00Z", c.When.Format(time.RFC3339))
	text, _ = at(t, dir, time.Time{})
	assert.Equal(t, "package raft // too late\n", text)
	_, err := At(context.Background(), dir, deadline.AddDate(-1, 0, 0), filepath.Join(t.TempDir(), "x.tar"))
	assert.ErrorIs(t, err, ErrNone)

	git(t, dir, late, "pack-refs", "--all")
	git(t, dir, late, "gc", "-q")
	bare := filepath.Join(t.TempDir(), "alice.git")
	git(t, dir, late, "clone", "-q", "--bare", ".", bare)
	for _, packed := range []string{dir, bare} {
		text, _ = at(t, packed, deadline)
		assert.Equal(t, "package raft // in time\n", text)
	}
	assert.True(t, Bare(bare))
	assert.False(t, Is(t.TempDir()))
}

// A repository is a stranger's: what its configuration tells git to run is not run.
func TestNothingOfTheRepositoryRuns(t *testing.T) {
	dir := two(t)
	marker := filepath.Join(t.TempDir(), "ran")
	put(t, dir, ".git/config", `[core]
	repositoryformatversion = 0
	fsmonitor = "touch '`+filepath.ToSlash(marker)+`'"
	sshCommand = "touch '`+filepath.ToSlash(marker)+`'"
[filter "evil"]
	smudge = "touch '`+filepath.ToSlash(marker)+`'"
	clean = "touch '`+filepath.ToSlash(marker)+`'"
[core]
	nonsense =
[remote "origin"]
	url = ext::touch `+filepath.ToSlash(marker)+`
	promisor = true
`)
	put(t, dir, ".git/info/attributes", "*.go filter=evil\n")
	put(t, dir, ".gitattributes", "*.go filter=evil export-ignore\n")
	text, _ := at(t, dir, deadline)
	assert.Equal(t, "package raft // in time\n", text)
	assert.NoFileExists(t, marker)

	put(t, dir, ".git/HEAD", "ref: refs/../../secret\n")
	_, err := At(context.Background(), dir, deadline, filepath.Join(t.TempDir(), "x.tar"))
	assert.ErrorContains(t, err, "no name of one")
}
