package main

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/internal/upload"
)

// classFlag asks for the tests that take minutes: `make class`.
var classFlag = flag.Bool("class", false, "grade the class of 30, and set up a grader from nothing")

// script runs a command of an upload where the service would: without a network, and with no
// modules but its own.
func script(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	c := exec.Command(args[0], args[1:]...)
	c.Dir = dir
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	ours, err := sim.CacheDir()
	require.NoError(t, err)
	// A service starts its scripts by itself, not in a make: inside `make test`, make would print
	// its directories.
	outside := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") })
	c.Env = append(append(outside, "GOPROXY=off", "GOMODCACHE="+modules(t), "GOCACHE="+strings.TrimSpace(string(cache)), "RAFTLAB_CACHE="+ours), env...)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%v: %s", args, out)
	return string(out)
}

// modules is a module cache of its own, which can be removed afterwards.
func modules(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mod")
	t.Cleanup(func() {
		filepath.WalkDir(dir, func(name string, _ os.DirEntry, _ error) error { os.Chmod(name, 0o755); return nil }) // the go command makes it read-only
	})
	return dir
}

// Each script of each service, with a submission that does not compile or is empty: what is written
// is in the service's form, and the modules that came with it were enough.
func TestUploads(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are for the services' machines, which have a shell")
	}
	for _, service := range upload.Services {
		t.Run(service, func(t *testing.T) {
			at := filepath.Join(t.TempDir(), "auto grader")
			dir := filepath.Join(at, "source")
			res := raftlab(t, checkout, "grader", "init", service, dir, "2A/InitialElection", "--seeds", "1")
			require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
			grader := filepath.Join(dir, "grader")
			if *classFlag && service == "gradescope" {
				script(t, t.TempDir(), []string{"AUTOGRADER=" + at}, "sh", filepath.Join(dir, "setup.sh"))
			} else { // compiling it again would show nothing that the other tests do not
				require.NoError(t, os.MkdirAll(filepath.Join(grader, "bin"), 0o755))
				require.NoError(t, os.Symlink(executable, filepath.Join(grader, "bin", "raftlab")))
			}
			submission := testdata(t, "typo")
			if service != "gradescope" { // one has to compile, to see that the modules are enough
				require.NoError(t, os.Remove(filepath.Join(submission, "raft.go")))
			}
			var result string
			switch service {
			case "gradescope":
				require.NoError(t, os.Rename(submission, filepath.Join(at, "submission")))
				script(t, t.TempDir(), []string{"AUTOGRADER=" + at}, filepath.Join(dir, "run_autograder"))
				result = readText(t, filepath.Join(at, "results", "results.json"))
			case "prairielearn":
				require.NoError(t, os.Rename(submission, filepath.Join(at, "student")))
				script(t, t.TempDir(), []string{"GRADE=" + at, "GRADER=" + grader}, filepath.Join(grader, "run.sh"))
				result = readText(t, filepath.Join(at, "results", "results.json"))
				assert.True(t, json.Valid([]byte(readText(t, filepath.Join(dir, "info.json")))))
			case "autolab":
				if _, err := exec.LookPath("make"); err != nil {
					t.Skip("there is no make, which Autolab starts a grader with")
				}
				out := script(t, filepath.Dir(submission), []string{"HANDIN=typo", "GRADER=" + grader}, "make", "-f", filepath.Join(dir, "autograde-Makefile"))
				lines := strings.Split(strings.TrimSpace(out), "\n")
				result = lines[len(lines)-1]
			case "github":
				run := regexp.MustCompile(`(?m)^ +run: (.*)$`).FindStringSubmatch(readText(t, filepath.Join(dir, "autograding.yml")))
				require.NotNil(t, run)
				output := filepath.Join(at, "output")
				command := strings.ReplaceAll(run[1], "/grader/", `"$GRADER"/`)
				script(t, submission, []string{"RUNNER_TEMP=" + at, "GITHUB_OUTPUT=" + output, "GRADER=" + grader}, "sh", "-c", command)
				result = readText(t, filepath.Join(at, "result.json"))
				assert.Regexp(t, `^result=[A-Za-z0-9+/=]+\n$`, readText(t, output))
			}
			var doc map[string]any
			require.NoError(t, json.Unmarshal([]byte(result), &doc), result)
			assert.NotEmpty(t, doc)
		})
	}
}

// The grader's framework is the checkout's, as far as a run depends on it: so grades of both are
// the same.
func TestUploadHasTheSameFramework(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "up")
	res := raftlab(t, checkout, "grader", "init", "gradescope", dir, "2A")
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	identity := regexp.MustCompile(`(?m)^(engine|framework): .*$`)
	here := raftlab(t, checkout, "--version")
	there := raftlab(t, filepath.Join(dir, "grader", "raftlab"), "--version")
	require.Len(t, identity.FindAllString(here.out, -1), 2, here.out)
	assert.Equal(t, identity.FindAllString(here.out, -1), identity.FindAllString(there.out, -1))
	assert.NoDirExists(t, filepath.Join(dir, "grader", "raftlab", "mutants"))

	allowed := filepath.Join(t.TempDir(), "vendor")
	tree := filepath.Join(allowed, "example.org", "tree", "tree.go")
	require.NoError(t, os.MkdirAll(filepath.Dir(tree), 0o755))
	require.NoError(t, os.WriteFile(tree, []byte("package tree\n"), 0o644))
	res = raftlab(t, checkout, "grader", "init", "autolab", dir+" modules", "2A", "--modules", allowed)
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.Contains(t, readText(t, filepath.Join(dir+" modules", "grader", "grade.sh")), `--modules "$here/modules/vendor"`)
	assert.Equal(t, "package tree\n", readText(t, filepath.Join(dir+" modules", "grader", "modules", "vendor", "example.org", "tree", "tree.go")))

	cases := filepath.Join(t.TempDir(), "cases")
	require.Equal(t, suite.ExitPassed, raftlab(t, checkout, "cases", "init", cases).code)
	own := dir + " own"
	res = raftlab(t, checkout, "grader", "init", "gradescope", own, "3A", "3X", "--cases", cases, "--numbering", "2025", "--memory", "512MiB")
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	assert.Contains(t, readText(t, filepath.Join(own, "grader", "grade.sh")), `--one "$1" 3A 3X --seeds 1-5 --memory 512MiB --numbering 2025 --cases "$here/cases"`)
	assert.FileExists(t, filepath.Join(own, "grader", "cases", "cases.go"))

	for _, args := range [][]string{{"gradescope", dir, "2A"}, {"moodle", dir + "2", "2A"}, {"gradescope", dir + "2", "2Z"}, {"gradescope", dir + "2", "2A", "--limit", "1s"},
		{"gradescope", dir + "2", "2A", "--memory", "lots"}, {"x"}} {
		res := raftlab(t, checkout, append([]string{"grader", "init"}, args...)...)
		assert.Equal(t, suite.ExitUsage, res.code, "%v: %+v", args, res)
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}
