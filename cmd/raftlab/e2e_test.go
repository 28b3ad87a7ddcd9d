package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/course"
	"raftlab/internal/record"
	"raftlab/internal/suite"
)

// The tests in this file use the program as its users do: as a process, on a course tree. The
// tree is made once, with the program itself; so what commands remember goes there as well.
var (
	executable string // the built program
	tree       string // the course tree
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "raftlab-e2e")
	if err == nil {
		err = setUp(dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "setting up:", err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func setUp(dir string) error {
	executable, tree = filepath.Join(dir, "raftlab"), filepath.Join(dir, "course")
	if runtime.GOOS == "windows" {
		executable += ".exe"
	}
	for _, command := range [][]string{{"go", "build", "-o", executable, "."}, {executable, "init", tree}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", command, err, out)
		}
	}
	return nil
}

// result is what a command left behind.
type result struct {
	code        int
	out, errOut string
}

// raftlab runs the program in dir.
func raftlab(t *testing.T, dir string, args ...string) result {
	t.Helper()
	var out, errOut strings.Builder
	c := exec.Command(executable, args...)
	c.Dir, c.Stdout, c.Stderr = dir, &out, &errOut
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return result{c.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// testJSON runs `raftlab test` in the course tree and returns its report.
func testJSON(t *testing.T, args ...string) (*suite.Report, result) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "r.json")
	res := raftlab(t, tree, append([]string{"test", "--json", file}, args...)...)
	return readReport(t, file, res), res
}

func readReport(t *testing.T, file string, res result) *suite.Report {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err, "%+v", res)
	validate(t, "results-v1", data)
	r := &suite.Report{}
	require.NoError(t, json.Unmarshal(data, r))
	return r
}

// validate checks a document against one of the schemas that docs/ has.
func validate(t *testing.T, schema string, data []byte) {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "schemas", schema+".json"))
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	require.NoError(t, s.Validate(v))
}

// testdata returns a copy of one of the peers in testdata, to be changed freely.
func testdata(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))))
	return dir
}

func hashes(r *suite.Report) map[string]string {
	all := map[string]string{}
	for _, c := range r.Cases {
		for _, run := range c.Runs {
			all[fmt.Sprintf("%s %d", c.Case, run.Seed)] = run.Hash
		}
	}
	return all
}

func TestSameRunsWhateverElseGoesOn(t *testing.T) {
	liar := testdata(t, "liar")
	args := []string{"2A/InitialElection", "2A/ReElection", "--seeds", "1-4", "--keep-going", "--impl", liar}
	one, _ := testJSON(t, append(args, "-j", "1")...)
	two, res := testJSON(t, append(args, "-j", "2")...)
	require.Equal(t, suite.ExitFailed, res.code, res.errOut)
	require.Len(t, hashes(one), 8)
	assert.Equal(t, hashes(one), hashes(two), "-j 1 and -j 2")

	printing, _ := testJSON(t, append(args, "--env", "DEBUG=1")...)
	assert.Equal(t, hashes(one), hashes(printing), "printing and quiet")

	different := map[string]bool{}
	for _, h := range hashes(one) {
		different[h] = true
	}
	assert.Len(t, different, 8, "each case and seed is another run")
}

func TestSkeletonSaysWhatToWrite(t *testing.T) {
	r, res := testJSON(t, "2A")
	assert.NotContains(t, res.out, "\n\n\n", "failures that are told together leave no holes")
	assert.Equal(t, suite.ExitFailed, res.code, res.errOut)
	assert.Zero(t, r.Points)
	for _, c := range r.Cases {
		assert.Equal(t, record.Fail, c.Outcome, c.Case)
	}
	first, _, _ := strings.Cut(res.out, "\n\n")
	lines := strings.Split(first, "\n")
	assert.LessOrEqual(t, len(lines), 15)
	assert.Contains(t, lines[0], "FAIL 2A/InitialElection, seed 1: no leader elected (§5.2)")
	assert.Contains(t, first, "to write: raft/raft.go:")
	assert.Contains(t, first, "write RequestVote")
	assert.Contains(t, first, "election timer")
	assert.Contains(t, first, "docs/lab2a.md")
	assert.FileExists(t, filepath.Join(tree, "docs", "lab2a.md"))
	assert.Contains(t, lines[len(lines)-1], "replay 2A/InitialElection --seed 1")
}

