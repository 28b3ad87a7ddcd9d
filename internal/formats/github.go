package formats

import (
	"fmt"
	"strings"

	"raftlab/internal/grade"
	"raftlab/internal/plain"
)

// What the reporter of GitHub Classroom reads: each test step has an output `result`, which is this
// in base64.
type (
	githubResult struct {
		Version  int          `json:"version"`
		Status   string       `json:"status"` // pass, fail or error
		MaxScore grade.Number `json:"max_score"`
		Tests    []githubTest `json:"tests"`
	}
	githubTest struct {
		Name     string       `json:"name"`
		Status   string       `json:"status"`
		Score    grade.Number `json:"score"`
		Message  string       `json:"message"`
		TestCode string       `json:"test_code"`
		Filename string       `json:"filename"`
		LineNo   int          `json:"line_no"`
	}
)

// github has a status for what went wrong in the grader: a case without a verdict is an error.
func github(r *grade.Results, s grade.Student) ([]byte, error) {
	if err := nothing(s); err != nil {
		return nil, err
	}
	g := githubResult{Version: 1, Status: "pass", MaxScore: s.Max, Tests: []githubTest{}}
	texts := outputs(r, s)
	var points []grade.Number
	for _, c := range s.Cases {
		points = append(points, c.Points)
	}
	points = grade.Balanced(points, s.Least) // the reporter adds up
	for i, c := range s.Cases {
		t := githubTest{Name: c.Case, Status: "pass", Score: points[i], Message: texts[c.Case], TestCode: "raftlab test " + c.Case}
		switch {
		case !c.Points.Equal(c.Most):
			t.Status, g.Status = "error", "error"
		case !passed(c):
			if t.Status = "fail"; g.Status == "pass" {
				g.Status = "fail"
			}
		}
		g.Tests = append(g.Tests, t)
	}
	return document(g)
}

// maxAnnotations is how many annotations of one kind GitHub shows of a step.
const maxAnnotations = 10

// GitHubSummary is a table for GITHUB_STEP_SUMMARY, which may have 1 MiB.
func GitHubSummary(s grade.Student) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n| part | points | of | cases passed |\n|---|---|---|---|\n", markdown(s.Verdict()))
	for _, p := range s.Parts {
		fmt.Fprintf(&b, "| %s | %s | %s | %d of %d |\n", p.Part, p.Points, p.Max, p.Passed, p.Cases)
	}
	b.WriteString("\n| case | outcome |\n|---|---|\n")
	for _, c := range s.Cases {
		what := string(c.Outcome)
		if c.Failing != nil {
			what = c.Failing.Text
		}
		fmt.Fprintf(&b, "| %s | %s |\n", c.Case, markdown(what))
	}
	return []byte(b.String())
}

// GitHubAnnotations are workflow commands, one on each line: an error for each case that failed,
// and one for each place where the code does not compile, as many as GitHub shows.
func GitHubAnnotations(s grade.Student) []byte {
	var lines []string
	for _, f := range s.Faults {
		at := "title=it does not compile"
		if f.File != "" {
			at = fmt.Sprintf("file=%s,line=%d", property(f.File), f.Line)
		}
		lines = append(lines, fmt.Sprintf("::error %s::%s", at, message(f.Text)))
	}
	for _, c := range s.Cases {
		if c.Failing != nil && c.Failing.Outcome.Decided() {
			lines = append(lines, fmt.Sprintf("::error title=%s::%s", property(c.Case), message(c.Failing.Text)))
		}
	}
	if len(lines) > maxAnnotations {
		lines = lines[:maxAnnotations]
	}
	if len(lines) == 0 {
		return nil
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(plain.Text(s, maxOutput))
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(message(s))
}

// markdown is a text for a cell of a table.
func markdown(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ", "`", "'").Replace(plain.Line(s, maxOutput))
}
