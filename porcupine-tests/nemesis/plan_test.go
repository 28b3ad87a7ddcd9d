package nemesis

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/tester/topology"
)

func everything() []Fault { return append(All(), Drift, WildDrift, Transfer) }

// three groups, the first of which all depend on.
var three = [][]int{{0, 1, 2}, {3, 4, 5}, {6, 7, 8, 9, 10}}

func draw(seed uint64, n int, faults ...Fault) Plan {
	return Draw(rand.New(rand.NewPCG(seed, 0)), n, time.Minute, faults...)
}

// The same seed draws the same plan, another one another.
func TestDrawIsDeterministic(t *testing.T) {
	require.Equal(t, draw(1, 5, everything()...), draw(1, 5, everything()...))
	require.NotEqual(t, draw(1, 5, everything()...), draw(2, 5, everything()...))
}

// Every fault comes up, in order of time and within the plan; within a lane no two overlap, between
// lanes some do.
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
				require.NotEqual(t, laneOf(s.Fault), laneOf(later.Fault), "%v and %v", s, later)
				meetings++
			}
		}
	}
	require.Len(t, seen, len(everything())-len(lanes[5].faults), "all but those between groups")
	require.Greater(t, meetings, 100)
}

// In a service of several groups every fault hits every group, several groups at once, and each
// lane of a group still has one fault at a time. Faults between groups come up, too.
func TestPlanOfGroups(t *testing.T) {
	groupOf := func(server int) int {
		return slices.IndexFunc(three, func(g []int) bool { return slices.Contains(g, server) })
	}
	type hit struct {
		fault Fault
		group int
	}
	seen, together, wide := map[hit]bool{}, 0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		p := DrawGroups(r, three, time.Minute, everything()...)
		require.Equal(t, p, DrawGroups(rand.New(rand.NewPCG(seed, 0)), three, time.Minute, everything()...))
		for i, s := range p {
			at := hit{s.Fault, -1}
			if s.Part {
				at.group = groupOf(s.Order[0])
				require.ElementsMatch(t, three[at.group], s.Order)
			} else {
				require.Len(t, s.Order, 11)
			}
			seen[at] = true
			if s.Wide {
				wide++
			}
			for _, later := range p[i+1:] {
				if laneOf(later.Fault) != laneOf(s.Fault) || later.From >= s.To {
					continue
				}
				require.True(t, s.Part && later.Part && groupOf(s.Order[0]) != groupOf(later.Order[0]), "%v and %v", s, later)
				together++
			}
		}
	}
	require.Len(t, seen, 3*(7+7+1)+3+2+5)
	require.Greater(t, together, 100)
	require.Greater(t, wide, 100)
}

func laneOf(f Fault) int {
	for i, l := range lanes {
		for _, other := range l.faults {
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

// Each fault begins and ends once, in order, and nothing of a lane begins before what came before
// it has ended.
func TestTurns(t *testing.T) {
	p := draw(3, 5, everything()...)
	open := map[int]int{} // lane -> step
	var last time.Duration
	for _, turn := range p.turns() {
		l := laneOf(p[turn.step].Fault)
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
		{Ring, []int{0, 1, 2}, 0, ".x- x.x -x."},
		{Deaf, []int{1, 0, 2}, 0, ".-x x.x x-."},
		{Mute, []int{1, 0, 2}, 0, ".xx -.- xx."},
	} {
		works := Step{Fault: c.fault, Order: c.order}.works(c.leader)
		require.Equal(t, c.want, hears(works, len(c.order)), "%s %v", c.fault, c.order)
	}
}

// hears draws who hears whom: a row for each sender.
func hears(works topology.Links, n int) string {
	var rows []string
	for from := range n {
		row := ""
		for to := range n {
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
	return strings.Join(rows, " ")
}

// The same for three groups of two servers each: C is 0 and 1.
func TestLinksBetweenGroups(t *testing.T) {
	first := [][]int{{2, 3}, {4, 5}, {0, 1}}
	for _, c := range []struct {
		step Step
		want string
	}{
		{Step{Fault: Alone, Order: []int{3, 2}, Part: true}, ".xxxxx x.xxxx xx.-xx xx-.xx xxxx.x xxxxx."},
		{Step{Fault: Alone, Order: []int{3, 2}, Part: true, Wide: true}, ".xx-xx x.x-xx xx.-xx ---.-- xxx-.x xxx-x."},
		{Step{Fault: Mute, Order: []int{3, 2}, Part: true, Wide: true}, ".xxxxx x.xxxx xx.xxx ---.-- xxxx.x xxxxx."},
		{Step{Fault: GroupAlone, Groups: first, Order: []int{0}}, ".x--xx x.--xx --.x-- --x.-- xx--.x xx--x."},
		{Step{Fault: GroupMute, Groups: first, Order: []int{0}}, ".xxxxx x.xxxx --.x-- --x.-- xxxx.x xxxxx."},
		{Step{Fault: Unguided, Groups: first, Order: []int{0}}, ".x--xx x.--xx --.xxx --x.xx xxxx.x xxxxx."},
		{Step{Fault: Strangers, Groups: first, Order: []int{0}}, ".xxxxx x.xxxx xx.x-- xxx.-- xx--.x xx--x."},
		{Step{Fault: Sides, Groups: first, Order: []int{0, 2, 4, 1, 3, 5}}, ".-x-x- -.-x-x x-.-x- -x-.-x x-x-.- -x-x-."},
	} {
		require.Equal(t, c.want, hears(c.step.works(0), 6), "%s", c.step)
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
