package main

import (
	"bytes"
	"path/filepath"
	"strconv"
	"strings"

	"raftlab/internal/record"
	"raftlab/internal/suite"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// drawHistory draws what the clients of a run saw, if that is not linearizable, to a page of HTML
// in the directory where commands keep what they remember. It returns the name of the file, or
// nothing.
func (a *app) drawHistory(state *suite.State, c suite.Case, seed uint64, rule string, events []record.Event) string {
	if rule != string(tester.RuleLinearizability) || state == nil {
		return ""
	}
	ops, faults, err := model.FromTrace(events)
	if err != nil || len(ops) == 0 {
		return "" // only the end of the run is known
	}
	var page bytes.Buffer
	if model.Draw(&page, ops, faults) != nil {
		return ""
	}
	name := strings.ReplaceAll(c.ID(), "/", "-") + "-" + strconv.FormatUint(seed, 10) + ".html"
	path := filepath.Join(state.Dir(), name)
	if suite.WriteFile(path, page.Bytes()) != nil {
		return ""
	}
	return shortest(path)
}

// shortest is the path relative to the working directory, where that is below it.
func shortest(path string) string {
	here, err := filepath.Abs(".")
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
