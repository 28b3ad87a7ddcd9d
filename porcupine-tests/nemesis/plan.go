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
	Order    []int     // the servers, in the order of their roles
	Rates    []float64 // of the servers' clocks, for Drift and WildDrift
}

// Plan is a list of steps in the order of their beginnings.
type Plan []Step

// How long a fault lasts, and how long its lane is quiet afterwards. An election takes some hundred
// milliseconds: many faults outlast one, some do not, and in between there is time to get work done.
const (
	faultLow, faultHigh = 200 * time.Millisecond, 2500 * time.Millisecond
	quietLow, quietHigh = 300 * time.Millisecond, 2500 * time.Millisecond
)

// Draw draws a plan of a certain length for n servers, out of the given faults. It uses r only; the same
// numbers make the same plan.
func Draw(r *rand.Rand, n int, length time.Duration, faults ...Fault) Plan {
	var p Plan
	for _, lane := range lanes {
		own := slices.DeleteFunc(slices.Clone(lane), func(f Fault) bool { return !slices.Contains(faults, f) })
		if len(own) == 0 {
			continue
		}
		for from := between(r, 0, quietHigh); from < length; {
			s := Step{Fault: own[r.IntN(len(own))], From: from, Order: r.Perm(n)}
			s.To = min(from+between(r, faultLow, faultHigh), length)
			switch s.Fault {
			case Drift:
				s.Rates = rates(r, n, 0.9, 1.1)
			case WildDrift:
				s.Rates = rates(r, n, 0.5, 2)
			case Transfer:
				s.To = s.From
			}
			p = append(p, s)
			from = s.To + between(r, quietLow, quietHigh)
		}
	}
	slices.SortStableFunc(p, func(a, b Step) int { return cmp.Compare(a.From, b.From) })
	return p
}

func between(r *rand.Rand, low, high time.Duration) time.Duration {
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
	case Alone, Deaf, Mute, CrashOne, CrashWriting:
		return fmt.Sprintf("%s: server %d", s.Fault, s.Order[0])
	case Bridge:
		return fmt.Sprintf("%s: %v - %d - %v", s.Fault, s.Order[:n/2], s.Order[n/2], s.Order[n/2+1:])
	case Ring:
		return fmt.Sprintf("%s: %v", s.Fault, s.Order)
	case CrashMinority:
		return fmt.Sprintf("%s: %v", s.Fault, s.Order[:minority(n)])
	case Transfer:
		return fmt.Sprintf("%s to %d", s.Fault, s.Order[0])
	case Drift, WildDrift:
		return fmt.Sprintf("%s: %.2f", s.Fault, s.Rates)
	default:
		return string(s.Fault)
	}
}

// minority is how many of n servers can be missed.
func minority(n int) int { return (n - 1) / 2 }

// works says whether a message gets from one server to another under a fault of links. leader is the server
// that leads, or the one that plays it.
func (s Step) works(leader int) func(from, to int) bool {
	n := len(s.Order)
	role := make([]int, n)
	for r, server := range s.Order {
		role[server] = r
	}
	half := func(i int) bool { return role[i] < n/2 }
	loner := s.Order[0]
	if s.Fault == LeaderAlone {
		loner = leader
	}
	switch s.Fault {
	case Halves:
		return func(from, to int) bool { return half(from) == half(to) }
	case Bridge:
		middle := s.Order[n/2]
		return func(from, to int) bool { return from == middle || to == middle || half(from) == half(to) }
	case Deaf:
		return func(from, to int) bool { return to != loner }
	case Mute:
		return func(from, to int) bool { return from != loner }
	case Ring:
		if n > 3 {
			return func(from, to int) bool {
				d := (role[from] - role[to] + n) % n
				return min(d, n-d) <= (n/2+1)/2 // a majority, with oneself in the middle
			}
		}
	}
	return func(from, to int) bool { return from != loner && to != loner }
}