// Lab 4 runs on the peer; the failure of a tree with nothing in it says that this is what comes
// first.
func TestServiceSaysThatThePeerComesFirst(t *testing.T) {
	r, res := testJSON(t, "4A/LeaderCrashes", "4B/Static", "4C/Stays", "-j", "1", "--engine", "native")
	assert.Equal(t, suite.ExitFailed, res.code, res.errOut)
	for _, c := range r.Cases {
		assert.Equal(t, record.Fail, c.Outcome, c.Case)
		assert.Equal(t, "no leader elected", c.Runs[0].Rule, c.Case)
	}
	assert.Equal(t, 1, strings.Count(res.out, "write RequestVote"), "once for all parts: %s", res.out)
	assert.Contains(t, res.out, "FAIL 2 more cases of 4B, 4C: they need what is not written for 4A")
	assert.Contains(t, r.Cases[1].Runs[0].Message, "none of peers [0 1 2] (controller) leads")
}

// Whoever has the controller, and no groups yet, can have 4A tested.
func TestControllerAlone(t *testing.T) {
	skeleton := filepath.Join(tree, "shardkv", "shardctrler")
	_, res := testJSON(t, "4A/JoinLeave", "--impl", skeleton)
	assert.Equal(t, suite.ExitFailed, res.code, res.errOut)
	assert.Contains(t, res.out, "to write: "+filepath.ToSlash(skeleton)+"/client.go:")
	assert.Contains(t, res.out, "to write: "+filepath.ToSlash(skeleton)+"/server.go:")
	res = raftlab(t, tree, "replay", "4B/Static", "--seed", "1", "--impl", skeleton)
	assert.Equal(t, suite.ExitUsage, res.code)
	assert.Contains(t, res.errOut, "select 4A, or add the groups")

	written := t.TempDir()
	for _, pkg := range []string{"raft", "kvraft", "shardkv/shardctrler"} {
		pkg = filepath.FromSlash(pkg)
		require.NoError(t, os.CopyFS(filepath.Join(written, pkg), os.DirFS(filepath.Join("..", "..", pkg))))
	}
	r, res := testJSON(t, "4A/JoinLeave", "4A/LeaderCrashes", "--impl", written)
	assert.Equal(t, suite.ExitPassed, res.code, res.out+res.errOut)
	assert.Len(t, r.Cases, 2)
}

func TestCourseTreeBuilds(t *testing.T) {
	for _, args := range [][]string{{"vet", "./..."}, {"test", "./raft", "-run", "^$"}} {
		c := exec.Command("go", args...)
		c.Dir = tree
		out, err := c.CombinedOutput()
		assert.NoError(t, err, "go %v in the course tree: %s", args, out)
	}
	c := exec.Command("go", "run", "./cmd/raftlab", "mutants", "lab4") // its own program, which is smaller than the one that made it
	c.Dir = tree
	out, err := c.CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "in a checkout of the framework, not in course trees")
	root, err := course.Find(tree)
	require.NoError(t, err)
	assert.True(t, root.Course)
	res := raftlab(t, tree, "init", filepath.Join(t.TempDir(), "x"))
	assert.Equal(t, suite.ExitUsage, res.code)
	assert.Contains(t, res.errOut, "is a course tree itself")
}

