package mutation

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/tester"
)

// Race runs cases natively under the race detector, which the engine cannot have: there is none for
// WebAssembly. The binary is built at the first run, so that it does not hold up the engine.
// A native run is not a function of its seed; but the detector needs no unlucky moment to see
// an access without a lock.
type Race struct {
	Root     string // of the framework
	Subjects []Subject
	Dir      string // for the binary; the caller removes it

	once   sync.Once
	binary string
	err    error
}

// Run implements [suite.Engine]. It follows the protocol between a native test process and the child
// that runs one case (package tester): parameters in the environment, the verdict in a file.
func (r *Race) Run(ctx context.Context, j sim.Job) sim.Result {
	r.once.Do(func() { r.binary, r.err = r.build(ctx) })
	if r.err != nil {
		return frameworkError(r.err)
	}
	file, err := os.CreateTemp(r.Dir, "verdict-")
	if err != nil {
		return frameworkError(err)
	}
	file.Close()
	defer os.Remove(file.Name())
	j.Params.Secret = rand.Text()
	params, err := json.Marshal(j.Params)
	if err != nil {
		return frameworkError(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.binary, "-test.run=^"+j.Test+"$", "-test.timeout=0", "-test.count=1")
	cmd.Env = append(append(os.Environ(), j.Env...), "RAFTLAB_PARAMS="+string(params), "RAFTLAB_VERDICT="+file.Name())
	cmd.Dir = r.Dir
	stdin, err := cmd.StdinPipe() // held open: the child ends when it closes
	if err != nil {
		return frameworkError(err)
	}
	defer stdin.Close()
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	began := time.Now()
	err = cmd.Run()
	result := sim.Result{Verdict: raceVerdict(file.Name(), j.Params.Secret, out.String(), err), Wall: time.Since(began)}
	if cmd.ProcessState != nil {
		result.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if ctx.Err() != nil {
		result.Verdict = record.Verdict{Outcome: record.Inconclusive, Message: "killed by the wall clock"}
	}
	return result
}

// raceVerdict is the child's verdict, unless the race detector has spoken.
func raceVerdict(file, secret, printed string, ended error) record.Verdict {
	if at := strings.Index(printed, "WARNING: DATA RACE"); at >= 0 {
		return record.Verdict{Outcome: record.Fail, Rule: string(tester.RuleDataRace),
			Message: "the race detector has found two goroutines that use the same memory without a lock", Stack: clip(printed[at:])}
	}
	var v record.Verdict
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	var exit *exec.ExitError
	switch {
	case ended != nil && !errors.As(ended, &exit):
		return record.Verdict{Outcome: record.FrameworkError, Message: "the native test binary could not be run: " + ended.Error()}
	case err != nil || v.Secret != secret:
		return record.Verdict{Outcome: record.Crash, Rule: string(tester.RuleCrash), Message: "the process died", Stack: clip(printed)}
	}
	return v
}

func clip(s string) string { return s[:min(len(s), 4000)] }

// build makes the test binary with all subjects, through an overlay.
func (r *Race) build(ctx context.Context) (string, error) {
	edits, err := Bundle(r.Root, r.Subjects)
	if err != nil {
		return "", err
	}
	overlay, err := writeOverlay(r.Dir, r.Root, edits)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(r.Dir, "race.test")
	cmd := exec.CommandContext(ctx, "go", "test", "-race", "-c", "-vet=off", "-overlay", overlay, "-o", binary, "./"+packageDir)
	cmd.Dir = r.Root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building with the race detector (it needs cgo and a C compiler): %w\n%s", err, bytes.TrimSpace(out))
	}
	return binary, nil
}

// writeOverlay writes the edits below dir, and beside them the list that `go build -overlay` takes.
func writeOverlay(dir, root string, edits map[string][]byte) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range edits {
		to := filepath.Join(dir, "edits", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = to
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, list, 0o644)
}
