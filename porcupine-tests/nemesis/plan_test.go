package nemesis

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func everything() []Fault { return append(All(), Drift, WildDrift, Transfer) }

func draw(seed uint64, n int, faults ...Fault) Plan {
	return Draw(rand.New(rand.NewPCG(seed, 0)), n, time.Minute, faults...)
}

// The same seed draws the same plan, another one another.
func TestDrawIsDeterministic(t *testing.T) {
	require.Equal(t, draw(1, 5, everything()...), draw(1, 5, everything()...))
	require.NotEqual(t, draw(1, 5, everything()...), draw(2, 5, everything()...))
}

// Every fault comes up, in order of time and within the plan; within a lane no two overlap, between lanes
// some do.
func TestPlan(t *testing.T) {
	seen := map[Fault]bool{}
	meetings := 0
	for seed := range uint64(20) {
		p := draw(seed, 5, everything()...)
		for i, s := range p {
			seen[s.Fault] = true
			require.LessOrEqual(t, s.From, s.To)
			require.LessOrEqual(t, s.To, time.Minute)
			require.ElementsMatch(t, []int{0, 1, 2, 3, 4}, s.Order)
			for _, later := range p[i+1:] {
				require.LessOrEqual(t, s.From, later.From)
				if later.From >= s.To {
					continue
				}
				require.NotEqual(t, lane(s.Fault), lane(later.Fault), "%v and %v", s, later)
				meetings++
			}
		}
	}
	require.Len(t, seen, len(everything()))
	require.Greater(t, meetings, 100)
}

func lane(f Fault) int {
	for i, l := range lanes {
		for _, other := range l {
			if other == f {
				return i
			}
		}
	}
	return -1
}

// Only what was asked for is drawn.
func TestChoice(t *testing.T) {
	for _, s := range draw(1, 3, Loss, CrashOne) {
		require.Contains(t, []Fault{Loss, CrashOne}, s.Fault)
	}
	require.Empty(t, draw(1, 3))
}

// Each fault begins and ends once, in order, and nothing of a lane begins before what came before it has ended.
func TestTurns(t *testing.T) {
	p := draw(3, 5, everything()...)
	open := map[int]int{} // lane -> step
	var last time.Duration
	for _, turn := range p.turns() {
		l := lane(p[turn.step].Fault)
		if turn.ends {
			require.Equal(t, turn.step, open[l])
			delete(open, l)
		} else {
			require.NotContains(t, open, l)
			open[l] = turn.step
		}
		require.LessOrEqual(t, last, turn.at)
		last = turn.at
	}
	require.Empty(t, open)
}

// Who hears whom, as in the drawings: a row for each sender.
func TestLinks(t *testing.T) {
	for _, c := range []struct {
		fault  Fault
		order  []int
		leader int
		want   string
	}{
		{Halves, []int{0, 1, 2, 3, 4}, 0, ".x--- x.--- --.xx --x.x --xx."},
		{Alone, []int{1, 0, 2}, 0, ".-x -.- x-."},
		{LeaderAlone, []int{1, 0, 2}, 2, ".x- x.- --."},
		{Bridge, []int{0, 1, 2, 3, 4}, 0, ".xx-- x.x-- xx.xx --x.x --xx."},
		{Bridge, []int{0, 1, 2}, 0, ".x- x.x -x."},
		{Ring, []int{0, 1, 2, 3, 4}, 0, ".x--x x.x-- -x.x- --x.x x--x."},
		{Ring, []int{0, 1, 2}, 0, ".-- -.x -x."},
		{Deaf, []int{1, 0, 2}, 0, ".-x x.x x-."},
		{Mute, []int{1, 0, 2}, 0, ".xx -.- xx."},
	} {
		works := Step{Fault: c.fault, Order: c.order}.works(c.leader)
		var rows []string
		for from := range c.order {
			row := ""
			for to := range c.order {
				switch {
				case from == to:
					row += "."
				case works(from, to):
					row += "x"
				default:
					row += "-"
				}
			}
			rows = append(rows, row)
		}
		require.Equal(t, c.want, strings.Join(rows, " "), "%s %v", c.fault, c.order)
	}
}

// No clock is more than 1.25 times as fast as another, unless wildness was asked for.
func TestDriftStaysWithinTheBound(t *testing.T) {
	for seed := range uint64(20) {
		for _, s := range draw(seed, 5, Drift) {
			for _, a := range s.Rates {
				for _, b := range s.Rates {
					require.Less(t, a/b, 1.25)
				}
			}
		}
	}
}
