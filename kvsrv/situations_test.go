package kvsrv

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
	unlisted := map[string]bool{}
	for _, pattern := range []string{"*.go", "lock/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, m := range reports.FindAllStringSubmatch(string(source), -1) {
				unlisted[m[1]] = true
			}
		}
	}
	for _, s := range Situations {
		require.True(t, unlisted[s.Name], "%q is listed and never reported, or listed twice", s.Name)
		require.NotEmpty(t, s.Meaning, s.Name)
		delete(unlisted, s.Name)
	}
	require.Empty(t, unlisted, "reported and not listed")
}
