package mutation

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/tester"
)

// Native runs cases natively, in the bubble of testing/synctest. It is some times as fast as the engine, and goroutines
// run in the order that the machine gives; but a run is not a function of its seed, and cannot be replayed.
type Native struct {
	Dir    string // for verdicts; the caller removes it
	Binary func(context.Context, sim.Job) (*sim.Binary, error)
}

// Prebuilt runs the binaries that the jobs name, which [BuildNative] made.
func Prebuilt(dir string) *Native {
	return &Native{Dir: dir, Binary: func(_ context.Context, j sim.Job) (*sim.Binary, error) { return j.Binary, nil }}
}

// Raced runs subjects under the race detector, which the engine cannot have: there is none for
// WebAssembly. The binary of a package is built at the first run that wants it, so that it does not hold up the
// engine.
// The detector needs no unlucky moment to see an access without a lock.
func Raced(root string, subjects []Subject, dir string) *Native {
	type built struct {
		sync.Once
		binary *sim.Binary
		err    error
	}
	byPackage, packageOf := map[string]*built{}, map[string]string{}
	for _, s := range subjects {
		packageOf[peerVariable+"="+s.Name] = s.Package()
		byPackage[s.Package()] = &built{}
	}
	return &Native{Dir: dir, Binary: func(ctx context.Context, j sim.Job) (*sim.Binary, error) {
		pkg := packageOf[j.Env[0]]
		b := byPackage[pkg]
		if b == nil {
			return nil, fmt.Errorf("no subject for the race detector has %s", j.Env[0])
		}
		b.Do(func() {
			var edits map[string][]byte
			if edits, b.err = BundleFor(root, pkg, Of(subjects, pkg)); b.err == nil {
				b.binary, b.err = BuildNative(ctx, root, pkg, edits, dir, "-race")
			}
		})
		return b.binary, b.err
	}}
}

// Run implements [suite.Engine]. It follows the protocol between a native test process and the child
// that runs one case (package tester): parameters in the environment, the verdict in a file.
func (r *Native) Run(ctx context.Context, j sim.Job) sim.Result {
	binary, err := r.Binary(ctx, j)
	if err != nil {
		return frameworkError(err)
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
	cmd := exec.CommandContext(ctx, binary.Path, "-test.run=^"+j.Test+"$", "-test.timeout=0", "-test.count=1")
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
	result := sim.Result{Verdict: nativeVerdict(file.Name(), j.Params.Secret, out.String(), err), Wall: time.Since(began)}
	if cmd.ProcessState != nil {
		result.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if ctx.Err() != nil {
		result.Verdict = record.Verdict{Outcome: record.Inconclusive, Message: "killed by the wall clock"}
	}
	return result
}

// nativeVerdict is the child's verdict, unless the race detector has spoken.
func nativeVerdict(file, secret, printed string, ended error) record.Verdict {
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

// BuildNative makes the test binary of a package for this machine, with the edits in place of the files of the
// tree, in dir. flags are for the compiler: -race needs cgo and a C compiler.
func BuildNative(ctx context.Context, root, pkg string, edits map[string][]byte, dir string, flags ...string) (*sim.Binary, error) {
	dir, err := os.MkdirTemp(dir, "native-")
	if err != nil {
		return nil, err
	}
	overlay, err := writeOverlay(dir, root, edits)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "native.test")
	args := append([]string{"test", "-c", "-trimpath", "-vet=off", "-buildvcs=false", "-overlay", overlay, "-o", path}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the test binary of %s for this machine (go %s; -race needs cgo and a C compiler): %w\n%s",
			pkg, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return &sim.Binary{Path: path, ID: fmt.Sprintf("native-%x", sha256.Sum256(text)), GoVersion: runtime.Version()}, nil
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
