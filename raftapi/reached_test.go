package raftapi_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/kvraft"
	"raftlab/kvsrv"
	"raftlab/raft"
	"raftlab/shardkv"
	"raftlab/shardkv/shardctrler"
)

// The lists of situations and the places that report them have to agree, since cases name them.
func TestSituationsAreListed(t *testing.T) {
	listed := map[string]map[string]string{"raft": {}, "kvsrv": {}, "kvraft": {}, "shardkv": {}, "shardkv/shardctrler": {}}
	for _, s := range raft.Situations {
		listed["raft"][s.Name] = s.Meaning
	}
	for _, s := range kvsrv.Situations {
		listed["kvsrv"][s.Name] = s.Meaning
	}
	for room, list := range map[string][]kvraft.Situation{
		"kvraft": kvraft.Situations, "shardkv": shardkv.Situations, "shardkv/shardctrler": shardctrler.Situations,
	} {
		for _, s := range list {
			require.NotContains(t, listed[room], s.Name, "listed twice in %s", room)
			listed[room][s.Name] = s.Meaning
		}
	}
	require.Len(t, raft.Situations, len(listed["raft"]), "raft lists one twice")
	require.Len(t, kvsrv.Situations, len(listed["kvsrv"]), "kvsrv lists one twice")

	folders := map[string][]string{"kvsrv": {"kvsrv", "kvsrv/lock"}, "kvraft": {"kvraft", "kvraft/rsm"}}
	for room, list := range listed {
		in := folders[room]
		if in == nil {
			in = []string{room}
		}
		reported := reportedIn(t, in...)
		for name, meaning := range list {
			require.True(t, reported[name], "%s lists %q, and never reports it", room, name)
			require.NotEmpty(t, meaning, name)
			delete(reported, name)
		}
		require.Empty(t, reported, "%s reports these, and does not list them", room)
	}
}

// reportedIn finds the names that are given to Reached in some folders.
func reportedIn(t *testing.T, folders ...string) map[string]bool {
	reports := regexp.MustCompile(`raftapi\.Reached\("([^"]+)"\)`)
	found := map[string]bool{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, folder)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, m := range reports.FindAllStringSubmatch(string(source), -1) {
				found[m[1]] = true
			}
		}
	}
	return found
}
