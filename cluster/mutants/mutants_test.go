package mutants

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every mutant can be made from the tree as it is, and names tests that are there. `raftlab cluster
// mutants` runs them.
func TestMutantsApply(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range all {
		require.False(t, seen[m.Name], m.Name)
		seen[m.Name] = true
		_, err := m.mutated("..")
		require.NoError(t, err)
		files, err := filepath.Glob(filepath.Join("..", m.Package, "*_test.go"))
		require.NoError(t, err)
		var tests strings.Builder
		for _, f := range files {
			b, err := os.ReadFile(f)
			require.NoError(t, err)
			tests.Write(b)
		}
		for name := range strings.SplitSeq(m.Tests, "|") {
			require.Contains(t, tests.String(), "func "+name+"(", m.Name)
		}
	}
}

func TestFind(t *testing.T) {
	found, err := Find([]string{"no-fsync"})
	require.NoError(t, err)
	require.Len(t, found, 1)
	_, err = Find([]string{"none"})
	require.ErrorContains(t, err, `no mutant is called "none"; there are no-fsync, `)
	found, err = Find(nil)
	require.NoError(t, err)
	require.Len(t, found, len(Names()))
}

// One mutant, all the way: `raftlab cluster mutants` runs the others.
func TestHunt(t *testing.T) {
	found, err := Find([]string{"no-sessions"})
	require.NoError(t, err)
	harmless := found[0]
	harmless.Right, harmless.Wrong = "func (s *store) read(", "func (s  *store) read("
	module, err := filepath.Abs("..")
	require.NoError(t, err)
	var how []string
	for _, f := range Hunt(t.Context(), module, []Mutant{found[0], harmless}) {
		require.NoError(t, f.Err)
		how = append(how, f.How)
	}
	require.Equal(t, []string{"TestSessions", ""}, how)
}
