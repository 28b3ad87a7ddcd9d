package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/suite"
)

// withDelve returns an environment in which dlv is on PATH. Where there is none, it is taken from
// the module proxy.
func withDelve(t *testing.T) (dlv string, env []string) {
	t.Helper()
	dlv, err := delve(t.Context())
	if err != nil {
		bin := t.TempDir()
		c := exec.Command("go", "install", "github.com/go-delve/delve/cmd/dlv@v1.27.2")
		c.Dir, c.Env = bin, append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
		if out, err := c.CombinedOutput(); err != nil {
			t.Skipf("there is no Delve on this machine, and go install does not get it: %v\n%s", err, out)
		}
		dlv = filepath.Join(bin, "dlv")
	}
	return dlv, append(os.Environ(), "PATH="+os.Getenv("PATH")+string(os.PathListSeparator)+filepath.Dir(dlv))
}

// session stops at the first two calls of AppendEntries, looks at the peer, and lets the run go on.
const session = "break raftlab/raft.(*Raft).AppendEntries\ncontinue\nprint rf.currentTerm\nstep\nnext\nprint args\ncontinue\nclearall\ncontinue\nexit\n"

var (
	hashLine = regexp.MustCompile(`trace hash ([0-9a-f]{12})`)
	answer   = regexp.MustCompile(`(?m)^(?:\(dlv\) )*[1-9]\d*$`)
)

// TestDebugger drives a real Delve: a run that is stopped and looked at is the run that it is
// otherwise.
func TestDebugger(t *testing.T) {
	dlv, env := withDelve(t)
	checkout, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	replay := func(args ...string) *exec.Cmd {
		c := exec.Command(executable, append([]string{"replay", "2A/InitialElection", "--seed", "1"}, args...)...)
		c.Dir, c.Env = checkout, env
		return c
	}
	plain, err := replay("--engine", "native").Output()
	require.NoError(t, err)
	want := hashLine.FindSubmatch(plain)
	require.NotNil(t, want, string(plain))
	check := func(t *testing.T, told, said string) {
		require.Contains(t, said, "append.go:")
		require.Regexp(t, answer, said)
		require.Contains(t, told, "the same run as without the debugger: same trace hash")
		got := hashLine.FindStringSubmatch(told)
		require.NotNil(t, got, told)
		require.Equal(t, string(want[1]), got[1])
	}
	t.Run("in the terminal", func(t *testing.T) {
		c := replay("--debug")
		c.Stdin = strings.NewReader(session)
		out, err := c.CombinedOutput()
		require.NoError(t, err, string(out))
		check(t, string(out), string(out))
	})
	t.Run("at an address", func(t *testing.T) {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		address := free.Addr().String()
		require.NoError(t, free.Close())
		server := replay("--debug", "--listen", address)
		file := filepath.Join(t.TempDir(), "told")
		told, err := os.Create(file)
		require.NoError(t, err)
		defer told.Close()
		text := func() string {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			return string(text)
		}
		server.Stdout = told
		require.NoError(t, server.Start())
		defer server.Process.Kill()
		require.Eventually(t, func() bool { return strings.Contains(text(), "listening at: "+address) }, 5*time.Minute, 100*time.Millisecond)
		client := exec.Command(dlv, "connect", "--allow-non-terminal-interactive", address)
		client.Stdin = strings.NewReader(session)
		said, _ := client.CombinedOutput() // it ends when the process has gone, which it calls an error
		require.NoError(t, server.Wait(), text())
		check(t, text(), string(said))
	})
	t.Run("left too early", func(t *testing.T) {
		c := replay("--debug")
		c.Stdin = strings.NewReader("break raftlab/raft.(*Raft).AppendEntries\ncontinue\nexit\n")
		out, err := c.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "the debugger was left before the run had ended")
		require.NotContains(t, string(out), "trace hash ")
	})
}

// TestDebuggerFlags: what a debugger cannot do is said before anything is built.
func TestDebuggerFlags(t *testing.T) {
	for says, args := range map[string][]string{
		"give --debug, too":             {"--listen", "127.0.0.1:1"},
		"nobody can wait there":         {"--debug", "--listen", "127.0.0.1:99999"},
		"leave --engine out":            {"--debug", "--engine", "wasm"},
		"leave one of the two out":      {"--debug", "--race"},
		"where it can read and change ": {"--debug", "--impl", filepath.Join("testdata", "liar")},
	} {
		res := raftlab(t, ".", append([]string{"replay", "2A/InitialElection", "--seed", "1"}, args...)...)
		require.Equal(t, suite.ExitUsage, res.code, res.errOut)
		require.Contains(t, res.errOut, says)
	}
}
