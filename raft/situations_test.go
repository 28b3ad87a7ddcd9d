package raft

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The list of situations and the places that report them have to agree, since cases name them.
func TestSituationsAreListed(t *testing.T) {
	reports := regexp.MustCompile(`raftapi\.Reached\("([^"]+)"\)`)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var reported []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range reports.FindAllStringSubmatch(string(source), -1) {
			reported = append(reported, m[1])
		}
	}
	seen := map[string]bool{}
	for _, s := range reported {
		seen[s] = true
	}
	for _, s := range Situations {
		require.True(t, seen[s.Name], "%q is listed and never reported", s.Name)
		require.NotEmpty(t, s.Meaning, s.Name)
		delete(seen, s.Name)
	}
	require.Empty(t, seen, "reported and not listed")
}
