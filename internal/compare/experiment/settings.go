package experiment

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Setting is something that --set can change.
type Setting struct {
	Name    string `json:"name"`
	Default string `json:"value"` // in a report: what it was
	Meaning string `json:"meaning"`
	kind    kind
}

// kind says which values a setting takes: parse returns an error that names what is wanted. show is
// its inverse, and steps are the values of a range that lie between its ends (sweep.go).
type kind struct {
	parse func(string) (float64, error) // durations in nanoseconds, sizes in bytes
	show  func(float64) string
	steps func(low, high float64) []float64
}

// The kinds of settings.
var (
	count  = kind{parseCount, func(v float64) string { return strconv.Itoa(int(v)) }, decades}
	period = kind{func(s string) (float64, error) { return parseDuration(s, 1) }, showDuration, decades}
	delay  = kind{func(s string) (float64, error) { return parseDuration(s, 0) }, showDuration, decades} // may be none
	size   = kind{parseSize, showSize, doublings}
	rate   = kind{parseRate, showSize, doublings} // bytes per second; 0: no limit
	share  = kind{parseShare, func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }, decades}
)

func parseCount(s string) (float64, error) {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return float64(n), nil
	}
	return 0, errors.New("a positive number is wanted, such as 5")
}

func parseDuration(s string, least time.Duration) (float64, error) {
	if d, err := time.ParseDuration(s); err == nil && d >= least {
		return float64(d), nil
	}
	return 0, errors.New("a duration is wanted, such as 20ms")
}

func parseShare(s string) (float64, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && f > 0 && f <= 1 {
		return f, nil
	}
	return 0, errors.New("a share above 0 and up to 1 is wanted, such as 0.9")
}

func parseSize(s string) (float64, error) {
	for _, unit := range []struct {
		name  string
		bytes int
	}{{"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}} {
		if number, ok := strings.CutSuffix(s, unit.name); ok {
			if n, err := strconv.Atoi(number); err == nil && n > 0 && n <= 1<<30/unit.bytes {
				return float64(n * unit.bytes), nil
			}
			break
		}
	}
	return 0, errors.New("a size is wanted, such as 1KiB")
}

func parseRate(s string) (float64, error) {
	if s == "0" {
		return 0, nil
	}
	return parseSize(s)
}

func showDuration(v float64) string { return time.Duration(v).String() }

func showSize(v float64) string {
	switch bytes := int(v); {
	case bytes == 0:
		return "0"
	case bytes%(1<<20) == 0:
		return fmt.Sprintf("%dMiB", bytes>>20)
	case bytes%(1<<10) == 0:
		return fmt.Sprintf("%dKiB", bytes>>10)
	default:
		return fmt.Sprintf("%dB", bytes)
	}
}

// With returns the experiment's settings with what text sets, "peers=7,away=20s". It refuses
// settings that the experiment does not have, and values of the wrong kind.
func (x Experiment) With(text string) ([]Setting, error) {
	all := slices.Clone(x.Settings)
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		i := slices.IndexFunc(all, func(s Setting) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%s: the experiment %s has no such setting; it has %s", part, x.Name, strings.Join(x.settingNames(), ", "))
		}
		if _, err := all[i].kind.parse(value); err != nil {
			return nil, fmt.Errorf("%s: %w", part, err)
		}
		all[i].Default = value
	}
	return all, nil
}

func (x Experiment) settingNames() []string {
	var names []string
	for _, s := range x.Settings {
		names = append(names, s.Name)
	}
	return names
}

// number returns what a setting is set to.
func (t *Trial) number(name string) float64 {
	for _, s := range t.settings {
		if s.Name == name {
			v, err := s.kind.parse(s.Default)
			if err != nil {
				panic(fmt.Sprintf("experiment: %s=%s: %v", name, s.Default, err)) // With has let it through
			}
			return v
		}
	}
	panic("experiment: " + t.Experiment.Name + " has no setting " + name)
}

// Int returns a count, or a size in bytes.
func (t *Trial) Int(name string) int { return int(t.number(name)) }

// Duration returns a period or a delay.
func (t *Trial) Duration(name string) time.Duration { return time.Duration(t.number(name)) }

// Share returns a number between 0 and 1.
func (t *Trial) Share(name string) float64 { return t.number(name) }

// surroundings are the settings that all experiments have: what lies below the peers. The defaults
// are those of the labs.
func surroundings(rtt, fsync, link string) []Setting {
	return []Setting{
		{"rtt", rtt, "a round trip between any two, half of it each way, give or take 5 %; 0s: 0.2 to 1.8 ms, as in the labs", delay},
		{"fsync", fsync, "how long a write to a persister takes; a peer's disk does one at a time", delay},
		{"link", link, "bytes per second from one peer to another, such as 1MiB, one message after the other; 0: no limit", rate},
		{"disk", "0", "bytes per second of a peer's disk, beside fsync; 0: no limit", rate},
		{"service", "0s", "how long a server is busy with each request, one at a time", delay},
	}
}

// busy are surroundings in which requests keep servers busy.
func busy(surroundings []Setting, service string) []Setting {
	for i := range surroundings {
		if surroundings[i].Name == "service" {
			surroundings[i].Default = service
		}
	}
	return surroundings
}
