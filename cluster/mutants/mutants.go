// Package mutants tests the tests of the real cluster: each mutant is this module with one mistake
// in it, and the test that is there for it has to fail. They run natively, for the mistakes are the
// framework's own.
package mutants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"raftlab/internal/plain"
)

// Mutant is one mistake.
type Mutant struct {
	Name, What     string
	File           string // in the module
	Right, Wrong   string // text that is in the file once, and what takes its place
	Package, Tests string // that have to fail
}

// Names lists the mutants.
func Names() (names []string) {
	for _, m := range all {
		names = append(names, m.Name)
	}
	return names
}

// Find returns the mutants of those names, or all.
func Find(names []string) (found []Mutant, err error) {
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		n := len(found)
		for _, m := range all {
			if m.Name == name {
				found = append(found, m)
			}
		}
		if len(found) == n {
			return nil, fmt.Errorf("no mutant is called %q; there are %s", name, strings.Join(Names(), ", "))
		}
	}
	return found, nil
}

// mutated returns the file with the mistake in it.
func (m Mutant) mutated(module string) (string, error) {
	b, err := os.ReadFile(filepath.Join(module, filepath.FromSlash(m.File)))
	if err != nil {
		return "", err
	}
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	if n := strings.Count(text, m.Right); n != 1 {
		return "", fmt.Errorf("the mutant %s changes a text that is %d times in %s: it has to be carried over", m.Name, n, m.File)
	}
	return strings.Replace(text, m.Right, m.Wrong, 1), nil
}

// rounds is how often a mutant's tests run at most.
const rounds = 10

// Found is what has become of a mutant.
type Found struct {
	How string // it has died: a test, or a panic; "" if it lives
	Err error  // its tests could not be run
}

// Hunt runs the tests of all mutants in module, as many at a time as there are processors, and
// yields them in their order.
func Hunt(ctx context.Context, module string, list []Mutant) iter.Seq2[Mutant, Found] {
	return func(yield func(Mutant, Found) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		results, slots := make([]chan Found, len(list)), make(chan struct{}, runtime.GOMAXPROCS(0))
		for i := range results {
			results[i] = make(chan Found, 1)
		}
		go func() {
			for i, m := range list {
				slots <- struct{}{}
				go func() {
					how, err := m.dies(ctx, module)
					results[i] <- Found{how, err}
					<-slots
				}()
			}
		}()
		for i, m := range list {
			if !yield(m, <-results[i]) {
				return
			}
		}
	}
}

// dies runs the tests on the mutant in module.
func (m Mutant) dies(ctx context.Context, module string) (how string, err error) {
	text, err := m.mutated(module)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "raftlab-mutant-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	file, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(module, filepath.FromSlash(m.File)): file}})
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(file, []byte(text), 0o644), os.WriteFile(overlay, b, 0o644)); err != nil {
		return "", err
	}
	args := []string{"test", "-vet=off", "-failfast", "-timeout=15m", fmt.Sprintf("-count=%d", rounds), "-overlay", overlay, "-run", "^(" + m.Tests + ")$", "./" + m.Package}
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir = module
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "", nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case !errors.As(err, &exit):
		return "", err
	}
	if strings.Contains(string(out), "panic: test timed out") {
		return "", fmt.Errorf("the tests of %s did not come to an end: the machine is too busy", m.Name)
	}
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: "); ok {
			name, _, _ = strings.Cut(name, " ")
			return name, nil
		}
		if strings.HasPrefix(line, "panic: ") {
			how = plain.Line(strings.TrimSpace(line), plain.MaxName)
		}
	}
	if how != "" {
		return how, nil
	}
	return "", fmt.Errorf("the tests of %s could not be run: %s", m.Name, plain.Text(string(out), plain.MaxLine))
}
