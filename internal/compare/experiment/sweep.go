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

// Sweep reads what --set says. "rtt=1ms..100ms,peers=3" is a sweep over rtt: 1ms, 2ms, 5ms, 10ms and so on; sizes double. One
// setting can be swept at a time. Without a range there is one point.
func (x Experiment) Sweep(text string) (Sweep, error) {
	parts := strings.Split(text, ",")
	at := slices.IndexFunc(parts, func(part string) bool { return strings.Contains(part, "..") })
	if at < 0 {
		_, err := x.With(text)
		return Sweep{Points: []Point{{Set: text}}}, err
	}
	name, ends, _ := strings.Cut(strings.TrimSpace(parts[at]), "=")
	low, high, _ := strings.Cut(ends, "..")
	if strings.Contains(high, "..") || slices.ContainsFunc(parts[at+1:], func(part string) bool { return strings.Contains(part, "..") }) {
		return Sweep{}, errors.New(text + ": one setting can be swept at a time, such as rtt=1ms..100ms")
	}
	set := func(value string) string {
		all := slices.Clone(parts)
		all[at] = name + "=" + value
		return strings.Join(all, ",")
	}
	for _, end := range []string{low, high} {
		if _, err := x.With(set(end)); err != nil {
			return Sweep{}, err
		}
	}
	i := slices.IndexFunc(x.Settings, func(s Setting) bool { return s.Name == name })
	k := x.Settings[i].kind
	from, err := k.parse(low)
	to, errTo := k.parse(high)
	if err = errors.Join(err, errTo); err != nil {
		return Sweep{}, err // With has taken both
	}
	if from >= to {
		return Sweep{}, fmt.Errorf("%s: the range is empty; the lower end comes first, such as rtt=1ms..100ms", strings.TrimSpace(parts[at]))
	}
	values := append(append([]float64{from}, k.steps(from, to)...), to)
	if len(values) > maxPoints {
		return Sweep{}, fmt.Errorf("%s: these are %d points, and %d at most make a plot; narrow the range", strings.TrimSpace(parts[at]), len(values), maxPoints)
	}
	s := Sweep{Setting: name}
	for _, v := range values {
		s.Points = append(s.Points, Point{Set: set(k.show(v)), Label: k.show(v), Value: v})
	}
	return s, nil
}

// decades are the values 1, 2, 5, 10, 20, 50 and so on between low and high. From nothing they begin a thousandth below
// the high end.
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

// doublings are the powers of two between low and high. From nothing they begin a thousandth below the high end.
func doublings(low, high float64) (all []float64) {
	if low == 0 {
		low = high / 1024
	}
	for v := math.Exp2(math.Floor(math.Log2(low)) + 1); v < high; v *= 2 {
		all = append(all, v)
	}
	return all
}
