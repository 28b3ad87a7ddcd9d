package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/suite"
)

func TestCompareUsage(t *testing.T) {
	for _, c := range []struct {
		message string
		args    []string
	}{
		{"there are together, reads, followers", []string{"everything"}},
		{"--set value=1KiB: the experiment rejoin has no such setting; it has peers, away, after, interval, rtt, fsync", []string{"rejoin", "--set", "value=1KiB"}},
		{"the experiment partial has no such setting", []string{"rejoin", "partial", "--set", "rtt=5ms,peers=5"}},
		{"reads=2: a share", []string{"reads", "--set", "rtt=5ms,fsync=2ms,peers=5,value=1KiB,reads=2"}},
		{"one setting can be swept at a time", []string{"reads", "--set", "rtt=1ms..2ms,fsync=1ms..2ms"}},
		{"the range is empty", []string{"reads", "--set", "rtt=2ms..1ms"}},
		{"the experiment pipeline has no such setting", []string{"all", "--set", "clients=3"}},
		{"seeds begin at 1", []string{"reads", "--seeds", "0"}},
		{"no such directory", []string{"reads", "--impl", "nowhere"}},
	} {
		res := raftlab(t, "../..", append([]string{"compare"}, c.args...)...)
		assert.Equal(t, suite.ExitUsage, res.code, c.args)
		assert.Contains(t, res.out+res.errOut, c.message, c.args)
	}
}

// TestExperimentsFit: the list of experiments fits the terminal.
func TestExperimentsFit(t *testing.T) {
	for _, width := range []int{60, 80, 180} {
		for line := range strings.Lines(experimentList(width)) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
		}
	}
}
