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
