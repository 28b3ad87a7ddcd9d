package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/suite"
)

// TestFilesWithoutEnd: a device that the user names by mistake is not read until memory is full.
func TestFilesWithoutEnd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no /dev/zero")
	}
	class := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(class, "somebody"), 0o755))
	for _, args := range [][]string{
		{"test", "2A/InitialElection", "--scenario", "/dev/zero"},
		{"replay", "2A/InitialElection", "--seed", "1", "--scenario", "/dev/zero"},
		{"replay", "2A/InitialElection", "--code", "K3F9-2M7Q", "--salt", "/dev/zero"},
		{"grade", class, "2A", "--policy", "/dev/zero"},
		{"grade", class, "2A", "--salt", "/dev/zero"},
	} {
		res := raftlab(t, ".", args...)
		require.Equal(t, suite.ExitUsage, res.code, "%v: %s", args, res.errOut)
		require.Contains(t, res.errOut, "/dev/zero: it has more than ", args)
	}
}

// TestScenariosThatSayNothing: a scenario that changes nothing would make an ordinary run that looks
// like another one, and one of another case would mean something else.
func TestScenariosThatSayNothing(t *testing.T) {
	write := func(text string) string {
		name := filepath.Join(t.TempDir(), "scenario")
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	for text, why := range map[string]string{
		"":                          "it says nothing that differs in a run",
		"# leave the crash out\n\n": "it says nothing that differs in a run",
		"case 2B/Figure8\n":         "it is for `raftlab replay 2B/Figure8`",
	} {
		res := raftlab(t, ".", "replay", "2A/InitialElection", "--seed", "1", "--scenario", write(text))
		require.Equal(t, suite.ExitUsage, res.code, "%q: %s", text, res.errOut)
		require.Contains(t, res.errOut, why)
	}
	res := raftlab(t, ".", "test", "2A/InitialElection", "--scenario", write(""))
	require.Equal(t, suite.ExitUsage, res.code, res.errOut)
}

// TestPipeThatNobodyWritesTo: Ctrl-C ends the waiting, and what comes through a pipe is read.
func TestPipeThatNobodyWritesTo(t *testing.T) {
	dir := t.TempDir()
	silent, pipe := filepath.Join(dir, "silent"), filepath.Join(dir, "pipe")
	if err := exec.Command("mkfifo", silent, pipe).Run(); err != nil {
		t.Skip("no named pipes here: ", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := readNamed(ctx, silent, 100)
	require.ErrorIs(t, err, context.Canceled)
	go os.WriteFile(pipe, []byte("secret"), 0o600)
	text, err := readNamed(context.Background(), pipe, 100)
	require.NoError(t, err)
	require.Equal(t, "secret", string(text))
}

// piped is a named pipe that holds a text, once. Where there are none it is a file.
func piped(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pipe")
	if exec.Command("mkfifo", name).Run() != nil {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	go os.WriteFile(name, []byte(text), 0o600) // waits for whoever reads
	return name
}
