// Package experiment holds what `raftlab compare` measures. An experiment is one file: what is set
// up, what varies, what is measured, what is expected and who says so. It runs as a case of the
// harness, in the engine, so that a seed's numbers are the same on every machine:
//
//	raftlab compare ---- Job: case "rejoin/prevote", seed 3 ----> guest: Run(t, raft.Make)
//	  median, spread  <--- the trace's notes "measured x 1.5" ---   Trial.Measure
//
// Contents:
//
//   - [Experiment], [Variant], [Metric], [Trial]: the form (this file)
//   - [All]: the list; rejoin.go, partial.go: one experiment each
//   - load.go: clients that write, and what they see
//   - guest.go: from experiments to cases, and back
package experiment

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"raftlab/raftapi"
	"raftlab/tester"
)

// Experiment compares peers that differ in one respect.
type Experiment struct {
	Name       string
	Question   string
	Setup      string
	Hypothesis string // what is expected, and why
	Source     string // of the hypothesis
	Settings   []Setting
	Variants   []Variant
	Metrics    []Metric
	Run        func(*Trial)
}

// Setting is something that --set can change.
type Setting struct {
	Name    string `json:"name"`
	Default string `json:"value"` // in a report: what it was
	Meaning string `json:"meaning"`
}

// Variant is one of the things compared.
type Variant struct {
	Name       string
	Extensions []string // of the peers (raftapi.Extensions)
	Scene      string   // what else differs; for the experiment
}

// Metric is something measured. Each trial measures each metric once.
type Metric struct {
	Name    string `json:"name"`
	Unit    string `json:"unit,omitempty"`
	Meaning string `json:"meaning"`
}

// All lists the experiments.
func All() []Experiment { return []Experiment{rejoin(), partial()} }

// Find returns the experiment of that name.
func Find(name string) (Experiment, error) {
	var names []string
	for _, x := range All() {
		if x.Name == name {
			return x, nil
		}
		names = append(names, x.Name)
	}
	return Experiment{}, fmt.Errorf("no experiment is called %q; there are %s", name, strings.Join(names, ", "))
}

// ParseSettings reads what --set gives, "peers=7,away=20s", and refuses what no one of experiments knows
// and values of the wrong kind.
func ParseSettings(text string, experiments []Experiment) (map[string]string, error) {
	set := map[string]string{}
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		var known []string
		for _, x := range experiments {
			for _, s := range x.Settings {
				known = append(known, s.Name)
				if s.Name != name {
					continue
				}
				if err := sameKind(s.Default, value); err != nil {
					return nil, fmt.Errorf("%s=%s: %v", name, value, err)
				}
				set[name] = value
			}
		}
		if _, ok := set[name]; !ok {
			return nil, fmt.Errorf("%s: no such setting here; there are %s", part, strings.Join(known, ", "))
		}
	}
	return set, nil
}

// sameKind checks that value is of the kind of the default: a positive number or duration.
func sameKind(def, value string) error {
	if _, err := strconv.Atoi(def); err == nil {
		if n, err := strconv.Atoi(value); err != nil || n <= 0 {
			return fmt.Errorf("a positive number is wanted, such as %s", def)
		}
		return nil
	}
	if d, err := time.ParseDuration(value); err != nil || d <= 0 {
		return fmt.Errorf("a duration is wanted, such as %s", def)
	}
	return nil
}

// Trial is one run of a variant with one seed.
type Trial struct {
	*tester.Env
	Experiment Experiment
	Variant    Variant
	newPeer    raftapi.MakeFunc
	set        map[string]string
}

func (t *Trial) setting(name string) string {
	if v, ok := t.set[name]; ok {
		return v
	}
	for _, s := range t.Experiment.Settings {
		if s.Name == name {
			return s.Default
		}
	}
	panic("experiment: " + t.Experiment.Name + " has no setting " + name)
}

// Int and Duration return settings; ParseSettings has checked them.
func (t *Trial) Int(name string) int {
	n, _ := strconv.Atoi(t.setting(name))
	return n
}

func (t *Trial) Duration(name string) time.Duration {
	d, _ := time.ParseDuration(t.setting(name))
	return d
}

// measured begins the notes that hold numbers.
const measured = "measured "

// Measure writes down what was measured.
func (t *Trial) Measure(metric string, value float64) {
	for _, m := range t.Experiment.Metrics {
		if m.Name == metric {
			t.Note("%s%q %g", measured, metric, value)
			return
		}
	}
	panic("experiment: " + t.Experiment.Name + " has no metric " + metric)
}

// ParseMeasure reads a note that Measure has written.
func ParseMeasure(note string) (metric string, value float64, ok bool) {
	rest, ok := strings.CutPrefix(note, measured)
	if !ok {
		return "", 0, false
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", 0, false
	}
	metric, err = strconv.Unquote(quoted)
	if err != nil {
		return "", 0, false
	}
	value, err = strconv.ParseFloat(strings.TrimSpace(rest[len(quoted):]), 64)
	return metric, value, err == nil
}
