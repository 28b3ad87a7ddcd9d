package suite

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/tester"
)

func TestParseSeeds(t *testing.T) {
	for in, want := range map[string][]uint64{
		"7":                    {7},
		"1-4":                  {1, 2, 3, 4},
		"3,9,40":               {3, 9, 40},
		"9, 1-2,2":             {1, 2, 9},
		"18446744073709551615": {18446744073709551615},
		"18446744073709551614-18446744073709551615": {18446744073709551614, 18446744073709551615},
	} {
		got, err := ParseSeeds(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got, in)
	}
	for in, why := range map[string]string{
		"":                     "a number is missing",
		"x":                    `"x" is not a positive whole number`,
		"0":                    "begin at 1",
		"-3":                   "a number is missing",
		"1-":                   "a number is missing",
		"1,,2":                 "a number is missing",
		"1.5":                  "not a positive whole number",
		"9-3":                  "write 3-9",
		"1-99999999999":        "more than 100000 seeds",
		"1,x":                  `at "x"`,
		"99999999999999999999": "too large",
	} {
		_, err := ParseSeeds(in)
		assert.ErrorContains(t, err, why, "%q", in)
	}
}

func TestFormatSeeds(t *testing.T) {
	for _, s := range []string{"1", "1-20", "3,9,40", "1-3,9", ""} {
		if s == "" {
			assert.Empty(t, FormatSeeds(nil))
			continue
		}
		seeds, err := ParseSeeds(s)
		require.NoError(t, err)
		assert.Equal(t, s, FormatSeeds(seeds))
	}
}

// sampleCases is a few cases with names that are prefixes of each other.
func sampleCases() []Case {
	row := func(part, name string) tester.Case { return tester.Case{Part: part, Name: name, Points: 5} }
	return Cases([]tester.Lab{
		{Name: "lab2", Package: "./raft", Test: "TestLab2", Cases: []tester.Case{
			row("2A", "InitialElection"), row("2A", "ReElection"), row("2B", "Rejoin"),
			row("2C", "Persist1"), row("2C", "Persist12"), row("2C", "Swarm"), row("2D", "Swarm"),
		}},
		{Name: "lab3", Package: "./kvraft", Test: "TestLab3", Cases: []tester.Case{row("3A", "Basic")}},
	})
}

func ids(cases []Case) []string {
	var all []string
	for _, c := range cases {
		all = append(all, c.ID())
	}
	return all
}

func TestSelect(t *testing.T) {
	for _, c := range []struct {
		selectors []string
		want      []string
	}{
		{nil, ids(sampleCases())},
		{[]string{"lab3"}, []string{"3A/Basic"}},
		{[]string{"2A"}, []string{"2A/InitialElection", "2A/ReElection"}},
		{[]string{"2a/"}, []string{"2A/InitialElection", "2A/ReElection"}},
		{[]string{"2A/InitialElection"}, []string{"2A/InitialElection"}},
		{[]string{"2a/init"}, []string{"2A/InitialElection"}},
		{[]string{"reelection"}, []string{"2A/ReElection"}},
		{[]string{"2C/Persist1"}, []string{"2C/Persist1"}},
		{[]string{"3"}, []string{"3A/Basic"}},
		{[]string{"2B", "2A/R", "2A"}, []string{"2A/InitialElection", "2A/ReElection", "2B/Rejoin"}},
	} {
		got, err := Select(sampleCases(), c.selectors)
		require.NoError(t, err, c.selectors)
		assert.Equal(t, c.want, ids(got), c.selectors)
	}
	for selector, why := range map[string]string{
		"2A/InitalElection": "2A/InitialElection", // a slip
		"election":          "2A/ReElection",      // a part of a name
		"2E":                "2A",
		"lab9":              "lab2",
		"lab":               "lab2 or lab3",
		"2":                 "2A, 2B, 2C or 2D",
		"2C/P":              "2C/Persist1 or 2C/Persist12",
		"":                  "raftlab list",
	} {
		_, err := Select(sampleCases(), []string{selector})
		assert.ErrorContains(t, err, why, selector)
	}
}
