package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"raftlab/internal/record"
)

// State is what commands remember for later ones, in the directory .raftlab: which runs failed last
// (for `test --failed`, and so that `replay` can tell whether it replays the same build), and what
// runs cost (to start the long ones first). Losing it loses nothing else.
type State struct{ dir string }

// OpenState returns the state under root, or under the working directory if root cannot be
// written to (a framework installed for many users).
func OpenState(root string) (*State, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("finding the working directory: %w", err)
	}
	for _, base := range []string{root, here} {
		dir := filepath.Join(base, ".raftlab")
		if err = os.MkdirAll(dir, 0o755); err != nil {
			continue
		}
		var probe *os.File
		if probe, err = os.CreateTemp(dir, ".probe"); err == nil {
			probe.Close()
			os.Remove(probe.Name())
			return &State{dir}, nil
		}
	}
	return nil, fmt.Errorf("no place for results: neither %s nor the working directory can be written to: %w; make one of them writable, or change to a "+
		"directory that is (the results go into .raftlab there)", root, err)
}

// Dir is the directory.
func (s *State) Dir() string { return s.dir }

// LastRun is a run that failed when its case was last tested.
type LastRun struct {
	Case      string         `json:"case"`
	Seed      uint64         `json:"seed"`
	Outcome   record.Outcome `json:"outcome"`
	Rule      string         `json:"rule,omitempty"`
	Hash      string         `json:"hash"`
	Build     string         `json:"build"` // ID of the binary
	Source    string         `json:"source,omitempty"`
	GoVersion string         `json:"goVersion"`
	Overlay   string         `json:"overlay,omitempty"`
	Options   Options        `json:"options"`
	When      time.Time      `json:"when"`
}

const lastSchema = "raftlab/last/v1"

// maxImpls is for how many directories of code failures are remembered.
const maxImpls = 50

type lastFile struct {
	Schema string               `json:"schema"`
	Impls  map[string][]LastRun `json:"impls"` // by [Code.Key]
}

// Last returns the runs of the code with this key that failed when they were last tested, and
// whether it was tested at all.
func (s *State) Last(key string) (runs []LastRun, tested bool, err error) {
	f, err := s.readLast()
	runs, tested = f.Impls[key]
	return runs, tested, err
}

// Find returns the failure of one run, or nil.
func (s *State) Find(key, caseID string, seed uint64) *LastRun {
	last, _, err := s.Last(key)
	if err != nil {
		return nil // an unreadable memory is an empty one: only a warning depends on it
	}
	if i := slices.IndexFunc(last, func(l LastRun) bool { return l.Case == caseID && l.Seed == seed }); i >= 0 {
		return &last[i]
	}
	return nil
}

// Remember replaces what is known about the cases that have run in r. Cases that did not run keep
// what is known about them.
func (s *State) Remember(key string, r *Report) error {
	f, err := s.readLast()
	if err != nil {
		f = lastFile{} // start afresh rather than refuse to work
	}
	build := map[string]Build{}
	for _, b := range r.Builds {
		build[b.Package] = b
	}
	keep := f.Impls[key]
	for _, c := range r.Cases {
		if len(c.Runs) == 0 {
			continue
		}
		keep = slices.DeleteFunc(keep, func(l LastRun) bool { return l.Case == c.Case && ranAll(c, l.Seed) })
		for _, run := range c.Runs {
			if run.Outcome == record.Pass || run.Outcome == record.NotChecked {
				continue
			}
			b := build[c.pkg]
			keep = append(keep, LastRun{Case: c.Case, Seed: run.Seed, Outcome: run.Outcome, Rule: run.Rule, Hash: run.Hash,
				Build: b.ID, Source: b.Source, GoVersion: b.GoVersion, Overlay: b.Overlay, Options: r.Options, When: r.Started})
		}
	}
	if f.Impls == nil {
		f.Impls = map[string][]LastRun{}
	}
	if keep == nil {
		keep = []LastRun{} // tested, and nothing failed
	}
	f.Schema, f.Impls[key] = lastSchema, keep
	f.trim(key)
	return s.write("last.json", f)
}

// ranAll says that what is remembered of seed is out of date: the case has run to its end, or
// this very seed has.
func ranAll(c CaseResult, seed uint64) bool {
	return c.Run(seed) != nil || len(c.Runs) == c.Seeds || c.FirstFailing != 0
}

// trim forgets the code that failed longest ago, and before it the code that did not fail; but not
// newest.
func (f *lastFile) trim(newest string) {
	for len(f.Impls) > maxImpls {
		oldest, at := "", time.Time{}
		for key, runs := range f.Impls {
			t := time.Time{}
			if len(runs) > 0 {
				t = runs[len(runs)-1].When
			}
			if key != newest && (oldest == "" || t.Before(at)) {
				oldest, at = key, t
			}
		}
		delete(f.Impls, oldest)
	}
}

func (s *State) readLast() (lastFile, error) {
	var f lastFile
	if err := s.read("last.json", &f); err != nil {
		return lastFile{}, err
	}
	if f.Schema != "" && f.Schema != lastSchema {
		return lastFile{}, fmt.Errorf("%s was written by another version of raftlab (%q); delete it to go on", filepath.Join(s.dir, "last.json"), f.Schema)
	}
	return f, nil
}

// Costs returns what runs took so far; empty if nothing is known.
func (s *State) Costs() Costs {
	costs := Costs{}
	if err := s.read("costs.json", &costs); err != nil {
		return Costs{} // it only decides in which order runs start
	}
	return costs
}

// SaveCosts remembers them.
func (s *State) SaveCosts(c Costs) error { return s.write("costs.json", c) }

func (s *State) read(name string, into any) error {
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		if damage := json.Unmarshal(data, into); damage != nil {
			err = fmt.Errorf("it is damaged (%w); test the cases once more, and it is written anew", damage)
		}
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", filepath.Join(s.dir, name), err)
	}
	return nil
}

// write replaces a file in one step, so that an interrupted command leaves the old or the new one.
func (s *State) write(name string, v any) error {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(s.dir, name), append(data, '\n'))
}

// WriteFile replaces the file at path in one step. A path that is something else than a regular
// file, such as a pipe or a symbolic link, stays what it is and is written through: /dev/stdout is
// a link, and must not become a file because somebody named it.
func WriteFile(path string, data []byte) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, data, 0o644)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path))
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// ForgetUnfinished removes what processes that were killed in [WriteFile] have left beside a file.
// Nobody else may be writing the file.
func ForgetUnfinished(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), "."+filepath.Base(path))
		if ours && rest != "" && strings.Trim(rest, "0123456789") == "" && e.Type().IsRegular() {
			os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
}
