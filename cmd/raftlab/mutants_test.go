package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/mutation"
	"raftlab/internal/suite"
)

// The mutant is one of TestClassOf30, so that it is built for both.
func TestAMutantDiesAndItsDeathCanBeReplayed(t *testing.T) {
	const checkout = "../.."
	dir := t.TempDir()
	file := filepath.Join(dir, "hunt.json")
	res := raftlab(t, checkout, "mutants", "half-elects", "--seeds", "1-5", "--json", file)
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var report mutation.Report
	require.NoError(t, json.Unmarshal(data, &report))
	require.Len(t, report.Subjects, 1)
	require.Equal(t, mutation.Killed, report.Subjects[0].Status)
	death := report.Subjects[0].Kills[0]

	peer := filepath.Join(dir, "peer")
	res = raftlab(t, checkout, "mutants", "half-elects", "--write", peer)
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	again := filepath.Join(dir, "test.json")
	seed := suite.FormatSeeds([]uint64{death.Seed})
	res = raftlab(t, checkout, "test", death.Case, "--seeds", seed, "--impl", peer, "--json", again)
	require.Equal(t, suite.ExitFailed, res.code, "%+v", res)
	r := readReport(t, again, res)
	assert.Equal(t, death.Hash, r.Cases[0].Runs[0].Hash, "alone in a binary, and among others, a peer runs alike")
}

func TestPatchesAreCheckedWithoutARun(t *testing.T) {
	res := raftlab(t, "../..", "mutants", "--check", "votes-*", "kv-forgets-*", "sleeping-ticker")
	require.Equal(t, suite.ExitPassed, res.code, "%+v", res)
	require.Regexp(t, `^all \d+ patches apply and compile\n$`, res.out)
}

func TestMutantsUsage(t *testing.T) {
	for _, c := range []struct {
		dir, message string
		args         []string
	}{
		{"../..", "nor is it the name of a mutant", []string{"no-such-peer"}},
		{"../..", "seeds begin at 1", []string{"--seeds", "0"}},
		{"../..", "--write takes one peer", []string{"--write", "x", "votes-*"}},
		{tree, "course trees", nil},
		{"../..", "none of the others can be", []string{"--check", "--rebase"}},
		{"../..", "none of the others can be", []string{"--check", "--seeds", "1"}},
		{"../..", `"2A" is not the name of a mutant`, []string{"--check", "2A"}},
	} {
		res := raftlab(t, c.dir, append([]string{"mutants"}, c.args...)...)
		assert.Equal(t, suite.ExitUsage, res.code, "%v: %+v", c.args, res)
		assert.Contains(t, res.errOut, c.message)
	}
}
