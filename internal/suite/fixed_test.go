package suite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

func upTo(n uint64) (seeds []uint64) {
	for s := range n {
		seeds = append(seeds, s+1)
	}
	return seeds
}

func TestFixed(t *testing.T) {
	for _, c := range []struct {
		name        string
		before, now Tally
		want        string
	}{
		{"seldom", Tally{Seeds: upTo(200), Failed: upTo(3)}, Tally{Seeds: upTo(60)},
			"failed 3 of 200 seeds before the change; 0 of 60 now; 245 more for 99 %"},
		{"enough", Tally{Seeds: upTo(20), Failed: upTo(10)}, Tally{Seeds: upTo(7)},
			"failed 10 of 20 seeds before the change; 0 of 7 now: if it still failed as often, so many would pass in less than 1 of 100 cases"},
		{"not quite", Tally{Seeds: upTo(20), Failed: upTo(10)}, Tally{Seeds: upTo(6)},
			"failed 10 of 20 seeds before the change; 0 of 6 now; 1 more for 99 %"},
		{"once", Tally{Seeds: upTo(1), Failed: upTo(1)}, Tally{Seeds: upTo(1)},
			"failed 1 of 1 seeds before the change; 0 of 1 now; 6 more for 99 %"},
		{"always", Tally{Seeds: upTo(5), Failed: upTo(5)}, Tally{Seeds: upTo(3)},
			"failed 5 of 5 seeds before the change; 0 of 3 now: if it still failed as often, so many would pass in less than 1 of 100 cases"},
		{"no rate", Tally{Seeds: upTo(7), Failed: []uint64{7}, Stopped: true}, Tally{Seeds: upTo(20)},
			"before the change it failed with seed 7, and the search ended there, so that nobody knows how often it failed; " +
				"now 0 of 20 fail (--keep-going before a change finds the rate)"},
		{"still fails", Tally{Seeds: upTo(20), Failed: upTo(10)}, Tally{Seeds: upTo(20), Failed: upTo(1)}, ""},
		{"never failed", Tally{Seeds: upTo(20)}, Tally{Seeds: upTo(20)}, ""},
		{"not run", Tally{Seeds: upTo(20), Failed: upTo(1)}, Tally{}, ""},
	} {
		assert.Equal(t, c.want, c.now.Fixed(c.before), c.name)
	}
}

// A change that makes a failure rarer, or another one of it, has not mended it, and is told so; what
// chance explains is not told.
func TestStillFails(t *testing.T) {
	lost, votes := []string{"committed entry lost"}, []string{"two votes in a term"}
	for _, c := range []struct {
		name        string
		before, now Tally
		want        string
	}{
		{"rarer", Tally{Seeds: upTo(20), Failed: upTo(10), Rules: lost}, Tally{Seeds: upTo(20), Failed: upTo(1), Rules: lost},
			"fails more seldom since the change, and is not fixed: 1 of 20 seeds now, 10 of 20 before"},
		{"chance", Tally{Seeds: upTo(20), Failed: upTo(10), Rules: lost}, Tally{Seeds: upTo(20), Failed: upTo(6), Rules: lost}, ""},
		{"as before", Tally{Seeds: upTo(20), Failed: upTo(20)}, Tally{Seeds: upTo(20), Failed: upTo(20)}, ""},
		{"rarer than always", Tally{Seeds: upTo(20), Failed: upTo(20)}, Tally{Seeds: upTo(20), Failed: upTo(12)},
			"fails more seldom since the change, and is not fixed: 12 of 20 seeds now, 20 of 20 before"},
		{"the search stopped late", Tally{Seeds: upTo(20), Failed: upTo(10)}, Tally{Seeds: upTo(9), Failed: []uint64{9}, Stopped: true},
			"fails more seldom since the change, and is not fixed: 1 of 9 seeds now, 10 of 20 before"},
		{"the search stopped soon", Tally{Seeds: upTo(20), Failed: upTo(10)}, Tally{Seeds: upTo(3), Failed: []uint64{3}, Stopped: true}, ""},
		{"no rate before", Tally{Seeds: upTo(2), Failed: upTo(1), Stopped: true}, Tally{Seeds: upTo(50), Failed: upTo(1)}, ""},
		{"another rule", Tally{Seeds: upTo(2), Failed: upTo(1), Stopped: true, Rules: lost}, Tally{Seeds: upTo(2), Failed: upTo(2), Rules: votes},
			"fails by another rule since the change: two votes in a term, and before it committed entry lost"},
		{"one of the rules", Tally{Seeds: upTo(2), Failed: upTo(2), Rules: []string{"a", "b"}}, Tally{Seeds: upTo(2), Failed: upTo(2), Rules: []string{"b", "c"}}, ""},
		{"fixed", Tally{Seeds: upTo(20), Failed: upTo(10), Rules: lost}, Tally{Seeds: upTo(20)}, ""},
		{"an old file", Tally{Seeds: upTo(2), Failed: upTo(2)}, Tally{Seeds: upTo(2), Failed: upTo(2), Rules: votes}, ""},
	} {
		assert.Equal(t, c.want, c.now.StillFails(c.before), c.name)
	}
	assert.InDelta(t, 11.0/1024, atMost(1, 10, 0.5), 1e-12)
	assert.InDelta(t, 1, atMost(10, 10, 0.3), 1e-12)
	assert.InDelta(t, 0.5, atMost(5000, 10_000, 0.5), 0.01)

	s := &State{dir: t.TempDir()}
	test := func(source, rule string) []string {
		r := &Report{Started: time.Unix(1, 0), Builds: []Build{{Package: "./raft", Source: source}}}
		for _, name := range []string{"2A/A", "2A/B", "2A/C", "2A/D", "2A/E", "2A/F", "2A/G"} {
			r.Cases = append(r.Cases, CaseResult{Case: name, pkg: "./raft", Runs: []RunResult{{Seed: 1, Outcome: record.Fail, Rule: rule}}})
		}
		notes, err := s.Fixed("/peer", r, false)
		require.NoError(t, err)
		return notes
	}
	assert.Empty(t, test("one", "x"))
	assert.Empty(t, test("two", "x"))
	notes := test("three", "y")
	require.Len(t, notes, 6)
	assert.Equal(t, "2A/A fails by another rule since the change: y, and before it x", notes[0])
	assert.Equal(t, "so it is with 2 more cases", notes[5])
}

