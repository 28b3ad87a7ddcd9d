package suite

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"raftlab/internal/record"
)

// This file answers what the failures of before a change mean after it: is it fixed? Seeds that
// failed are other runs once the code has changed, so that it is not enough that they pass. What
// counts is how often the case failed.

// Tally is how often one version of the code failed in a case.
type Tally struct {
	Source string   `json:"source"` // hash of the code and the case
	Seeds  []uint64 `json:"seeds"`  // that had a judgement, sorted
	Failed []uint64 `json:"failed,omitempty"`
	Rules  []string `json:"rules,omitempty"` // that the failures broke, sorted; of older files none
	// Stopped says that the seeds are a choice: the search ended at a failure, or only seeds were
	// run that had failed. Their share of failures is no rate.
	Stopped bool `json:"stopped,omitempty"`
}

// add is the tally of both, for the same version of the code. Where one of them tells how often it
// fails, and in the other the seeds are a choice, the first is better alone.
func (t Tally) add(more Tally) Tally {
	switch {
	case t.Stopped && more.rate():
		return more
	case more.Stopped && t.rate():
		return t
	}
	union := func(a, b []uint64) []uint64 {
		all := slices.Concat(a, b)
		slices.Sort(all)
		return slices.Compact(all)
	}
	t.Seeds, t.Failed = union(t.Seeds, more.Seeds), union(t.Failed, more.Failed)
	t.Rules = distinct(slices.Concat(t.Rules, more.Rules))
	t.Stopped = t.Stopped || more.Stopped
	return t
}

// rate says whether the share of failures is how often it fails.
func (t Tally) rate() bool { return !t.Stopped && len(t.Failed) > 0 }

// sure is the confidence that [Tally.Fixed] asks for.
const sure = 0.99

// Fixed says what it means that now, after a change, no seed fails of a case of which some did
// before; "" if that is not how it is. If the case still failed as often as before, n seeds would
// all pass with a probability of (1 - rate)^n.
func (now Tally) Fixed(before Tally) string {
	n, was := len(now.Seeds), len(before.Failed)
	if was == 0 || len(now.Failed) > 0 || n == 0 {
		return ""
	}
	if before.Stopped {
		return fmt.Sprintf("before the change it failed with seed %d, and the search ended there, so that nobody knows how often it failed; "+
			"now 0 of %d fail (--keep-going before a change finds the rate)", before.Failed[0], n)
	}
	all, rate := len(before.Seeds), before.often()
	text := fmt.Sprintf("failed %d of %d seeds before the change; 0 of %d now", was, all, n)
	if more := seedsNeeded(rate) - n; more > 0 {
		return text + fmt.Sprintf("; %d more for %.0f %%", more, 100*sure)
	}
	return text + fmt.Sprintf(": if it still failed as often, so many would pass in less than %.0f of 100 cases", 100*(1-sure))
}

// often is the share of seeds that fail.
func (t Tally) often() float64 {
	was, all := len(t.Failed), len(t.Seeds)
	if was == all { // that it always fails is more than so many seeds can say
		all++
	}
	return float64(was) / float64(all)
}

// StillFails says what it means that after a change seeds still fail: that they do by another rule, or so
// much more seldom that chance does not explain it. Otherwise it is "": that it fails is told anyway.
func (now Tally) StillFails(before Tally) string {
	k, n, was := len(now.Failed), len(now.Seeds), len(before.Failed)
	if k == 0 || was == 0 {
		return ""
	}
	if len(now.Rules) > 0 && len(before.Rules) > 0 && !slices.ContainsFunc(now.Rules, func(r string) bool { return slices.Contains(before.Rules, r) }) {
		return fmt.Sprintf("fails by another rule since the change: %s, and before it %s", strings.Join(now.Rules, ", "), strings.Join(before.Rules, ", "))
	}
	if !before.rate() {
		return ""
	}
	chance := atMost(k, n, before.often())
	if now.Stopped { // how many passed before the first that failed is all there is
		chance = atMost(0, n-k, before.often())
	}
	if chance > 1-sure {
		return ""
	}
	return fmt.Sprintf("fails more seldom since the change, and is not fixed: %d of %d seeds now, %d of %d before", k, n, was, len(before.Seeds))
}

// atMost is how likely it is that of n seeds no more than k fail, of which each does with probability p.
func atMost(k, n int, p float64) (sum float64) {
	factorial := func(n int) float64 { // its logarithm: the numbers are large
		log, _ := math.Lgamma(float64(n) + 1)
		return log
	}
	for i := 0; i <= min(k, n); i++ {
		ways := factorial(n) - factorial(i) - factorial(n-i)
		sum += math.Exp(ways + float64(i)*math.Log(p) + float64(n-i)*math.Log(1-p))
	}
	return sum
}

