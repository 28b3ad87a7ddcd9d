// Package junit writes JUnit files as Jenkins, GitLab and GitHub's reporters read them: a suite for
// each part of a lab, a test case for each case. What the format has no word for (points, seeds,
// builds) is a property.
package junit

import (
	"encoding/xml"
	"io"
	"slices"
)

// The elements of a file. Times are in seconds, as decimal numbers.
type (
	Suites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Time     string   `xml:"time,attr"`
		Suites   []Suite  `xml:"testsuite"`
	}
	Suite struct {
		Name       string     `xml:"name,attr"`
		Tests      int        `xml:"tests,attr"`
		Failures   int        `xml:"failures,attr"`
		Errors     int        `xml:"errors,attr"`
		Skipped    int        `xml:"skipped,attr"`
		Time       string     `xml:"time,attr"`
		Timestamp  string     `xml:"timestamp,attr,omitempty"`
		Properties []Property `xml:"properties>property"`
		Cases      []Case     `xml:"testcase"`
	}
	Property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	Case struct {
		Name       string     `xml:"name,attr"`
		Class      string     `xml:"classname,attr"`
		Time       string     `xml:"time,attr"`
		Properties []Property `xml:"properties>property"`
		Failure    *Problem   `xml:"failure,omitempty"`
		Error      *Problem   `xml:"error,omitempty"`
		Skipped    *Problem   `xml:"skipped,omitempty"`
	}
	Problem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// Properties are those with these names and values, by turns.
func Properties(nameThenValue ...string) (all []Property) {
	for pair := range slices.Chunk(nameThenValue, 2) {
		all = append(all, Property{pair[0], pair[1]})
	}
	return all
}

// Add adds a case to the suite with that index, and counts it.
func (all *Suites) Add(suite int, c Case) {
	s := &all.Suites[suite]
	s.Cases = append(s.Cases, c)
	s.Tests++
	all.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
		all.Failures++
	case c.Error != nil:
		s.Errors++
		all.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// Write writes the file.
func (all *Suites) Write(w io.Writer) error {
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
