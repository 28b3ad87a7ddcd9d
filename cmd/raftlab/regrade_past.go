//raftlab:checkout-only (it goes with raftlab regrade)

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"raftlab/internal/grade"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// pastReport is what regrade was given. A file is read once: it may be a pipe.
type pastReport struct {
	name string        // as it was given
	test *suite.Report // what `raftlab test --json` wrote; nil for a directory of grades
	text []byte        // what it was read from
}

// readPast reads a file, and only looks whether it is a directory.
func readPast(ctx context.Context, name string) (*pastReport, error) {
	ctx, stop := interruptible(ctx)
	defer stop()
	if grade.IsDir(name) {
		return &pastReport{name: name}, nil
	}
	text, err := readNamed(ctx, name, maxReport)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: there is no such report: %w", name, err)
		}
		return nil, fmt.Errorf("%s: %w; name the directory of the grades, or a file that raftlab test --json has written", name, err)
	}
	r := &suite.Report{}
	if err := json.Unmarshal(text, r); err != nil || r.Schema != suite.Schema {
		return nil, fmt.Errorf("%s is damaged, or not what raftlab test --json writes (%s); name another file, or test once more", name, suite.Schema)
	}
	return &pastReport{name: name, test: r, text: text}, nil
}

// release is the one that made it, or "" where it does not say.
func (p *pastReport) release() string {
	if p.test == nil {
		return grade.ReleaseOf(p.name)
	}
	return p.test.Raftlab
}

// file is where another program finds it. forget removes what was made for that; it is never nil.
func (p *pastReport) file() (path string, forget func(), err error) {
	if info, err := os.Stat(p.name); p.test == nil || err == nil && info.Mode().IsRegular() {
		return wholePath(p.name), func() {}, nil
	}
	dir, forget, err := sim.TempDir()
	if err != nil {
		return "", func() {}, err
	}
	path = filepath.Join(dir, "report.json")
	return path, forget, os.WriteFile(path, p.text, 0o600)
}
