package suite

import (
	"fmt"
	"io"
	"strconv"

	"raftlab/internal/junit"
	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// WriteJUnit writes the report as JUnit XML. Times are CPU seconds: cases run side by side, and
// their wall-clock time says little.
func (r *Report) WriteJUnit(w io.Writer) error {
	r = plain.Strings(r)
	all := junit.Suites{Name: "raftlab"}
	at, seconds := map[string]int{}, map[string]float64{}
	var total float64
	for _, c := range r.Cases {
		name := c.Lab + "." + c.Part
		i, ok := at[name]
		if !ok {
			i = len(all.Suites)
			at[name] = i
			all.Suites = append(all.Suites, r.junitSuite(name))
		}
		all.Add(i, r.junitCase(c, name))
		seconds[name] += c.CPU
		total += c.CPU
		all.Suites[i].Time, all.Time = junitTime(seconds[name]), junitTime(total)
	}
	if len(r.Cases) == 0 && r.Status != Complete { // no tests and no errors would look like a success
		command := r.junitSuite("raftlab")
		command.Tests, command.Errors, all.Tests, all.Errors = 1, 1, 1, 1
		command.Cases = []junit.Case{{Name: "command line", Class: "raftlab", Time: "0", Error: &junit.Problem{
			Message: r.Error, Type: string(r.Status), Text: r.Error}}}
		all.Suites = append(all.Suites, command)
	}
	return all.Write(w)
}

func (r *Report) junitSuite(name string) junit.Suite {
	s := junit.Suite{Name: name, Time: "0", Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05")}
	least, most, all := r.pointsOf(name)
	s.Properties = junit.Properties("points", points(least, most), "maxPoints", strconv.Itoa(all), "status", string(r.Status), "impl", r.Impl, "seeds", r.Seeds)
	for _, b := range r.Builds {
		s.Properties = append(s.Properties, junit.Properties("build "+b.Package, b.ID, "go", b.GoVersion)...)
	}
	return s
}

// pointsOf are the points of a part: earned, with those that a person may still give, and all there
// are.
func (r *Report) pointsOf(suite string) (least, most, all int) {
	for _, c := range r.Cases {
		if c.Lab+"."+c.Part == suite {
			least, most, all = least+c.Points, most+c.UpperPoints, all+c.MaxPoints
		}
	}
	return least, most, all
}

func (r *Report) junitCase(c CaseResult, class string) junit.Case {
	k := junit.Case{Name: c.Name, Class: class, Time: junitTime(c.CPU), Properties: junit.Properties("points", strconv.Itoa(c.Points), "upperPoints", strconv.Itoa(c.UpperPoints), "maxPoints", strconv.Itoa(c.MaxPoints),
		"seeds", strconv.Itoa(c.Seeds), "passed", strconv.Itoa(c.Passed))}
	p := &junit.Problem{Message: string(c.Outcome), Type: string(c.Outcome)}
	if run := c.Run(c.FirstFailing); run != nil {
		k.Properties = append(k.Properties, junit.Properties("seed", strconv.FormatUint(run.Seed, 10), "hash", run.Hash)...)
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
	case c.Outcome == record.NotChecked:
		k.Skipped = &junit.Problem{Message: p.Message}
	case c.Outcome == NotRun, c.Outcome == Incomplete:
		k.Skipped = &junit.Problem{Message: string(c.Outcome)}
	default:
		for _, f := range r.Faults {
			p.Text += f.String() + "\n"
		}
		k.Failure = p
	}
	return k
}

func junitTime(seconds float64) string { return strconv.FormatFloat(seconds, 'f', 3, 64) }
