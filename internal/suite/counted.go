package suite

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/record"
)

// Counted is a text and the cases it came up in.
type Counted struct {
	Text  string
	Cases []string
}

// Counts collects texts. Those that say of the same things how many times they were there, and
// differ in nothing else, are one: "8 to 18 times".
type Counts map[string]*counted

type counted struct {
	text        string
	least, most []int // of each number of times in the text
	cases       []string
}

var times = regexp.MustCompile(`\b[0-9]{1,9} times\b`)

// Add notes that a text came up in a case.
func (c Counts) Add(text, caseID string) {
	var counts []int
	form := times.ReplaceAllStringFunc(text, func(s string) string {
		n, _ := strconv.Atoi(strings.TrimSuffix(s, " times")) // digits only, and few
		counts = append(counts, n)
		return "# times"
	})
	k := c[form]
	if k == nil {
		k = &counted{text: text, least: slices.Clone(counts), most: counts}
		c[form] = k
	}
	for i, n := range counts {
		k.least[i], k.most[i] = min(k.least[i], n), max(k.most[i], n)
	}
	if !slices.Contains(k.cases, caseID) {
		k.cases = append(k.cases, caseID)
	}
}

// List returns the texts in an order that depends on nothing but them.
func (c Counts) List() (list []Counted) {
	for _, form := range slices.Sorted(maps.Keys(c)) {
		k, i := c[form], -1
		list = append(list, Counted{times.ReplaceAllStringFunc(k.text, func(s string) string {
			if i++; k.least[i] != k.most[i] {
				return fmt.Sprintf("%d to %d times", k.least[i], k.most[i])
			}
			return s
		}), k.cases})
	}
	return list
}

// NotChecked returns the rules that could not be checked, and why cases could not.
func (r *Report) NotChecked() []Counted {
	return r.collect(RunResult.unchecked)
}

func (run RunResult) unchecked() []string {
	texts := record.Unchecked(run.NotChecked, run.Why)
	if run.Outcome == record.NotChecked {
		texts = append(texts, run.Message)
	}
	return texts
}

// Warnings returns what runs warned about, and notes of the engine about single runs.
func (r *Report) Warnings() []Counted {
	return r.collect(func(run RunResult) []string { return append(slices.Clone(run.Warnings), run.Notes...) })
}

func (r *Report) collect(texts func(RunResult) []string) []Counted {
	found := Counts{}
	for _, c := range r.Cases {
		for _, run := range c.Runs {
			for _, t := range texts(run) {
				found.Add(t, c.Case)
			}
		}
	}
	return found.List()
}
