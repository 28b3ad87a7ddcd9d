package where

import (
	"cmp"
	"math"
	"os"
	"slices"
	"time"

	"raftlab/internal/deduce"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/timeline"
)

// This file looks at what ran at the instants that a failure's story is about. Most functions run
// in every run, failed or not, and so say nothing there; but few run at the very instant at which a
// peer answers the request that the verdict is about. Virtual time makes instants sharp: a peer
// handles a message at one, and hardly ever does another peer anything at the same.
//
// A function's score in a run is the highest weight of an instant at which one of its blocks ran,
// times the logarithm of how seldom that block runs at all.

// Instant is a virtual time that a failure's story is about.
type Instant struct {
	At     time.Duration
	Weight float64
}

// The weights of instants.
const (
	related       = 0.2 // something about what the verdict names
	decisive      = 1.0 // the verdict can be read off it
	contradictory = 2.0 // the first at which a peer contradicts itself
	alsoContrary  = 0.5 // the others
)

// mostInstants is how many are asked about; of more, the heaviest, and of these the last.
const mostInstants = 400

// Instants are those of a run that failed, by its events with their details.
func Instants(events []record.Event, v record.Verdict) []Instant {
	weights := map[time.Duration]float64{}
	give := func(at time.Duration, weight float64) { weights[at] = max(weights[at], weight) }
	type call struct {
		from, to int
		n        uint64
	}
	arrived := map[call]time.Duration{}
	event := func(e record.Event, weight float64) {
		give(e.Time, weight)
		if at, ok := arrived[call{e.Peer, e.Other, e.N}]; ok && e.Kind == record.Handled {
			give(at, weight) // where the handler began
		}
	}
	subject := deduce.SubjectOf(v.Rule, v.Message, v.Peers)
	breaches := deduce.Breaches(events)
	contrary := map[int]float64{}
	for i, b := range breaches {
		contrary[b.At] = max(contrary[b.At], alsoContrary)
		if i == 0 {
			contrary[b.At] = contradictory
		}
	}
	for i, w := range deduce.Weights(events, subject) {
		e := events[i]
		if e.Kind == record.Delivered {
			arrived[call{e.Peer, e.Other, e.N}] = e.Time
		}
		weight := contrary[i]
		switch w {
		case deduce.Decisive:
			weight = max(weight, decisive)
		case deduce.Related:
			weight = max(weight, related)
		}
		if weight > 0 {
			event(e, weight)
		}
	}
	if len(subject.Times) == 0 { // otherwise the verdict came later than what it is about
		give(v.Time, decisive)
	}
	var all []Instant
	for at, weight := range weights {
		all = append(all, Instant{at, weight})
	}
	slices.SortFunc(all, func(a, b Instant) int { return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(b.At, a.At)) })
	return all[:min(len(all), mostInstants)]
}

// Closer is what a failing run told when it was asked about its instants.
type Closer struct {
	Instants []Instant
	Moments  record.Moments // the sets belong to the instants
}

// MostCloser is how many of the runs that failed are worth another look.
const MostCloser = 5

// Look makes a run that failed twice more: for its events, and for what ran at its instants. run
// makes it, after a change of its job; trace is a file that may be written. It is not ok if the run
// is not the same when it is asked, or says nothing.
func Look(run func(change func(*sim.Job)) sim.Result, trace string) (c Closer, events []record.Event, ok bool) {
	r := run(func(j *sim.Job) { j.Trace, j.Params.Detail = trace, true })
	f, err := os.Open(trace)
	if err != nil {
		return c, nil, false
	}
	events, err = timeline.Read(f)
	f.Close()
	if err != nil && len(events) == 0 {
		return c, nil, false
	}
	c.Instants = Instants(events, r.Verdict)
	again := run(func(j *sim.Job) {
		for _, i := range c.Instants {
			j.Params.Instants = append(j.Params.Instants, i.At)
		}
	})
	m := again.Verdict.Moments
	if m == nil || again.Hash != r.Hash || len(m.Sets) != len(c.Instants) {
		return c, events, false
	}
	c.Moments = *m
	return c, events, true
}

// moments scores functions.
func (e Evidence) moments(fs []*function) []float64 {
	scores := make([]float64, len(fs))
	for _, c := range e.Closer {
		best := map[int]float64{} // by blocks
		for i, set := range c.Moments.Sets {
			for _, n := range set {
				if n < len(c.Moments.Often) && c.Moments.Often[n] > 0 {
					seldom := math.Log(float64(c.Moments.Count+1) / float64(c.Moments.Often[n]))
					best[n] = max(best[n], c.Instants[i].Weight*seldom)
				}
			}
		}
		for i, f := range fs {
			highest := 0.0
			for _, n := range f.blocks {
				highest = max(highest, best[n])
			}
			scores[i] += highest / float64(len(e.Closer))
		}
	}
	return scores
}
