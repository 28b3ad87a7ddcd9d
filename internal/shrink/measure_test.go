package shrink

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/mutation"
	"raftlab/internal/patch"
	"raftlab/internal/scenario"
)

var (
	measured = flag.Int("mutants", 0, "with TestMutants: how many mutants to measure the search on")
	only     = flag.String("only", "", "with TestMutants: only mutants whose names match this regular expression")
	budget   = flag.Duration("budget", 2*time.Minute, "with TestMutants: how much CPU time a search may take")
)

// TestMutants measures: make shrink. The runs are those in which the mutants died the last time. The
// budget is one of CPU time, so that the load of the machine makes no difference.
func TestMutants(t *testing.T) {
	if *measured == 0 {
		t.Skip("it takes a long time: -mutants 40")
	}
	all, err := mutation.Load(root, mutation.Mutant)
	require.NoError(t, err)
	kills, err := mutation.ReadKills(root)
	require.NoError(t, err)
	all = slices.DeleteFunc(all, func(s mutation.Subject) bool {
		_, _, known := kills.Run(s.Name)
		return !regexp.MustCompile(*only).MatchString(s.Name) || !known || s.Runner() != patch.Engine || s.Contract() != "" || s.Patch.Header.Of != ""
	})
	names := map[string]bool{}
	for _, s := range mutation.Evenly(all, *measured) {
		names[s.Name] = true
	}
	l := newLab(t, func(s mutation.Subject) bool { return names[s.Name] })
	var sum measure
	for _, subject := range l.subjects[:len(l.subjects)-1] {
		id, seed, _ := kills.Run(subject.Name)
		s, was := l.search(t, subject.Name, id, seed)
		ctx, cancel := context.WithCancel(context.Background())
		l.cpu, l.spent = 0, func() {
			if l.cpu > *budget {
				cancel()
			}
		}
		r, err := s.Shrink(ctx, was)
		cancel()
		cpu := l.cpu
		sum.mutants, sum.cpu = sum.mutants+1, sum.cpu+cpu
		if err != nil {
			fmt.Printf("%-34s %s: %v\n", subject.Name, kills[subject.Name], err)
			continue
		}
		same := 0
		for range 10 {
			if again := s.Run(context.Background(), r.Scenario, "", 0); again.Hash == r.Last.Hash && s.same(again.Verdict) {
				same++
			}
		}
		before, after := s.count(s.all), s.count(r.Things)
		sum.add(r, same == 10, before, after)
		fmt.Printf("%-34s %-26s %3d of %4d things left (%2d of %3d faults and operations), %3d runs, %3.0f s of CPU, minimal %v, smallest %v, reference %v, replayed %d of 10; left: %s\n",
			subject.Name, kills[subject.Name], len(r.Things), r.From, after, before, r.Runs, cpu.Seconds(), r.Minimal, r.Smallest, r.Reference, same, kindsOf(r.Things))
	}
	sum.print()
}

// measure is what searches have come to.
type measure struct {
	mutants, replayed, minimal int
	below, smallest            int // of which less than 80 % are left out, and that are known to be the smallest
	cpu                        time.Duration
	removed, many, faults      []float64 // shares left out
}

func (m *measure) add(r *Result, replayed bool, before, after int) {
	if replayed && r.Reference {
		m.replayed++
	}
	if r.Minimal {
		m.minimal++
	}
	if r.From > 0 { // otherwise there is nothing to leave out
		m.removed = append(m.removed, r.Removed())
		if r.Removed() < 0.8 {
			m.below++
			if r.Smallest {
				m.smallest++
			}
		}
	}
	if r.From >= 10 {
		m.many = append(m.many, r.Removed())
	}
	if before > 0 {
		m.faults = append(m.faults, 1-float64(after)/float64(before))
	}
}

func (m *measure) print() {
	fmt.Printf("%d mutants: %d replay ten times of ten and pass on the reference, %d minimal, %.0f s of CPU\n"+
		"median left out: %.0f %% of all things in %d runs, %.0f %% in the %d that have ten or more, %.0f %% of faults and operations\n"+
		"less than 80 %% in %d, of which %d are the smallest: every smaller selection was run\n",
		m.mutants, m.replayed, m.minimal, m.cpu.Seconds(), 100*median(m.removed), len(m.removed), 100*median(m.many), len(m.many), 100*median(m.faults), m.below, m.smallest)
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// kindsOf says how many things there are of each kind.
func kindsOf(things []Thing) string {
	count := map[scenario.Kind]int{}
	for _, t := range things {
		count[t.Kind]++
	}
	var all []string
	for _, k := range slices.Sorted(maps.Keys(count)) {
		all = append(all, fmt.Sprint(k, " ", count[k]))
	}
	return strings.Join(all, ", ")
}

// count is how many things are faults or operations.
func (s *Search) count(things []Thing) (n int) {
	for _, t := range things {
		if !slices.Contains(scenario.Weather, t.Kind) {
			n++
		}
	}
	return n
}
