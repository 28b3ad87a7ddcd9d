package lab2_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const privateTest = `package private

import (
	"testing"
	"time"

	"raftlab/labrpc"
	"raftlab/labs/lab2"
	"raftlab/raftapi"
	"raftlab/tester"
)

type peer struct{}

func (*peer) Start(any) (int, int, bool) { return 0, 0, false }
func (*peer) GetState() (int, bool)      { return 7, false }
func (*peer) Kill()                      {}

func Make([]*labrpc.ClientEnd, int, *raftapi.Persister, chan raftapi.ApplyMsg) *peer { return &peer{} }

func TestLab2(t *testing.T) {
	lab2.Run(t, Make, tester.Case{
		Part: "2X", Name: "Private", Points: 1, Section: "§5", Checks: "an instructor's own case",
		Run: func(e *tester.Env) {
			c := e.NewCluster(e.Subject().(raftapi.MakeFunc), 3, tester.Options{})
			e.Sleep(time.Second)
			if term, _ := c.State(1); term != 7 {
				e.Fail(tester.Violation{Rule: tester.RuleTermsDiffer, Message: "not my peer"})
			}
		},
	})
}
`

// TestPrivateCase builds a module of its own, as an instructor has it, with a case that is not in
// the table, and runs that case.
func TestPrivateCase(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs another module with the go command; not with -short")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command here")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	framework, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	_, requirements, _ := strings.Cut(string(framework), "\ngo ")
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)

	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	write("go.mod", "module example.org/private\n\ngo "+requirements+
		"\nrequire raftlab v0.0.0\n\nreplace raftlab => "+filepath.ToSlash(root)+"\n")
	write("go.sum", string(sums))
	write("private_test.go", privateTest)

	cmd := exec.Command("go", "test", "-count=1", "-v", "-run", "TestLab2/2X/Private", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestLab2/2X/Private")
}