func TestReplayIsTheSameRun(t *testing.T) {
	liar := testdata(t, "liar")
	r, res := testJSON(t, "2A/InitialElection", "--seeds", "3", "--impl", liar)
	require.Equal(t, suite.ExitFailed, res.code)
	failed := r.Cases[0].Runs[0]
	assert.Equal(t, "two leaders in a term", failed.Rule)
	blocks := strings.Split(res.out, "\n\n")
	lines := strings.Split(strings.TrimSpace(blocks[0]), "\n")
	assert.Equal(t, "  replay: "+failed.Replay, lines[len(lines)-1])
	assert.Contains(t, failed.Replay, "--impl "+liar)

	// The replay command as printed, without the program's name.
	command := strings.Fields(failed.Replay)[1:]
	res = raftlab(t, tree, command...)
	assert.Equal(t, suite.ExitFailed, res.code)
	assert.Contains(t, res.out, "the same run as the one that failed: same trace hash")
	assert.NotContains(t, res.errOut, "warning")

	trace := filepath.Join(t.TempDir(), "trace")
	res = raftlab(t, tree, append(command, "-v", "--timeline", "--trace", trace, "--env", "DEBUG=1")...)
	assert.Regexp(t, `(?m)^ +\d+\.\d+ \| .*> .*leads, it thinks`, res.out, "-v shows what the peers print, at its time")
	assert.Contains(t, res.out, "RequestVote")
	assert.Contains(t, res.out, "same trace hash", "tracing and printing change nothing")
	events, err := readTrace(trace)
	require.NoError(t, err)
	assert.NotEmpty(t, events)

	// A trace that cannot be written is no success, whatever the run says.
	if _, err := os.Stat("/dev/full"); err == nil {
		res = raftlab(t, tree, append(command, "--trace", "/dev/full")...)
		assert.Equal(t, suite.ExitFramework, res.code, "%+v", res)
		assert.Contains(t, res.errOut, "--trace /dev/full: not all events could be written")
		assert.NotContains(t, res.out, "trace: /dev/full")
		assert.Contains(t, res.out, "same trace hash", "the run is shown all the same")
		res = raftlab(t, tree, append(command, "--trace", "/dev/stdout")...)
		assert.Equal(t, suite.ExitFailed, res.code, "%+v", res)
		assert.Regexp(t, `^\{"`, res.out, "events come first")
	}

	res = raftlab(t, tree, append(command, "--peers", "1", "--to", "100ms")...)
	assert.Contains(t, res.out, "| peer 1\n", "one column")

	// Another build of the code is not the same run: here that of a peer which another test has built.
	require.NoError(t, os.WriteFile(filepath.Join(liar, "raft.go"), []byte(readText(t, filepath.Join("testdata", "spy", "raft.go"))), 0o644))
	res = raftlab(t, tree, command...)
	assert.Contains(t, res.errOut, "warning: the code has changed since this run failed")
	assert.Contains(t, res.out, "not the run that failed")
}

func TestFailedRunsAgain(t *testing.T) {
	liar := testdata(t, "liar")
	_, res := testJSON(t, "2A/InitialElection", "2A/ReElection", "--seeds", "5-9", "--impl", liar, "--strict")
	require.Equal(t, suite.ExitFailed, res.code)
	again, res := testJSON(t, "--failed", "--impl", liar)
	assert.Equal(t, suite.ExitFailed, res.code)
	require.Len(t, again.Cases, 2)
	for _, c := range again.Cases {
		require.Len(t, c.Runs, 1)
		assert.Equal(t, uint64(5), c.Runs[0].Seed, "the seed it stopped at")
	}
	assert.True(t, again.Options.Strict, "with the options it failed with")

	res = raftlab(t, tree, "test", "--failed", "2B", "--impl", liar)
	assert.Equal(t, suite.ExitPassed, res.code)
	assert.Contains(t, res.out, "nothing to run")
}

func TestInterruptLeavesWhatIsThere(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a test cannot press Ctrl-C for another process there")
	}
	dir := t.TempDir()
	c := exec.Command(executable, "test", "2A", "--seeds", "1-5000", "--keep-going", "--impl", testdata(t, "liar"),
		"--json", filepath.Join(dir, "r.json"), "--junit", filepath.Join(dir, "r.xml"))
	c.Dir = tree
	var out strings.Builder
	c.Stdout = &out
	stderr, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	failures := 0
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "FAIL") {
			if failures++; failures == 10 {
				require.NoError(t, c.Process.Signal(os.Interrupt))
			}
		}
	}
	_ = c.Wait() // its exit code is looked at below
	assert.Equal(t, suite.ExitInterrupted, c.ProcessState.ExitCode())
	assert.Contains(t, out.String(), "interrupted")

	r := readReport(t, filepath.Join(dir, "r.json"), result{out: out.String()})
	assert.Equal(t, suite.Interrupted, r.Status)
	runs := len(hashes(r))
	assert.GreaterOrEqual(t, runs, 10)
	assert.Less(t, runs, 5000*len(r.Cases))
	for _, c := range r.Cases {
		for _, run := range c.Runs {
			assert.Equal(t, record.Fail, run.Outcome, "nothing half done is reported")
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "r.xml"))
	require.NoError(t, err)
	var anything struct{}
	assert.NoError(t, xml.Unmarshal(data, &anything))
}

