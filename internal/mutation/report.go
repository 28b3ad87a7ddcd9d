package mutation

import (
	"encoding/json"
	"io"
	"time"

	"raftlab/internal/suite"
)

// Schema is the version of the JSON form.
const Schema = "raftlab/mutants/v1"

// Report is the result of a hunt for machines.
type Report struct {
	Schema      string    `json:"schema"`
	Started     time.Time `json:"started"`
	Wall        float64   `json:"wallSeconds"`
	Interrupted bool      `json:"interrupted,omitempty"`
	Seeds       string    `json:"seeds"`
	Matrix      bool      `json:"matrix,omitempty"`
	NoOrder     bool      `json:"noOrder,omitempty"`  // without the edits of the Go runtime that vary the order of goroutines
	NoYield     bool      `json:"noYield,omitempty"`  // without interruptions of goroutines where they synchronize
	Contract    string    `json:"contract,omitempty"` // the year by which all were judged, if it was given
	Native      bool      `json:"native,omitempty"`   // executed natively
	Workers     int       `json:"workers"`
	Build       string    `json:"build"`
	GoVersion   string    `json:"goVersion"`
	Notes       []string  `json:"notes,omitempty"`
	Subjects    []Outcome `json:"subjects"`
}

// WriteJSON writes the report as one JSON document.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// ExitCode is what the command ends with: 0 if every mutant was killed and every variant passed.
func (r *Report) ExitCode() int {
	if r.Interrupted {
		return suite.ExitInterrupted
	}
	code := suite.ExitPassed
	for _, o := range r.Subjects {
		switch o.Status {
		case Survived, Failed:
			code = max(code, suite.ExitFailed)
		case Undecided, Unfinished:
			code = suite.ExitFramework
		}
	}
	return code
}

// Count returns how many subjects have one of the given statuses.
func (r *Report) Count(statuses ...Status) (n int) {
	for _, o := range r.Subjects {
		for _, s := range statuses {
			if o.Status == s {
				n++
			}
		}
	}
	return n
}

// FewKillers returns how many mutants were killed by some, but no more than most cases.
func (r *Report) FewKillers(most int) (n int) {
	for _, o := range r.Subjects {
		if o.Status == Killed && len(o.Kills) <= most {
			n++
		}
	}
	return n
}
