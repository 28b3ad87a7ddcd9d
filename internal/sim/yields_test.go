package sim

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/yield"
)

// withPlaces returns a function's lines as they are compiled: "!" stands for a place where its
// goroutine can be interrupted, "!!" for one where it locks again.
func withPlaces(t *testing.T, body string) []string {
	t.Helper()
	source := "package raft\n\nimport (\n\"sync\"\n\"sync/atomic\"\n)\n\n" +
		"var mu sync.RWMutex\nvar n atomic.Int64\nvar c chan int\nvar m map[int]int\n\nfunc f(x int) {\n" + body + "\n}\n"
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "raft.go", source, 0)
	require.NoError(t, err)
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
	config := types.Config{Importer: importer.ForCompiler(files, "source", nil)}
	_, err = config.Check("raftlab/raft", files, []*ast.File{file}, info)
	require.NoError(t, err)
	text := string(insert([]byte(source), interruptions(files, file, info)))
	_, err = parser.ParseFile(token.NewFileSet(), "raft.go", text, 0)
	require.NoError(t, err, text)
	text = regexp.MustCompile(`raftlab_yield\.Here\(\d+\);`).ReplaceAllStringFunc(text, func(call string) string {
		place, err := strconv.ParseUint(call[len("raftlab_yield.Here("):len(call)-len(");")], 10, 64)
		require.NoError(t, err)
		if place >= yield.Gap {
			return "!!"
		}
		return "!"
	})
	lines := strings.Split(strings.TrimSuffix(text, "\n}\n"), "\n")
	require.Len(t, lines, strings.Count(source, "\n")-1, "lines keep their numbers")
	return lines[13:]
}

func TestInterruptions(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"a mutex", "mu.Lock()\nx++\nmu.Unlock()", "!mu.Lock()\nx++\n!mu.Unlock()"},
		{"locking again", "mu.RLock()\nmu.RUnlock()\nmu.Lock()", "!mu.RLock()\n!mu.RUnlock()\n!!mu.Lock()"},
		{"a call after a lock was let go of", "mu.Unlock()\nf(x)\nf(x)", "!mu.Unlock()\n!!f(x)\nf(x)"},
		{"no call after a lock was let go of", "mu.Unlock()\nx++\nf(x)", "!mu.Unlock()\nx++\nf(x)"},
		{"a function within has locked nothing yet", "mu.Unlock()\ngo func() {\nmu.Lock()\n}()", "!mu.Unlock()\ngo func() {\n!mu.Lock()\n}()"},
		{"deferred", "defer mu.Unlock()", "!defer mu.Unlock()"},
		{"atomic", "x = int(n.Load()) + 1", "!x = int(n.Load()) + 1"},
		{"an atomic in a condition, and one in what follows", "if n.Load() > 0 {\nx++\n} else if n.Load() < 0 {\nn.Add(1)\n}",
			"!if n.Load() > 0 {\nx++\n} else if n.Load() < 0 {\n!n.Add(1)\n}"},
		{"channels", "c <- 1\nx = <-c\nclose(c)\nx, ok := <-c\n_ = ok", "!c <- 1\n!x = <-c\n!close(c)\n!x, ok := <-c\n_ = ok"},
		{"select", "select {\ncase c <- x:\nmu.Lock()\ndefault:\n}", "!select {\ncase c <- x:\n!mu.Lock()\ndefault:\n}"},
		{"switch", "switch x {\ncase 1:\nmu.Lock()\n}", "switch x {\ncase 1:\n!mu.Lock()\n}"},
		{"ranging over a channel", "for x = range c {\nx++\n}", "!for x = range c {!\nx++\n}"},
		{"ranging over a map", "for k := range m {\n_ = k\n}", "for k := range m {\n_ = k\n}"},
		{"a label", "again: for {\nmu.Lock()\ncontinue again\n}", "again: for {\n!mu.Lock()\ncontinue again\n}"},
		{"a name of one's own", "close := func(chan int) {}\nclose(c)", "close := func(chan int) {}\nclose(c)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, strings.Split(c.want, "\n"), withPlaces(t, c.body))
		})
	}
}

// A change of one function leaves the numbers of all others.
func TestPlacesKeepTheirNumbers(t *testing.T) {
	numbers := func(first string) []string {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, "raft.go", "package raft\n\nvar c chan int\n\nfunc f() { "+first+" }\n\nfunc g() { c <- 1; c <- 2 }\n", 0)
		require.NoError(t, err)
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
		_, err = (&types.Config{}).Check("raftlab/raft", files, []*ast.File{file}, info)
		require.NoError(t, err)
		var calls []string
		for _, in := range interruptions(files, file, info) {
			calls = append(calls, in.text)
		}
		return calls
	}
	one, more := numbers("c <- 0"), numbers("c <- 0; c <- 0; <-c")
	require.Len(t, one, 1+2+1)
	require.Equal(t, one[1:], more[3:])
	require.NotEqual(t, one[1], one[2])
}
