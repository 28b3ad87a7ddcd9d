package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/suite"
)

func TestUsageErrors(t *testing.T) {
	liar, empty := testdata(t, "liar"), t.TempDir()
	story := filepath.Join(t.TempDir(), "x.scenario")
	require.NoError(t, os.WriteFile(story, []byte("case 2A/ReElection\nseed 7\nplay crash 1\n"), 0o644))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"test", "2A/InitalElection"}, "2A/InitialElection"},
		{[]string{"cluster", "up", "--impl", ""}, "--impl is empty"},
		{[]string{"compare", "reads", "--out", filepath.Join(os.DevNull, "x")}, "cannot be made; name another place"},
		{[]string{"test", "--with", "pipeline:letters=1"}, "extensions with parameters:"},
		{[]string{"test", "--seeds", "9-3"}, "write 3-9"},
		{[]string{"test", "--impl", "nowhere"}, "no such directory"},
		{[]string{"test", "--env", "DEBUG"}, "write K=V"},
		{[]string{"test", "--memory", "5"}, "512MiB"},
		{[]string{"test", "--json", "no/such/dir/r.json"}, "there is no directory"},
		{[]string{"test", "--impl", "reference"}, "no reference"},
		{[]string{"test", "--impl", empty}, "no code to test; to be tested it has to be package kvsrv, raft, kvraft, shardkv or shardctrler"},
		{[]string{"test", "3A", "--impl", liar}, "no package kvraft, which 3A/OneClient tests"},
		{[]string{"test", "lab4", "--impl", liar}, "no package shardkv, which 4A/Empty tests"},
		{[]string{"replay", "2A/InitialElection"}, "--seed N"},
		{[]string{"replay", "2A", "--seed", "1"}, "cases; name one of them"},
		{[]string{"view", "2A/InitialElection"}, "2A/InitialElection: its seed is missing"},
		{[]string{"view", "nowhere.jsonl"}, "there is no file of that name"},
		{[]string{"replay", "2A/InitialElection", "--seed", "1", "--only", "vote,nonsense"}, "there are votes,"},
		{[]string{"replay", "2A/InitialElection", "--seed", "1", "--peers", "x"}, "such as 0,2"},
		{[]string{"replay", "2A/InitialElection", "--seed", "1", "--from", "5s", "--to", "3s"}, "end before it begins"},
		{[]string{"list", "9Z"}, "there is no lab, part or case"},
		{[]string{"init", "--framework", ".", "--labs", "lab9", "x"}, "there is no lab, part or case"},
		{[]string{"nonsense"}, "unknown command"},
		{[]string{"tset", "2A"}, "did you mean test?"},
		{[]string{"test", "--impl", ""}, "--impl\" flag: it is empty"},
		{[]string{"test", "--impl", filepath.Join(liar, "raft.go")}, "it is a file"},
		{[]string{"test", "-j", "0"}, "at least one run"},
		{[]string{"test", "-j", "-1"}, "at least one run"},
		{[]string{"test", "-j", "many"}, "no whole number"},
		{[]string{"test", "-j", "99999"}, "at most 1024"},
		{[]string{"test", "--seeds", "0"}, "seeds begin at 1"},
		{[]string{"test", "--seeds", ""}, "it is empty"},
		{[]string{"test", "--seeds", "1-"}, "a number is missing"},
		{[]string{"test", "--seeds", "1-99999999999"}, "more than 100000 seeds"},
		{[]string{"test", "--seeds", "99999999999999999999999"}, "too large"},
		{[]string{"test", "--seeds", "1", "--seeds", "2"}, "given twice"},
		{[]string{"test", "--failed", "--seeds", "1-2"}, "leave one of the two out"},
		{[]string{"test", "--failed", "--impl", testdata(t, "typo")}, "nothing is remembered"},
		{[]string{"test", "--json", empty}, "it is a directory"},
		{[]string{"test", "--json", "x.out", "--junit", "./x.out"}, "to one file"},
		{[]string{"test", "--with", ""}, "it is empty"},
		{[]string{"replay"}, "needs the case"},
		{[]string{"replay", "2A/ReElection", "2B/Rejoin", "--seed", "1"}, "there are 2"},
		{[]string{"replay", "2A/ReElection", "--seed", "-1"}, "no whole number"},
		{[]string{"replay", "2A/ReElection", "--seed", "1", "--from", "3"}, "3s or 250ms"},
		{[]string{"replay", "2A/ReElection", "--seed", "1", "--from", "-3s"}, "begins at 0"},
		{[]string{"replay", "2A/InitialElection", "--seed", "1", "--peers", "99"}, "there are 0,1,2"},
		{[]string{"doctor", "junk"}, "takes no arguments"},
		{[]string{"init"}, "needs the directory"},
		{[]string{"list", "--nonsense"}, "unknown flag"},
		{[]string{"where", "2A/ReElection", "--seed", "1"}, "unknown flag: --seed; where has --seeds"},
		{[]string{"view", "2A/ReElection", "--seed", "1", "--against", "/nowhere"}, "--against /nowhere: there is no such case, directory or file"},
		{[]string{"view", story}, "it is a scenario: view 2A/ReElection --seed 7 --scenario " + story},
	} {
		res := raftlab(t, tree, c.args...)
		assert.Equal(t, suite.ExitUsage, res.code, c.args)
		assert.Contains(t, res.errOut, c.want, c.args)
	}
	res := raftlab(t, t.TempDir(), "test")
	assert.Equal(t, suite.ExitUsage, res.code)
	assert.Contains(t, res.errOut, "is not inside a raftlab tree")
}

