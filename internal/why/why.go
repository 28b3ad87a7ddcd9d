// Package why finds out when a failure became inevitable.
//
// Up to an instant t a run is what it was; from there on, whatever is decided by chance is drawn
// anew: the weather, the order of goroutines, timeouts. The faults that the case plays stay. If all
// such runs fail, then what made them fail lies before t; if few do, it was still to come:
//
//	share of runs that fail
//	1.0                     ________
//	                       |
//	0.2  __________________|            what happened here?
//	     t ----------------------------> end of the run
//
// [Search] draws this curve where it is steep: it bisects between the two neighbours that differ
// most, down to two events that follow each other.
package why

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

// Outcome is how a run with new chance ended.
type Outcome int

// The outcomes.
const (
	Passes  Outcome = iota
	Fails           // by the same rule
	Differs         // by another one
	Nothing         // it was interrupted
)

// Point is a point of the curve.
type Point struct {
	At            time.Duration // from when on chance was drawn anew
	Fails, Others int           // runs that broke the same rule, and that failed otherwise
	Runs          int
}

// Share is the share of runs that still fail.
func (p Point) Share() float64 {
	if p.Runs == 0 {
		return 0
	}
	return float64(p.Fails) / float64(p.Runs)
}

// Interval is where the share is with 95 % confidence (Wilson, 1927).
func (p Point) Interval() (low, high float64) {
	if p.Runs == 0 {
		return 0, 1
	}
	const z = 1.96
	n, f := float64(p.Runs), p.Share()
	middle := (f + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(f*(1-f)/n+z*z/(4*n*n))
	return max(middle-half, 0), min(middle+half, 1)
}

// Search draws the curve of one run.
type Search struct {
	Times   []time.Duration // of the run's events, in order, each once, from 0 to the failure
	Workers int
	// Run makes a run in which chance is drawn anew from an instant on; the salt says how.
	Run func(ctx context.Context, from time.Duration, salt uint64) Outcome
	// Progress, if not nil, gets the curve after each step.
	Progress func([]Point)

	points map[int]*Point // by position in Times
}

// How many runs a point has at first, and how many those beside the jump get.
const (
	firstRuns = 8
	mostRuns  = 32
	grid      = 7
)

// Curve draws the curve until the jump is between two neighbouring events, each with mostRuns runs,
// or ctx has ended.
func (s *Search) Curve(ctx context.Context) []Point {
	s.points = map[int]*Point{}
	last := len(s.Times) - 1
	for i := range grid + 1 {
		s.sample(ctx, last*i/grid, firstRuns)
	}
	for ctx.Err() == nil && last > 0 {
		low, high := s.steepest()
		switch {
		case high-low > 1:
			s.sample(ctx, (low+high)/2, firstRuns)
		case s.points[low].Runs < mostRuns || s.points[high].Runs < mostRuns:
			s.sample(ctx, low, mostRuns)
			s.sample(ctx, high, mostRuns)
		default:
			return s.curve()
		}
	}
	return s.curve()
}

// sample sees to it that a point has so many runs.
func (s *Search) sample(ctx context.Context, at, runs int) {
	p := s.points[at]
	if p == nil {
		p = &Point{At: s.Times[at]}
		s.points[at] = p
	}
	for p.Runs < runs && ctx.Err() == nil {
		outcomes := make([]Outcome, min(max(s.Workers, 1), runs-p.Runs))
		var all sync.WaitGroup
		for i := range outcomes {
			salt := uint64(p.Runs + i + 1)
			all.Go(func() { outcomes[i] = s.Run(ctx, p.At, salt) })
		}
		all.Wait()
		for _, o := range outcomes {
			if o == Nothing {
				continue
			}
			p.Runs++
			switch o {
			case Fails:
				p.Fails++
			case Differs:
				p.Others++
			}
		}
		if s.Progress != nil && ctx.Err() == nil {
			s.Progress(s.curve())
		}
		if !slices.ContainsFunc(outcomes, func(o Outcome) bool { return o != Nothing }) {
			return
		}
	}
}

// positions are those of the points, in order.
func (s *Search) positions() []int {
	var all []int
	for at, p := range s.points {
		if p.Runs > 0 {
			all = append(all, at)
		}
	}
	slices.Sort(all)
	return all
}

// steepest are the two neighbours between which the share grows most; of equals the last, since
// nearer to the end less is left to chance.
func (s *Search) steepest() (low, high int) {
	all := s.positions()
	best := math.Inf(-1)
	for i := 1; i < len(all); i++ {
		if d := s.points[all[i]].Share() - s.points[all[i-1]].Share(); d >= best {
			best, low, high = d, all[i-1], all[i]
		}
	}
	return low, high
}

func (s *Search) curve() []Point {
	var all []Point
	for _, at := range s.positions() {
		all = append(all, *s.points[at])
	}
	return all
}

// Jump are the two neighbours of a curve between which it grows most. ok is false if their
// intervals overlap: then there is no jump that one could be sure of.
func Jump(curve []Point) (before, after Point, ok bool) {
	best := math.Inf(-1)
	for i := 1; i < len(curve); i++ {
		if d := curve[i].Share() - curve[i-1].Share(); d >= best {
			best, before, after = d, curve[i-1], curve[i]
		}
	}
	if len(curve) < 2 {
		return before, after, false
	}
	_, high := before.Interval()
	low, _ := after.Interval()
	return before, after, low > high
}
