package nemesis

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Step is one fault of a plan. Times are virtual, since the plan began.
type Step struct {
	Fault    Fault
	From, To time.Duration
	Order    []int     // the servers that it is about, in the order of their roles
	Rates    []float64 // of the servers' clocks, for Drift and WildDrift
	Part     bool      // they are one group of several
	Wide     bool      // of a fault of one server's links: those to other groups are hit, too
	Groups   [][]int   // of faults between groups: the groups in the order of their roles; the one all depend on comes last
}

// Plan is a list of steps in the order of their beginnings.
type Plan []Step

// How long a fault lasts, and how long its lane is quiet afterwards. An election takes some hundred
// milliseconds: many faults outlast one, some do not, and in between there is time to get work
// done.
const (
	faultLow, faultHigh = 200 * time.Millisecond, 2500 * time.Millisecond
	quietLow, quietHigh = 300 * time.Millisecond, 2500 * time.Millisecond
)

// Draw draws a plan of a certain length for n servers, out of the given faults. It uses r only; the
// same numbers make the same plan.
func Draw(r *rand.Rand, n int, length time.Duration, faults ...Fault) Plan {
	one := make([]int, n)
	for i := range one {
		one[i] = i
	}
	return DrawGroups(r, [][]int{one}, length, faults...)
}

// DrawGroups is Draw for servers in several groups, the first of which all others depend on: a
// controller. Each group has lanes of its own for its links, its servers and its leadership, so
// that several groups are hit at the same time; what faults between groups do comes on top. Weather
// and clocks are those of all.
func DrawGroups(r *rand.Rand, groups [][]int, length time.Duration, faults ...Fault) Plan {
	everybody := [][]int{slices.Concat(groups...)}
	var p Plan
	for _, l := range lanes {
		own := slices.DeleteFunc(slices.Clone(l.faults), func(f Fault) bool { return !slices.Contains(faults, f) })
		victims := everybody
		switch l.hits {
		case eachGroup:
			victims = groups
		case between:
			if len(groups) < 2 {
				continue
			}
		}
		if len(own) == 0 {
			continue
		}
		for _, servers := range victims {
			p = append(p, drawLane(r, own, servers, groups, length)...)
		}
	}
	slices.SortStableFunc(p, func(a, b Step) int { return cmp.Compare(a.From, b.From) })
	return p
}

// drawLane draws one fault after the other that hit these servers.
func drawLane(r *rand.Rand, faults []Fault, servers []int, groups [][]int, length time.Duration) (p Plan) {
	for from := within(r, 0, quietHigh); from < length; {
		s := Step{Fault: faults[r.IntN(len(faults))], From: from, Part: len(servers) < count(groups)}
		for _, at := range r.Perm(len(servers)) {
			s.Order = append(s.Order, servers[at])
		}
		s.To = min(from+within(r, faultLow, faultHigh), length)
		switch s.Fault {
		case Drift:
			s.Rates = rates(r, len(servers), 0.9, 1.1)
		case WildDrift:
			s.Rates = rates(r, len(servers), 0.5, 2)
		case Transfer:
			s.To = s.From
		case Alone, LeaderAlone, Deaf, Mute:
			s.Wide = s.Part && r.IntN(2) == 0
		case GroupAlone, GroupMute, Unguided, Strangers, Sides:
			for _, at := range r.Perm(len(groups) - 1) {
				s.Groups = append(s.Groups, groups[at+1])
			}
			s.Groups = append(s.Groups, groups[0])
		}
		p = append(p, s)
		from = s.To + within(r, quietLow, quietHigh)
	}
	return p
}

// within draws a time from low to high.
func within(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)))
}

func rates(r *rand.Rand, n int, low, high float64) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = low + r.Float64()*(high-low)
	}
	return all
}

// String lists the steps, one per line.
func (p Plan) String() string {
	var b strings.Builder
	for _, s := range p {
		fmt.Fprintf(&b, "%8v to %8v  %s\n", s.From.Round(time.Millisecond), s.To.Round(time.Millisecond), s)
	}
	return b.String()
}

// String names the fault and who has which role in it.
func (s Step) String() string {
	n := len(s.Order)
	groups := func(cut int) string { return fmt.Sprintf("%s: %v | %v", s.Fault, s.Order[:cut], s.Order[cut:]) }
	switch s.Fault {
	case Halves:
		return groups(n / 2)
	case Alone, Deaf, Mute, CrashOne, CrashWriting, PauseOne:
		return fmt.Sprintf("%s: server %d%s", s.Fault, s.Order[0], s.reach())
	case Bridge:
		return fmt.Sprintf("%s: %v - %d - %v", s.Fault, s.Order[:n/2], s.Order[n/2], s.Order[n/2+1:])
	case Ring:
		return fmt.Sprintf("%s: %v", s.Fault, s.Order)
	case CrashMinority:
		return fmt.Sprintf("%s: %v", s.Fault, s.Order[:minority(n)])
	case Transfer:
		return fmt.Sprintf("%s to %d", s.Fault, s.Order[0])
	case GroupAlone, Unguided, GroupMute:
		return fmt.Sprintf("%s: %v", s.Fault, s.Groups[0])
	case Drift, WildDrift:
		return fmt.Sprintf("%s: %.2f", s.Fault, s.Rates)
	case Sides:
		return groups(n / 2)
	default:
		if s.Part {
			return fmt.Sprintf("%s: %v%s", s.Fault, slices.Sorted(slices.Values(s.Order)), s.reach())
		}
		return string(s.Fault)
	}
}

// reach says how far a fault of one server's links reaches.
func (s Step) reach() string {
	if s.Wide {
		return ", from all groups"
	}
	return ""
}

// count counts the servers of all groups.
func count(groups [][]int) (n int) {
	for _, g := range groups {
		n += len(g)
	}
	return n
}

// minority is how many of n servers can be missed.
func minority(n int) int { return (n - 1) / 2 }
