package experiment

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Point is one place of a sweep: the settings of its trials, and the value that was swept there.
type Point struct {
	Set   string  // as With takes it
	Label string  // of the swept value: "10ms"; empty where nothing is swept
	Value float64 // in nanoseconds, bytes, or as it is
}

// Sweep says which setting is swept, and where.
type Sweep struct {
	Setting string // empty if none is
	Points  []Point
}

// maxPoints is how many points a sweep may have: a plot with more says no more, and takes hours.
const maxPoints = 12

// Sweep reads what --set says. "rtt=1ms..100ms,peers=3" is a sweep over rtt: 1ms, 2ms, 5ms, 10ms
// and so on; sizes double. Of three values or more, "rtt=1ms..50ms..200ms", just these are taken.
// One setting can be swept at a time. Without any there is one point, if the experiment has no
// sweep of its own.
func (x Experiment) Sweep(text string) (Sweep, error) {
	text = x.withOwnSweep(text)
	parts := strings.Split(text, ",")
	at := slices.IndexFunc(parts, func(part string) bool { return strings.Contains(part, "..") })
	if at < 0 {
		_, err := x.With(text)
		return Sweep{Points: []Point{{Set: text}}}, err
	}
	name, ends, _ := strings.Cut(strings.TrimSpace(parts[at]), "=")
	if slices.ContainsFunc(parts[at+1:], func(part string) bool { return strings.Contains(part, "..") }) {
		return Sweep{}, errors.New(text + ": one setting can be swept at a time, such as rtt=1ms..100ms")
	}
	set := func(value string) string {
		all := slices.Clone(parts)
		all[at] = name + "=" + value
		return strings.Join(all, ",")
	}
	marks := strings.Split(ends, "..")
	for _, mark := range marks {
		if _, err := x.With(set(mark)); err != nil {
			return Sweep{}, err
		}
	}
	i := slices.IndexFunc(x.Settings, func(s Setting) bool { return s.Name == name })
	k := x.Settings[i].kind
	values, err := valuesAt(k, marks)
	if err != nil {
		return Sweep{}, fmt.Errorf("%s: %w", strings.TrimSpace(parts[at]), err)
	}
	if len(values) > maxPoints {
		return Sweep{}, fmt.Errorf("%s: these are %d points, and %d at most make a plot; narrow the range", strings.TrimSpace(parts[at]), len(values), maxPoints)
	}
	s := Sweep{Setting: name}
	for _, v := range values {
		s.Points = append(s.Points, Point{Set: set(k.show(v)), Label: k.show(v), Value: v})
	}
	return s, nil
}

// withOwnSweep is what --set says together with what the experiment sweeps by itself: nothing, if
// that setting is set, or another is swept.
func (x Experiment) withOwnSweep(text string) string {
	name, _, _ := strings.Cut(x.Swept, "=")
	if name == "" || strings.Contains(text, "..") {
		return text
	}
	for _, part := range strings.Split(text, ",") {
		if strings.HasPrefix(strings.TrimSpace(part), name+"=") {
			return text
		}
	}
	return strings.TrimSuffix(x.Swept+","+text, ",")
}

// valuesAt are the values of a sweep: these marks, or if there are but two of them, what lies
// between them as well.
func valuesAt(k kind, marks []string) (values []float64, err error) {
	for _, mark := range marks {
		v, err := k.parse(mark)
		if err != nil {
			return nil, err
		}
		if n := len(values); n > 0 && v <= values[n-1] {
			return nil, errors.New("the range is empty; lower values come first, such as rtt=1ms..100ms")
		}
		values = append(values, v)
	}
	if len(values) == 2 {
		values = append(append(values[:1:1], k.steps(values[0], values[1])...), values[1])
	}
	return values, nil
}

// decades are the values 1, 2, 5, 10, 20, 50 and so on between low and high. From nothing they
// begin a thousandth below the high end.
func decades(low, high float64) (all []float64) {
	first := low
	if low == 0 {
		first = high / 1000
	}
	for unit := math.Pow(10, math.Floor(math.Log10(first))); unit < high; unit *= 10 {
		for _, m := range []float64{1, 2, 5} {
			v := m * unit
			if unit >= 1 {
				v = math.Round(v)
			}
			if v > low*1.001 && v >= first && v < high*0.999 {
				all = append(all, v)
			}
		}
	}
	return all
}

// doublings are the powers of two between low and high. From nothing they begin a thousandth below
// the high end.
func doublings(low, high float64) (all []float64) {
	if low == 0 {
		low = high / 1024
	}
	for v := math.Exp2(math.Floor(math.Log2(low)) + 1); v < high; v *= 2 {
		all = append(all, v)
	}
	return all
}
