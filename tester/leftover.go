package tester

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"raftlab/internal/stacks"
)

// checkLeftovers looks for goroutines of the code under test after all its peers were killed. They
// get LeftoverGrace to end; it looks now and then, so that in real time nobody waits for nothing.
func (r *run) checkLeftovers() {
	var left []stacks.Goroutine
	for waited := time.Duration(0); ; {
		left = r.leftovers()
		if len(left) == 0 || waited >= LeftoverGrace {
			break
		}
		pause := min(max(2*waited, 100*time.Millisecond), LeftoverGrace-waited)
		time.Sleep(pause)
		waited += pause
	}
	if len(left) == 0 {
		return
	}
	text := describe(left)
	if r.params.Strict {
		r.violate(Violation{Rule: RuleLeftover, Message: text})
	} else {
		r.warn(string(RuleLeftover) + ": " + text)
	}
	for _, g := range left {
		r.known[g.ID] = true
	}
}

// leftovers returns the goroutines of the code under test that began during this run. Goroutines
// that the tester started are not among them, also when they run a case from another module.
func (r *run) leftovers() []stacks.Goroutine {
	var left []stacks.Goroutine
	for _, g := range stacks.All() {
		_, theirs := g.UnderTest()
		if theirs && !r.known[g.ID] && g.Bubble == r.bubble && g.Creator.Owner() != stacks.Tester && !standsStill(g) {
			left = append(left, g)
		}
	}
	return left
}

// standsStill says whether a goroutine is one of a client that has died ([Client.Close]).
func standsStill(g stacks.Goroutine) bool {
	return slices.ContainsFunc(g.Frames, func(f stacks.Frame) bool { return f.Function == "raftlab/labrpc.standStill" })
}

// describe names goroutines by the function of the code under test they are in, with a count.
func describe(gs []stacks.Goroutine) string {
	count := map[string]int{}
	for _, g := range gs {
		f, _ := g.UnderTest()
		count[fmt.Sprintf("%s, %s", f.Short(), strings.TrimSuffix(g.State, " (durable)"))]++
	}
	var parts []string
	for name, n := range count {
		if n > 1 {
			name += fmt.Sprintf(", %d times", n)
		}
		parts = append(parts, name)
	}
	sort.Strings(parts)
	const most = 6
	if len(parts) > most {
		parts = append(parts[:most], fmt.Sprintf("and %d more places", len(parts)-most))
	}
	return fmt.Sprintf("%v after Kill, still there: %s", LeftoverGrace, strings.Join(parts, "; "))
}