// Programs read the results also of a command line that was wrong, wherever its mistake is.
func TestUsageErrorsAreResultsToo(t *testing.T) {
	for _, mistake := range [][]string{{"2A/Nothing"}, {"--nonsense"}, {"-j", "many"}, {"--impl", ""}, {"--failed", "--seeds", "1"}} {
		for _, before := range []bool{true, false} {
			dir := t.TempDir()
			files := []string{"--json", filepath.Join(dir, "r.json"), "--junit=" + filepath.Join(dir, "r.xml")}
			args := append(append([]string{"test"}, files...), mistake...)
			if before {
				args = append(append([]string{"test"}, mistake...), files...)
			}
			res := raftlab(t, tree, args...)
			require.Equal(t, suite.ExitUsage, res.code, args)
			r := readReport(t, filepath.Join(dir, "r.json"), res)
			assert.Equal(t, suite.Misused, r.Status, args)
			assert.NotEmpty(t, r.Error, args)
			assert.Empty(t, r.Cases, args)
			data, err := os.ReadFile(filepath.Join(dir, "r.xml"))
			require.NoError(t, err, args)
			assert.Contains(t, string(data), `errors="1"`, args)
		}
	}
}

// On a narrow screen paragraphs are broken anew, and lists keep their lines.
func TestFitted(t *testing.T) {
	assert.Equal(t, "A paragraph is\nbroken anew.\n\nA list:\n  one\n    a long line\n    of it", fitted("A paragraph\nis broken anew.\n\nA list:\n  one\n    a long line of it", 15))
	help := fitted(compareLong(60), 60)
	assert.Contains(t, help, "\n  reads       What does a read cost?\n")
	for line := range strings.SplitSeq(help, "\n") {
		assert.LessOrEqual(t, len([]rune(line)), 60, line)
	}
}

func TestQuote(t *testing.T) {
	assert.Equal(t, "../solution", quote("../solution"))
	if runtime.GOOS != "windows" {
		assert.Equal(t, `'a b'`, quote("a b"))
		assert.Equal(t, `'it'\''s'`, quote("it's"))
		assert.Equal(t, `''`, quote(""))
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{"512MiB": 512 << 20, "512M": 512 << 20, "1GiB": 1 << 30, "2g": 2 << 30, "134217728": 128 << 20, "134217728B": 128 << 20} {
		got, err := parseSize(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got, in)
	}
	for _, in := range []string{"", "x", "1", "-1G", "5GiB", "1TiB", "99999999999999G"} {
		_, err := parseSize(in)
		assert.Error(t, err, in)
	}
}
