package suite

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"

	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// The elements of a JUnit file that Jenkins, GitLab and GitHub's reporters understand. A part of a
// lab is a suite, a case is a testcase; seed and points are properties.
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
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`

		seconds float64
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
		Skipped    *junitProblem   `xml:"skipped,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as JUnit XML. Times are CPU seconds: cases run side by side, and
// their wall-clock time says little.
func (r *Report) WriteJUnit(w io.Writer) error {
	r = plain.Strings(r)
	all := junitSuites{Name: "raftlab"}
	at := map[string]int{}
	var total float64
	for _, c := range r.Cases {
		name := c.Lab + "." + c.Part
		i, ok := at[name]
		if !ok {
			i = len(all.Suites)
			at[name] = i
			all.Suites = append(all.Suites, r.junitSuite(name))
		}
		s := &all.Suites[i]
		k := r.junitCase(c, name)
		s.Cases = append(s.Cases, k)
		s.Tests++
		s.seconds += c.CPU
		total += c.CPU
		s.Time, all.Time = junitTime(s.seconds), junitTime(total)
		all.Tests++
		switch {
		case k.Failure != nil:
			s.Failures++
			all.Failures++
		case k.Error != nil:
			s.Errors++
			all.Errors++
		case k.Skipped != nil:
			s.Skipped++
		}
	}
	if len(r.Cases) == 0 && r.Status != Complete { // no tests and no errors would look like a success
		command := r.junitSuite("raftlab")
		command.Tests, command.Errors, all.Tests, all.Errors = 1, 1, 1, 1
		command.Cases = []junitCase{{Name: "command line", Class: "raftlab", Time: "0", Error: &junitProblem{
			Message: r.Error, Type: string(r.Status), Text: r.Error}}}
		all.Suites = append(all.Suites, command)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r *Report) junitSuite(name string) junitSuite {
	s := junitSuite{Name: name, Time: "0", Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05")}
	least, most, all := r.pointsOf(name)
	s.Properties = []junitProperty{{"points", points(least, most)}, {"maxPoints", strconv.Itoa(all)}, {"status", string(r.Status)}, {"impl", r.Impl}, {"seeds", r.Seeds}}
	for _, b := range r.Builds {
		s.Properties = append(s.Properties, junitProperty{"build " + b.Package, b.ID}, junitProperty{"go", b.GoVersion})
	}
	return s
}

// pointsOf are the points of a part: earned, with those that a person may still give, and all there are.
func (r *Report) pointsOf(suite string) (least, most, all int) {
	for _, c := range r.Cases {
		if c.Lab+"."+c.Part == suite {
			least, most, all = least+c.Points, most+c.UpperPoints, all+c.MaxPoints
		}
	}
	return least, most, all
}

func (r *Report) junitCase(c CaseResult, class string) junitCase {
	k := junitCase{Name: c.Name, Class: class, Time: junitTime(c.CPU), Properties: []junitProperty{
		{"points", strconv.Itoa(c.Points)}, {"upperPoints", strconv.Itoa(c.UpperPoints)}, {"maxPoints", strconv.Itoa(c.MaxPoints)},
		{"seeds", strconv.Itoa(c.Seeds)}, {"passed", strconv.Itoa(c.Passed)},
	}}
	p := &junitProblem{Message: string(c.Outcome), Type: string(c.Outcome)}
	if run := c.Run(c.FirstFailing); run != nil {
		k.Properties = append(k.Properties, junitProperty{"seed", strconv.FormatUint(run.Seed, 10)}, junitProperty{"hash", run.Hash})
		p.Message = fmt.Sprintf("seed %d: %s", run.Seed, headline(*run))
		p.Text = run.Message + "\n" + run.Stack + "\nreplay: " + run.Replay + "\n"
	}
	switch {
	case !c.Outcome.Decided():
		if c.Reason != "" {
			p.Message += ": " + c.Reason
		}
		p.Text += fmt.Sprintf("neither passed nor failed: a person decides on %d points\n", c.UpperPoints-c.Points)
		k.Error = p
	case c.Outcome == record.Pass:
	case c.Outcome == NotRun, c.Outcome == Incomplete:
		k.Skipped = &junitProblem{Message: string(c.Outcome)}
	default:
		for _, f := range r.Faults {
			p.Text += f.String() + "\n"
		}
		k.Failure = p
	}
	return k
}

func junitTime(seconds float64) string { return strconv.FormatFloat(seconds, 'f', 3, 64) }
