package formats

import (
	"bytes"
	"fmt"

	"raftlab/internal/grade"
	"raftlab/internal/junit"
	"raftlab/internal/record"
)

// junitFile writes a case without a verdict as an error. Times are left out: they are the
// machine's.
func junitFile(r *grade.Results, s grade.Student) ([]byte, error) {
	all := junit.Suites{Name: s.Name, Time: "0"}
	texts := outputs(r, s)
	at := map[string]int{}
	for _, p := range s.Parts {
		at[p.Part] = len(all.Suites)
		suite := junit.Suite{Name: "raftlab." + p.Part, Time: "0", Properties: junit.Properties("points", p.Points.String(), "most", p.Most.String(),
			"max", p.Max.String(), "raw", fmt.Sprint(p.Raw), "status", string(s.Status))}
		for _, b := range s.Builds {
			suite.Properties = append(suite.Properties, junit.Properties("build "+b.Package, b.ID, "go", b.GoVersion)...)
		}
		all.Suites = append(all.Suites, suite)
	}
	for _, c := range s.Cases {
		k := junit.Case{Name: c.Case[len(c.Part)+1:], Class: all.Suites[at[c.Part]].Name, Time: "0", Properties: junit.Properties("points", c.Points.String(),
			"most", c.Most.String(), "worth", c.Worth.String(), "seeds", fmt.Sprint(c.Seeds), "passed", fmt.Sprint(c.Passed))}
		problem := &junit.Problem{Message: string(c.Outcome), Type: string(c.Outcome), Text: texts[c.Case]}
		if c.Failing != nil {
			problem.Message = c.Failing.Text
		}
		switch {
		case !c.Points.Equal(c.Most):
			k.Error = problem
		case c.Outcome != record.Pass:
			k.Failure = problem
		}
		all.Add(at[c.Part], k)
	}
	var b bytes.Buffer
	if err := all.Write(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