// What failed before a change is remembered through versions that do not fail, and runs of one
// version add up.
func TestRememberedRates(t *testing.T) {
	s := &State{dir: t.TempDir()}
	race := false
	test := func(source string, keepGoing, chosen bool, runs ...RunResult) []string {
		t.Helper()
		r := &Report{Started: time.Unix(1, 0), Builds: []Build{{Package: "./raft", Source: source}}, Options: Options{KeepGoing: keepGoing, Race: race},
			Cases: []CaseResult{{Case: "2A/X", pkg: "./raft", Seeds: len(runs), Runs: runs}}}
		notes, err := s.Fixed("/peer", r, chosen)
		require.NoError(t, err)
		return notes
	}
	pass := func(seed uint64) RunResult { return RunResult{Seed: seed, Outcome: record.Pass} }
	fail := func(seed uint64) RunResult { return RunResult{Seed: seed, Outcome: record.Fail} }

	assert.Empty(t, test("one", true, false, pass(1), fail(2), pass(3), pass(4)))
	assert.Equal(t, []string{"2A/X failed 1 of 4 seeds before the change; 0 of 2 now; 15 more for 99 %"}, test("two", true, false, pass(1), pass(2)))
	race = true // other options have rates of their own
	assert.Empty(t, test("two", true, false, pass(1)))
	race = false
	assert.Equal(t, []string{"2A/X failed 1 of 4 seeds before the change; 0 of 3 now; 14 more for 99 %"}, test("two", false, false, pass(2), pass(3)))
	assert.Equal(t, []string{"2A/X failed 1 of 4 seeds before the change; 0 of 1 now; 16 more for 99 %"}, test("three", false, false, pass(1)))

	assert.Empty(t, test("four", false, false, pass(1), fail(2)))
	assert.Contains(t, test("five", false, false, pass(1))[0], "nobody knows how often it failed", "the search stopped at a failure")
	assert.Empty(t, test("six", true, true, fail(2)))
	assert.Contains(t, test("seven", false, false, pass(1))[0], "nobody knows how often it failed", "only a failing seed was run")

	// Whoever looks for the rate afterwards, as that note says, gets it.
	assert.Empty(t, test("eight", false, false, pass(1), fail(2)))
	assert.Empty(t, test("eight", true, false, pass(1), fail(2), pass(3), pass(4)))
	assert.Empty(t, test("eight", false, true, fail(2)), "a choice says nothing more")
	assert.Equal(t, []string{"2A/X failed 1 of 4 seeds before the change; 0 of 1 now; 16 more for 99 %"}, test("nine", false, false, pass(1)))
	test("ten", false, false, pass(1), pass(2))
	assert.Empty(t, test("ten", false, false, fail(3)))
	assert.Contains(t, test("eleven", false, false, pass(1))[0], "nobody knows how often it failed", "it passed before the search stopped")
}

// What is not known of several cases is said once.
func TestRatesThatNobodyKnows(t *testing.T) {
	s := &State{dir: t.TempDir()}
	test := func(source string, outcome record.Outcome, more ...string) []string {
		r := &Report{Started: time.Unix(1, 0), Builds: []Build{{Package: "./raft", Source: source}}}
		for seed, name := range append([]string{"2A/X", "2B/Y"}, more...) {
			r.Cases = append(r.Cases, CaseResult{Case: name, pkg: "./raft", Seeds: 1, Runs: []RunResult{{Seed: uint64(seed), Outcome: outcome}}})
		}
		notes, err := s.Fixed("/peer", r, false)
		require.NoError(t, err)
		return notes
	}
	assert.Empty(t, test("one", record.Fail))
	assert.Equal(t, []string{"nobody knows how often these failed before the change, since the search ended at a failure " +
		"(--keep-going before a change finds the rate): 2A/X (seed 0 before; 0 of 1 now), 2B/Y (seed 1 before; 0 of 1 now)"}, test("two", record.Pass))
	test("three", record.Fail, "2C/Z", "2C/V", "2C/W")
	assert.Contains(t, test("four", record.Pass, "2C/Z", "2C/V", "2C/W")[0], "2C/Z (seed 2 before; 0 of 1 now), and 2 more")
}
