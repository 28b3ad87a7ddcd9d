package formats

import (
	"fmt"

	"raftlab/internal/grade"
)

// What Gradescope reads from results/results.json.
type (
	gradescopeResults struct {
		Score            grade.Number     `json:"score"` // overrides the sum of the tests
		Output           string           `json:"output"`
		OutputFormat     string           `json:"output_format"`
		TestOutputFormat string           `json:"test_output_format"`
		TestNameFormat   string           `json:"test_name_format"`
		Visibility       string           `json:"visibility"`
		StdoutVisibility string           `json:"stdout_visibility"`
		Tests            []gradescopeTest `json:"tests"`
		ExtraData        map[string]any   `json:"extra_data"`
	}
	gradescopeTest struct {
		Score      grade.Number `json:"score"`
		MaxScore   grade.Number `json:"max_score"`
		Status     string       `json:"status,omitempty"` // passed or failed; none without a verdict
		Name       string       `json:"name"`
		Number     string       `json:"number"`
		Output     string       `json:"output,omitempty"`
		Tags       []string     `json:"tags"`
		Visibility string       `json:"visibility"`
	}
)

// gradescope writes a case without a verdict with no status and no points: the score is what is
// earned for certain, and the text above says that more may come.
func gradescope(r *grade.Results, s grade.Student) ([]byte, error) {
	if err := nothing(s); err != nil {
		return nil, err
	}
	text, err := feedback(r, s)
	if err != nil {
		return nil, err
	}
	g := gradescopeResults{Score: s.Least, Output: text, OutputFormat: "text", TestOutputFormat: "text", TestNameFormat: "text",
		Visibility: "visible", StdoutVisibility: "hidden", Tests: []gradescopeTest{},
		ExtraData: map[string]any{"raw": s.Raw, "rawMax": s.RawMax, "least": s.Least, "most": s.Most, "status": s.Status}}
	texts := outputs(r, s)
	number := map[string]int{}
	for _, c := range s.Cases {
		number[c.Part]++
		t := gradescopeTest{Score: c.Points, MaxScore: c.Worth, Name: c.Case, Number: fmt.Sprintf("%s.%d", c.Part, number[c.Part]),
			Output: texts[c.Case], Tags: []string{c.Part}, Visibility: "visible"}
		if c.Points.Equal(c.Most) {
			t.Status = "failed"
			if passed(c) {
				t.Status = "passed"
			}
		}
		if c.Extra {
			t.Tags, t.MaxScore = append(t.Tags, "extra"), grade.Number{}
		}
		g.Tests = append(g.Tests, t)
	}
	return document(g)
}
