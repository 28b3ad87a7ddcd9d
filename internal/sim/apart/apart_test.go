package apart

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	files    = token.NewFileSet()
	packages = importer.ForCompiler(files, "source", nil)
)

// count is how many variables of a file are kept apart.
func count(t *testing.T, text string) int {
	t.Helper()
	file, err := parser.ParseFile(files, "x.go", "package x\n"+text, parser.SkipObjectResolution)
	require.NoError(t, err)
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Implicits: map[ast.Node]types.Object{}}
	config := types.Config{Importer: packages}
	pkg, err := config.Check("x", files, []*ast.File{file}, info)
	require.NoError(t, err)
	r := Packages([]*Package{{Files: []File{{"x.go", file}}, Types: pkg, Info: info}})
	require.Empty(t, r.Nameless)
	return r.Count
}

// TestWaysToWrite: each of these writes to the variable v, or gives somebody the means to.
func TestWaysToWrite(t *testing.T) {
	for _, text := range []string{
		"var v int\nfunc f() { v = 1 }",
		"var v [2]int\nfunc f() { for v[0] = range 3 {} }",
		"var v [2]int\nfunc f() []int { return v[:] }",
		"var v struct{ a struct{ b int } }\nfunc f() *int { return &v.a.b }",
		"var v = map[string]int{}\nfunc f() { v[\"a\"]++ }",
		"var v = make(chan int, 1)\nfunc f() { v <- 1 }",
		"type t struct{ n int }\nfunc (x *t) set(n int) { x.n = n }\nvar v t\nfunc f() func(int) { return v.set }",
		"import \"time\"\nvar v time.Time\nfunc f(b []byte) { v.GobDecode(b) }",
		"import \"time\"\nvar v time.Time\nfunc f(b []byte) func([]byte) error { return v.UnmarshalText }",
		"import \"flag\"\nvar v string\nfunc f(name, s string) { flag.StringVar(&v, name, s, \"\") }",
		"import \"flag\"\nvar v string\nfunc init() { go func() { flag.StringVar(&v, \"x\", \"\", \"\") }() }",
	} {
		require.Equal(t, 1, count(t, text), text)
	}
}

// TestWaysToRead: none of these does.
func TestWaysToRead(t *testing.T) {
	for _, text := range []string{
		"var v = 1\nfunc f() int { return v + len(\"\") }",
		"var v = map[string]int{\"a\": 1}\nfunc f() int { return v[\"a\"] }",
		"import \"time\"\nvar v time.Time\nfunc f() time.Duration { return time.Since(v.Add(1)) }",
		"import \"errors\"\nvar v = errors.New(\"x\")\nfunc f() error { return v }",
		"import \"flag\"\nvar v bool\nfunc init() { flag.BoolVar(&v, \"debug\", false, \"\") }\nfunc f() bool { return v }",
	} {
		require.Zero(t, count(t, text), text)
	}
}