// distinct are the texts that are not empty, sorted, each once.
func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.DeleteFunc(slices.Compact(texts), func(s string) bool { return s == "" })
}

// seedsNeeded is how many seeds have to pass until a rate of failures is excluded.
func seedsNeeded(rate float64) int {
	return int(math.Ceil(math.Log(1-sure) / math.Log(1-rate)))
}

// tallies are what is remembered of a case with some options: the version that was tested last, and
// the last one before it that failed.
type tallies struct {
	Before Tally     `json:"before"`
	Now    Tally     `json:"now"`
	When   time.Time `json:"when"`
}

// take takes in the results of a version.
func (t tallies) take(now Tally, when time.Time) tallies {
	switch {
	case t.Now.Source == now.Source:
		t.Now = t.Now.add(now)
	case len(t.Now.Failed) > 0:
		t.Before, t.Now = t.Now, now
	default:
		t.Now = now
	}
	t.When = when
	return t
}

const (
	talliesFile = "tallies.json"
	maxTallies  = 1000 // cases of all the code that was tested here, with each choice of options
)

// Fixed takes in how often the cases of a report failed, and says of those that do not fail any
// more, or fail otherwise, what that means. chosen says that only seeds were run that had failed. Code without a hash
// of its sources is not remembered.
func (s *State) Fixed(key string, r *Report, chosen bool) (notes []string, err error) {
	known := map[string]tallies{}
	if err := s.read(talliesFile, &known); err != nil {
		known = map[string]tallies{} // start afresh rather than refuse to work
	}
	source := map[string]string{}
	for _, b := range r.Builds {
		source[b.Package] = b.Source
	}
	var still []string   // what is said of cases that still fail
	var unknown []string // cases of which no rate is known
	var alone string     // what is said if there is one
	for _, c := range r.Cases {
		tally := tallyOf(c, source[c.pkg], r.Options, chosen)
		if tally.Source == "" || len(tally.Seeds) == 0 {
			continue
		}
		id := key + " " + c.Case + " " + sameRuns(r.Options) // with other options it fails more often, or less
		known[id] = known[id].take(tally, r.Started)
		before, now := known[id].Before, known[id].Now
		if text := now.StillFails(before); text != "" {
			still = append(still, c.Case+" "+text)
		}
		text := now.Fixed(before)
		if text != "" && before.Stopped {
			unknown = append(unknown, fmt.Sprintf("%s (seed %d before; 0 of %d now)", c.Case, before.Failed[0], len(now.Seeds)))
			alone = c.Case + " " + text
		} else if text != "" {
			notes = append(notes, c.Case+" "+text)
		}
	}
	switch len(unknown) {
	case 0:
	case 1:
		notes = append(notes, alone)
	default:
		const most = 3 // a part that has just been written would fill the screen
		if more := len(unknown) - most; more > 0 {
			unknown = append(unknown[:most], fmt.Sprintf("and %d more", more))
		}
		notes = append(notes, "nobody knows how often these failed before the change, since the search ended at a failure "+
			"(--keep-going before a change finds the rate): "+strings.Join(unknown, ", "))
	}
	const most = 5 // of a part that was written anew the table says enough
	if more := len(still) - most; more > 0 {
		still = append(still[:most], fmt.Sprintf("so it is with %d more cases", more))
	}
	notes = append(notes, still...)
	forget(known)
	return notes, s.write(talliesFile, known)
}

// tallyOf is that of one report.
func tallyOf(c CaseResult, source string, o Options, chosen bool) Tally {
	t := Tally{Source: source, Stopped: chosen}
	for _, run := range c.Runs {
		if !run.Outcome.Decided() {
			continue
		}
		t.Seeds = append(t.Seeds, run.Seed)
		if run.Outcome != record.Pass && run.Outcome != record.NotChecked {
			t.Failed = append(t.Failed, run.Seed)
			t.Rules = append(t.Rules, cmp.Or(run.Rule, string(run.Outcome)))
		}
	}
	t.Rules = distinct(t.Rules)
	t.Stopped = t.Stopped || len(t.Failed) > 0 && !o.KeepGoing
	slices.Sort(t.Seeds)
	slices.Sort(t.Failed)
	return t
}

// sameRuns is the part of the options that changes what a run does.
func sameRuns(o Options) string {
	text, err := json.Marshal(Options{With: o.With, Strict: o.Strict, Contract: o.Contract, Env: o.Env, MemoryLimit: o.MemoryLimit, Race: o.Race})
	if err != nil {
		return "" // it has no values that cannot be written
	}
	return string(text)
}

// forget drops what was tested longest ago.
func forget(known map[string]tallies) {
	var ids []string
	for id := range known {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(known[b].When.Compare(known[a].When), cmp.Compare(a, b)) })
	for _, id := range ids[min(maxTallies, len(ids)):] {
		delete(known, id)
	}
}