func TestCodeThatCannotRun(t *testing.T) {
	for name, want := range map[string]struct {
		outcome record.Outcome
		line    string
	}{
		"refused": {record.Tampering, "raft.go:4: imports unsafe"},
		"typo":    {suite.NotBuilt, "raft.go:4: undefined: undefinedFunction"},
	} {
		dir := testdata(t, name)
		r, res := testJSON(t, "2A", "--impl", dir)
		assert.Equal(t, suite.ExitFailed, res.code, name)
		assert.Contains(t, res.out, filepath.ToSlash(dir)+"/"+want.line, name)
		assert.Equal(t, suite.Unbuilt, r.Status, name)
		assert.NotEmpty(t, r.Faults, name)
		assert.Equal(t, "2A/InitialElection", r.Cases[0].Case, name)
		assert.Greater(t, len(r.Cases), 10, "every selected case is in the report")
		for _, c := range r.Cases {
			assert.Equal(t, want.outcome, c.Outcome, name)
		}
		res = raftlab(t, tree, "replay", "2A/InitialElection", "--seed", "1", "--impl", dir)
		assert.Equal(t, suite.ExitFailed, res.code, name)
		assert.Contains(t, res.out, want.line, name)
	}
}

// Code that takes more processor time than it may is neither right nor wrong, and after three such
// runs nobody waits for more.
func TestThreeUngradedRunsAreEnough(t *testing.T) {
	r, res := testJSON(t, "2A", "--seeds", "1-2", "-j", "1", "--cpu", "300ms", "--env", "SLOW=1", "--impl", testdata(t, "liar"))
	require.Equal(t, suite.ExitFramework, res.code, res.out+res.errOut)
	ran := 0
	for _, c := range r.Cases {
		assert.Equal(t, record.Ungraded, c.Outcome, c.Case)
		ran += len(c.Runs)
		if len(c.Runs) == 0 {
			assert.Contains(t, c.Reason, "ungraded", c.Case)
		}
	}
	assert.Equal(t, 3, ran)
	assert.Equal(t, []int{0, r.MaxPoints}, []int{r.Points, r.UpperPoints})
	assert.Regexp(t, `not started: \d+ runs, because 3 runs before were ungraded`, strings.Join(r.Notes, "\n"))
	assert.Contains(t, res.out, "NO VERDICT")
	assert.Contains(t, res.out, "only a person can release more")
}

func TestListAndDoctor(t *testing.T) {
	res := raftlab(t, tree, "list", "2a")
	assert.Equal(t, suite.ExitPassed, res.code)
	assert.Contains(t, res.out, "2A/InitialElection")
	assert.NotContains(t, res.out, "2B/")
	res = raftlab(t, tree, "list", "--json")
	assert.Equal(t, suite.ExitPassed, res.code)
	validate(t, "cases-v1", []byte(res.out))
	for _, mistake := range []string{"9Z", "--nonsense"} {
		res = raftlab(t, tree, "list", "--json", mistake)
		assert.Equal(t, suite.ExitUsage, res.code)
		validate(t, "cases-v1", []byte(res.out))
		assert.Contains(t, res.out, mistake)
	}

	res = raftlab(t, tree, "doctor")
	assert.Equal(t, suite.ExitPassed, res.code, res.out+res.errOut)
	assert.Contains(t, res.out, "course tree")
	assert.NotContains(t, res.out, "FAIL")
}
