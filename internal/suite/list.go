package suite

import (
	"encoding/json"
	"io"
)

// ListSchema is the version of the format of [WriteListJSON].
const ListSchema = "raftlab/cases/v1"

// ListedCase is a case as `raftlab list --json` prints it.
type ListedCase struct {
	Case      string   `json:"case"`
	Lab       string   `json:"lab"`
	Part      string   `json:"part"`
	Name      string   `json:"name"`
	Points    int      `json:"points"`
	Section   string   `json:"section,omitempty"`
	Course    string   `json:"course,omitempty"` // the course's test that demands the same
	Checks    string   `json:"checks"`
	Package   string   `json:"package"`
	Reaches   []string `json:"reaches,omitempty"`
	OnRequest bool     `json:"onRequest,omitempty"`
	Private   bool     `json:"private,omitempty"` // an instructor's, from --cases
}

// WriteListJSON writes the cases as one JSON document, or what is wrong with the command line that
// asked for them.
func WriteListJSON(w io.Writer, cases []Case, mistake string) error {
	list := struct {
		Schema string       `json:"schema"`
		Error  string       `json:"error,omitempty"`
		Cases  []ListedCase `json:"cases"`
	}{ListSchema, mistake, []ListedCase{}}
	for _, c := range cases {
		list.Cases = append(list.Cases, ListedCase{Case: c.ID(), Lab: c.Lab, Part: c.Part, Name: c.Name, Points: c.Points, Section: c.Section, Course: c.Course,
			Checks: c.Checks, Package: c.Package, Reaches: c.Reaches, OnRequest: c.OnRequest, Private: c.Private})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	return e.Encode(list)
}
