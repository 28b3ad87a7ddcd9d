package lab2

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table is read by the grader, the command line and the docs, so its rows have to be in order.
func TestTable(t *testing.T) {
	points := map[string]int{}
	seen := map[string]bool{}
	for _, c := range Lab().Cases {
		require.Regexp(t, `^2[A-G]$`, c.Part, c.ID())
		require.Regexp(t, `^[A-Z][A-Za-z0-9]+$`, c.Name, c.ID())
		require.False(t, seen[c.ID()], "two cases are called %s", c.ID())
		seen[c.ID()] = true
		require.Positive(t, c.Points, c.ID())
		points[c.Part] += c.Points
		require.Regexp(t, `^(§\d+(\.\d+)*|Figure \d+)$`, c.Section, c.ID())
		require.NotNil(t, c.Run, c.ID())

		require.NotEmpty(t, c.Checks, c.ID())
		require.NotContains(t, c.Checks, "\n", c.ID())
		require.LessOrEqual(t, len([]rune(c.Checks)), 120, "%s: what a case checks is one line", c.ID())
		require.False(t, strings.HasSuffix(c.Checks, "."), "%s: no full stop, like all other lines", c.ID())
	}
	for _, part := range []string{"2A", "2B", "2C", "2D", "2E", "2F", "2G"} {
		require.Equal(t, 100, points[part], "points of part %s", part)
	}
}

// Parts stand one after the other, since that is the order in which students do them.
func TestTableOrder(t *testing.T) {
	last := ""
	for _, c := range Lab().Cases {
		require.LessOrEqual(t, last, c.Part, c.ID())
		last = c.Part
	}
}

// Every situation that a case exists for is one that the reference can report.
func TestSituations(t *testing.T) {
	known := situations(t, "../../raft/situations.go")
	for _, c := range Lab().Cases {
		for _, s := range c.Reaches {
			require.True(t, known[s], "%s wants to reach %q, which is not in raft/situations.go", c.ID(), s)
		}
	}
}

// situations reads the names out of the reference's list. A course tree has no reference.
func situations(t *testing.T, path string) map[string]bool {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Skipf("no reference peer here: %v", err)
	}
	names := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		row, ok := n.(*ast.CompositeLit)
		if !ok || len(row.Elts) != 2 {
			return true
		}
		if name, ok := row.Elts[0].(*ast.BasicLit); ok && name.Kind == token.STRING {
			text, err := strconv.Unquote(name.Value)
			require.NoError(t, err)
			names[text] = true
		}
		return true
	})
	require.NotEmpty(t, names)
	return names
}

// The topologies of the drawings.
func TestTopologies(t *testing.T) {
	draw := func(works topology) string {
		var rows []string
		for from := range 5 {
			row := ""
			for to := range 5 {
				switch {
				case from == to:
					row += "."
				case works(from, to):
					row += "x"
				default:
					row += "-"
				}
			}
			rows = append(rows, row)
		}
		return strings.Join(rows, " ")
	}
	require.Equal(t, ".xx-- x.x-- xx.xx --x.x --xx.", draw(bridge))
	require.Equal(t, ".x--x x.x-- -x.x- --x.x x--x.", draw(ring))
	require.Equal(t, ".xxxx x.--- x-.-- x--.- x---.", draw(star))
	require.Equal(t, ".x--- x.xxx -x.-- -x-.- -x--.", draw(renamed(star, []int{1, 0, 2, 3, 4})))
}
