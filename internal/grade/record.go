package grade

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// RecordSchema is the version of the format of records.
const RecordSchema = "raftlab/grade-record/v1"

// Key says what the runs of a submission depend on. A record with another key says nothing about
// it.
type Key struct {
	Source   string       `json:"source"` // hash of the code that was handed in
	Identity sim.Identity `json:"identity"`
	Options  string       `json:"options"`
}

// Record is what is known about one submission: what was found in it and how its runs ended. Points
// are not in it; they follow from it and the policy. It holds no times of the machine, so that it
// is the same wherever it is made.
type Record struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Key    Key    `json:"key"`
	// Outcome is that of all cases where nothing could run: not built, tampering, or nothing handed
	// in.
	Outcome record.Outcome `json:"outcome,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Faults  []suite.Fault  `json:"faults,omitempty"`
	// Problem is why a person has to look: the submission could not be read, or the framework
	// failed.
	Problem string `json:"problem,omitempty"`
	// Again says that the next grading tries again: what failed may have been the machine's.
	Again  bool     `json:"again,omitempty"`
	Absent []string `json:"absent,omitempty"` // packages that were not handed in
	// Unbuilt are packages that do not compile where others do; Faults has the compiler's text.
	Unbuilt []string      `json:"unbuilt,omitempty"`
	Builds  []suite.Build `json:"builds,omitempty"`
	Notes   []string      `json:"notes,omitempty"`
	// Contract and Dirs are those of [Tree].
	Contract string            `json:"contract,omitempty"`
	Dirs     map[string]string `json:"dirs,omitempty"`
	Runs     []Run             `json:"runs"`
	Told     []Told            `json:"told,omitempty"`
	Raced    *Raced            `json:"raced,omitempty"` // nil where data races were not looked for
}

// Run is one run that counts.
type Run struct {
	Case string `json:"case"`
	N    uint64 `json:"n"` // the number of the seed: the seed itself, unless seeds are hidden
	Seed uint64 `json:"seed"`
	Code string `json:"code,omitempty"` // what stands for a hidden seed

	Outcome    record.Outcome `json:"outcome"`
	Rule       string         `json:"rule,omitempty"`
	Section    string         `json:"section,omitempty"`
	Message    string         `json:"message,omitempty"`
	At         float64        `json:"atSeconds"`
	Peers      []int          `json:"peers,omitempty"`
	Stack      string         `json:"stack,omitempty"`
	Hash       string         `json:"hash,omitempty"`
	Virtual    float64        `json:"virtualSeconds"`
	GCs        int            `json:"gcs,omitempty"`
	NotChecked []string       `json:"notChecked,omitempty"`
	// Why is the reason for each of them.
	Why      map[string]string `json:"whyNotChecked,omitempty"`
	Warnings []string          `json:"warnings,omitempty"`
	Notes    []string          `json:"notes,omitempty"`
}

// runOf keeps of a result what does not depend on the machine.
func runOf(caseID string, n uint64, code string, r suite.RunResult) Run {
	run := Run{Case: caseID, N: n, Seed: r.Seed, Code: code, Outcome: r.Outcome, Rule: r.Rule, Section: r.Section, Message: r.Message,
		At: r.At, Peers: r.Peers, Stack: r.Stack, Hash: r.Hash, Virtual: r.Virtual, GCs: r.GCs, NotChecked: r.NotChecked, Why: r.Why, Warnings: r.Warnings}
	if r.Outcome.Decided() {
		run.Notes = r.Notes
	} else { // where a guard of the machine struck says nothing
		run.Hash, run.Stack, run.At, run.Virtual, run.GCs = "", "", 0, 0, 0
	}
	return run
}

// result is the run as package suite tells it.
func (r Run) result() suite.RunResult {
	return suite.RunResult{Seed: r.Seed, Outcome: r.Outcome, Rule: r.Rule, Section: r.Section, Message: r.Message, At: r.At,
		Peers: r.Peers, Stack: r.Stack, Hash: r.Hash, Virtual: r.Virtual, GCs: r.GCs, NotChecked: r.NotChecked, Why: r.Why,
		Warnings: r.Warnings, Notes: r.Notes}
}

// Headline is the run's verdict in one line.
func (r Run) Headline() string { return suite.Headline(r.result()) }

// Told is a failure that was looked at more closely: what happened before it.
type Told struct {
	Case  string   `json:"case"`
	N     uint64   `json:"n"`
	Lines []string `json:"lines"`
	Trace bool     `json:"trace,omitempty"` // its events are in a file
}

func readRecord(path string) (*Record, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r := &Record{}
	if err == nil {
		if damage := json.Unmarshal(text, r); damage != nil {
			err = fmt.Errorf("it is damaged (%w); delete it, and the next `raftlab grade` grades that submission again", damage)
		}
	}
	if err == nil && r.Schema != RecordSchema {
		err = fmt.Errorf("it is of format %q, and this raftlab reads %s", r.Schema, RecordSchema)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s, which says how a submission was graded: %w", path, err)
	}
	return r, nil
}

func (r *Record) write(path string) error { return writeJSON(path, plain.Strings(r)) }

// writeJSON replaces a file in one step.
func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return writeFile(path, append(text, '\n'))
}

// writeFile replaces a file in one step, and leaves alone one that holds the same. What a process
// that was killed has left of it goes.
func writeFile(path string, text []byte) error {
	suite.ForgetUnfinished(path)
	if old, err := os.ReadFile(path); err == nil && string(old) == string(text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return suite.WriteFile(path, text)
}
