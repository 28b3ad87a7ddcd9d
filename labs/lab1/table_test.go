package lab1

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table is read by the grader, the command line and the docs, so its rows have to be in order.
func TestTable(t *testing.T) {
	points := map[string]int{}
	seen := map[string]bool{}
	last := ""
	for _, c := range Lab().Cases {
		require.Regexp(t, `^1[A-D]$`, c.Part, c.ID())
		require.Regexp(t, `^[A-Z][A-Za-z0-9]+$`, c.Name, c.ID())
		require.False(t, seen[c.ID()], "two cases are called %s", c.ID())
		seen[c.ID()] = true
		require.Positive(t, c.Points, c.ID())
		points[c.Part] += c.Points
		require.NotNil(t, c.Run, c.ID())
		require.NotContains(t, c.Checks, "\n", c.ID())
		require.LessOrEqual(t, len([]rune(c.Checks)), 120, "%s: what a case checks is one line", c.ID())
		require.False(t, strings.HasSuffix(c.Checks, "."), "%s: no full stop, like all other lines", c.ID())
		require.LessOrEqual(t, last, c.Part, c.ID())
		last = c.Part
	}
	for _, part := range []string{"1A", "1B", "1C", "1D"} {
		require.Equal(t, 100, points[part], "points of part %s", part)
	}
}
