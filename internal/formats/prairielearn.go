package formats

import (
	"fmt"
	"strings"

	"raftlab/internal/grade"
)

// What PrairieLearn reads from /grade/results/results.json, which may have 1 MB.
type (
	prairielearnResults struct {
		Score        *fraction          `json:"score,omitempty"` // from 0 to 1
		Gradable     bool               `json:"gradable"`
		FormatErrors []string           `json:"format_errors,omitempty"`
		Message      string             `json:"message"`
		Output       string             `json:"output"`
		Tests        []prairielearnTest `json:"tests"`
	}
	prairielearnTest struct {
		Name        string       `json:"name"`
		Description string       `json:"description,omitempty"`
		Points      grade.Number `json:"points"`
		MaxPoints   grade.Number `json:"max_points"`
		Output      string       `json:"output,omitempty"`
	}
)

// fraction is a/b in decimal, at most 1.
type fraction struct{ a, b grade.Number }

// MarshalJSON writes six digits, so that a thousandth of a point is not lost.
func (f fraction) MarshalJSON() ([]byte, error) {
	share := f.a.Share(f.b)
	if len(share) > 1 && share[0] != '0' {
		share = "1" // points that come on top have no place there
	}
	return []byte(share), nil
}

// prairielearn has a word for what is not graded: a submission without a verdict on every case is
// not gradable, and stays as it was.
func prairielearn(r *grade.Results, s grade.Student) ([]byte, error) {
	text, err := feedback(r, s)
	if err != nil {
		return nil, err
	}
	p := prairielearnResults{Gradable: s.Status == grade.Graded, Message: s.Verdict(), Output: text, Tests: []prairielearnTest{}}
	if s.Score != nil {
		p.Score = &fraction{*s.Score, s.Max}
	} else {
		p.FormatErrors = []string{"not graded: " + strings.Join(s.Why, "; ")}
	}
	texts := outputs(r, s)
	for _, c := range s.Cases {
		t := prairielearnTest{Name: c.Case, Points: c.Points, MaxPoints: c.Worth, Output: texts[c.Case]}
		if c.Extra {
			t.Description = "on top"
		}
		p.Tests = append(p.Tests, t)
	}
	doc, err := document(p)
	if err == nil && len(doc) > 1_000_000 {
		for i := range p.Tests {
			p.Tests[i].Output = fmt.Sprintf("see the text of the whole (%d bytes)", len(p.Tests[i].Output))
		}
		return document(p)
	}
	return doc, err
}
