// Package formats writes grades in the forms that grading services read. Each form is in a file of
// its own, and is checked in tests against a schema that was written from what the service has
// published (schemas/). None was tried with a real upload.
//
//	name          of                  what is written
//	gradescope    one student         results.json
//	prairielearn  one student         results.json
//	autolab       one student         the output whose last line Autolab reads
//	github        one student         the result of a test step of GitHub Classroom; a summary beside it
//	junit         one student         JUnit XML
//	canvas        the class           CSV for the import of grades
//
// What becomes of a case without a verdict is each service's own question, and docs/services.md
// answers it.
package formats

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"raftlab/internal/grade"
	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// Format is one form.
type Format struct {
	Name   string
	Ending string // of the file's name
	// Student writes the grade of one student; nil where the form is for a class.
	Student func(*grade.Results, grade.Student) ([]byte, error)
	// Class writes the grades of a class; nil where the form is for one student.
	Class func(*grade.Results) ([]byte, error)
}

// All are the forms there are.
var All = []Format{
	{Name: "autolab", Ending: ".out", Student: autolab},
	{Name: "canvas", Ending: ".csv", Class: canvas},
	{Name: "github", Ending: ".json", Student: github},
	{Name: "gradescope", Ending: ".json", Student: gradescope},
	{Name: "junit", Ending: ".xml", Student: junitFile},
	{Name: "prairielearn", Ending: ".json", Student: prairielearn},
}

// Names are what the forms are called.
func Names() (names []string) {
	for _, f := range All {
		names = append(names, f.Name)
	}
	return names
}

// Of returns the form that is called so.
func Of(name string) (Format, error) {
	i := slices.IndexFunc(All, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, fmt.Errorf("no format is called %q; there are %s", name, strings.Join(Names(), ", "))
	}
	return All[i], nil
}

// ErrNoGrade says that nothing can be told to a service that has no word for "a person has to
// look": it must see that the grader failed, and not a score.
var ErrNoGrade = errors.New("there is no grade to report")

// nothing returns an error if nothing about the student has been decided.
func nothing(s grade.Student) error {
	if s.Status == grade.NotYet || s.Status == grade.NeedsPerson && s.Least.IsZero() && !slices.ContainsFunc(s.Cases, func(c grade.Case) bool {
		return c.Outcome.Decided()
	}) {
		return fmt.Errorf("%w on %s: %s", ErrNoGrade, s.Name, strings.Join(append(s.Why, string(s.Status)), "; "))
	}
	return nil
}

const (
	// maxOutput is how many bytes of text go with one case.
	maxOutput = 8 << 10
	// maxAll is how many go with the whole; services cut what is longer, or drop it.
	maxAll = 64 << 10
)

// outputs are the texts that a student sees about cases, by case.
func outputs(r *grade.Results, s grade.Student) map[string]string {
	texts := map[string]string{}
	for _, n := range r.Notes(s) {
		lines := append([]string{n.Title}, n.Lines...)
		for _, extra := range []struct{ what, text string }{{"hint", n.Hint}, {"replay", n.Replay}} {
			if extra.text != "" {
				lines = append(lines, "  "+extra.what+": "+extra.text)
			}
		}
		texts[n.Case] = plain.Text(strings.Join(lines, "\n"), maxOutput)
	}
	for _, c := range s.Cases {
		if c.Points.Equal(c.Most) && c.Outcome != record.Pass && texts[c.Case] == "" {
			texts[c.Case] = plain.Text(strings.TrimSuffix(string(c.Outcome)+": "+c.Reason, ": "), maxOutput)
		} else if !c.Points.Equal(c.Most) {
			texts[c.Case] = plain.Text("no verdict: "+c.Reason+"\na person decides on these points", maxOutput)
		}
	}
	return texts
}

// feedback is the whole feedback as text.
func feedback(r *grade.Results, s grade.Student) (string, error) {
	var b strings.Builder
	if err := r.WriteFeedback(&b, s); err != nil {
		return "", err
	}
	return plain.Text(b.String(), maxAll), nil
}

// document is v as JSON.
func document(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", " ")
	return append(text, '\n'), err
}

// passed reports whether a case has earned all that it can.
func passed(c grade.Case) bool { return c.Points.Equal(c.Worth) && c.Outcome == record.Pass }
