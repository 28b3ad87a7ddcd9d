package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/suite"
)

func TestCompareUsage(t *testing.T) {
	t.Setenv("RAFTLAB_CACHE", t.TempDir()) // nobody has compared the engines yet
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
		assert.NotContains(t, res.errOut, "comparing", "what is wrong is said at once: %v", c.args)
	}
}

// What can be measured of a directory: its peers below this project's services, and its services by
// themselves. A service is asked for what its source looks at.
func TestSubjects(t *testing.T) {
	for _, c := range []struct {
		files map[string]string
		want  []string
	}{
		{map[string]string{"raft.go": "package raft\n"}, []string{"DIR"}},
		{map[string]string{"raft/a.go": "package raft\n", "kvraft/a.go": "package kvraft\n"}, []string{"DIR", "kvraft of DIR without Extensions, Reads"}},
		{map[string]string{"kvraft/a.go": "package kvraft\n\nvar a = o.Reads\n", "shardkv/a.go": "package shardkv\n\nvar a = o.PeerExtensions()\n"},
			[]string{"kvraft of DIR without Extensions", "shardkv of DIR"}},
		{map[string]string{"kvsrv/a.go": "package kvsrv\n"}, nil},
	} {
		dir := t.TempDir()
		for name, text := range c.files {
			file := filepath.Join(dir, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		}
		code, err := suite.FindCode(filepath.Join("..", ".."), false, dir, packages())
		require.NoError(t, err)
		var got []string
		for _, s := range subjects(code, false, true) {
			text := strings.ReplaceAll(s.Name, dir, "DIR")
			if len(s.Ignores) > 0 {
				text += " without " + strings.Join(s.Ignores, ", ")
			}
			got = append(got, text)
			require.True(t, s.Untested)
			require.Equal(t, "./"+s.Package, s.Build.Package)
			require.Equal(t, dir, s.Given)
		}
		require.Equal(t, c.want, got)
	}
	var reference suite.Code
	require.Len(t, subjects(reference, true, false), 1, "the framework's services are under its own peers")
}

// TestExperimentsFit: the list of experiments fits the terminal.
func TestExperimentsFit(t *testing.T) {
	for _, width := range []int{60, 80, 180} {
		for line := range strings.Lines(experimentList(width)) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
		}
	}
}
