package formats

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"raftlab/internal/grade"
)

// What Autolab reads: the last line of the output has the scores, the line before it how feedback
// looks.
type (
	autolabScores struct {
		Scores     map[string]grade.Number `json:"scores"`
		Scoreboard []grade.Number          `json:"scoreboard"`
	}
	autolabTest struct {
		Passed bool   `json:"passed"`
		Hint   string `json:"hint,omitempty"`
	}
)

// autolab writes the feedback, and then the two lines. A case without a verdict is not passed, its
// hint says so, and its points are missing from the sum.
func autolab(r *grade.Results, s grade.Student) ([]byte, error) {
	if err := nothing(s); err != nil {
		return nil, err
	}
	text, err := feedback(r, s)
	if err != nil {
		return nil, err
	}
	scores := autolabScores{Scores: map[string]grade.Number{}, Scoreboard: []grade.Number{s.Least}}
	look := map[string]any{"_presentation": "semantic"}
	var stages []string
	var points []grade.Number
	for _, p := range s.Parts {
		points = append(points, p.Points)
	}
	for i, n := range grade.Balanced(points, s.Least) { // Autolab adds up
		scores.Scores[s.Parts[i].Part] = n
	}
	texts := outputs(r, s)
	for _, c := range s.Cases {
		if !slices.Contains(stages, c.Part) {
			stages = append(stages, c.Part)
			look[c.Part] = map[string]autolabTest{}
		}
		look[c.Part].(map[string]autolabTest)[c.Case[len(c.Part)+1:]] = autolabTest{Passed: passed(c), Hint: texts[c.Case]}
	}
	look["stages"] = stages
	var b bytes.Buffer
	b.WriteString(strings.TrimRight(text, "\n") + "\n") // it may have been cut in the middle of a line
	for _, v := range []any{look, scores} {
		line, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}
