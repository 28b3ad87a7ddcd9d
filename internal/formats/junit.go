package formats

import (
	"bytes"
	"encoding/xml"
	"fmt"

	"raftlab/internal/grade"
	"raftlab/internal/record"
)

// JUnit as Jenkins, GitLab and others read it. Points and seeds are properties.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name       string          `xml:"name,attr"`
		Class      string          `xml:"classname,attr"`
		Time       string          `xml:"time,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Failure    *junitProblem   `xml:"failure,omitempty"`
		Error      *junitProblem   `xml:"error,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// junit writes a case without a verdict as an error. Times are left out: they are the machine's.
func junit(r *grade.Results, s grade.Student) ([]byte, error) {
	all := junitSuites{Name: s.Name, Time: "0"}
	texts := outputs(r, s)
	at := map[string]int{}
	for _, p := range s.Parts {
		at[p.Part] = len(all.Suites)
		suite := junitSuite{Name: "raftlab." + p.Part, Time: "0", Properties: []junitProperty{{"points", p.Points.String()}, {"most", p.Most.String()},
			{"max", p.Max.String()}, {"raw", fmt.Sprint(p.Raw)}, {"status", string(s.Status)}}}
		for _, b := range s.Builds {
			suite.Properties = append(suite.Properties, junitProperty{"build " + b.Package, b.ID}, junitProperty{"go", b.GoVersion})
		}
		all.Suites = append(all.Suites, suite)
	}
	for _, c := range s.Cases {
		suite := &all.Suites[at[c.Part]]
		k := junitCase{Name: c.Case[len(c.Part)+1:], Class: suite.Name, Time: "0", Properties: []junitProperty{{"points", c.Points.String()},
			{"most", c.Most.String()}, {"worth", c.Worth.String()}, {"seeds", fmt.Sprint(c.Seeds)}, {"passed", fmt.Sprint(c.Passed)}}}
		problem := &junitProblem{Message: string(c.Outcome), Type: string(c.Outcome), Text: texts[c.Case]}
		if c.Failing != nil {
			problem.Message = c.Failing.Text
		}
		all.Tests++
		suite.Tests++
		switch {
		case !c.Points.Equal(c.Most):
			k.Error = problem
			suite.Errors++
			all.Errors++
		case c.Outcome != record.Pass:
			k.Failure = problem
			suite.Failures++
			all.Failures++
		}
		suite.Cases = append(suite.Cases, k)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", " ")
	if err := e.Encode(all); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
