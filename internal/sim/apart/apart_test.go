package apart

import (
	"fmt"
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
func count(t *testing.T, text string) int { return result(t, text).Count }

func result(t *testing.T, text string) *Result {
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
	return r
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
		"import \"reflect\"\ntype t struct { reflect.Type; n int }\nvar v reflect.Type = &t{}\nfunc f() { v.(*t).n++ }",
		"import \"reflect\"\ntype t struct { reflect.Type; n *int }\nvar v = struct{ t reflect.Type }{&t{}}\nfunc f() { *v.t.(*t).n++ }",
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
		"import \"reflect\"\nvar v = reflect.TypeOf(1)\nfunc f() string { return v.Name() }",
		"import \"errors\"\nvar v = errors.New(\"x\")\nfunc f() error { return v }",
		"import \"flag\"\nvar v bool\nfunc init() { flag.BoolVar(&v, \"debug\", false, \"\") }\nfunc f() bool { return v }",
	} {
		require.Zero(t, count(t, text), text)
	}
}

// TestInitsThatCallByInterface: an init function has to do with what the methods of the types that
// it mentions touch, because it may call them by an interface, or have the library call them.
func TestInitsThatCallByInterface(t *testing.T) {
	for _, text := range []string{
		"type by struct{}\nfunc (by) Set() { v[1] = 2 }\nfunc init() { var s interface{ Set() } = by{}; s.Set() }",
		"import \"sort\"\ntype by []int\nfunc (b by) Len() int { return len(b) }\nfunc (b by) Less(i, j int) bool { v[1]++; return b[i] < b[j] }\n" +
			"func (b by) Swap(i, j int) {}\nfunc init() { sort.Sort(by{2, 1}) }",
		"type on[T any] struct{ x T }\nfunc (o *on[T]) Set() { v[1] = 2 }\nfunc init() { var s interface{ Set() } = &on[int]{}; s.Set() }",
	} {
		r := result(t, text+"\nvar v = map[int]int{}\n")
		require.Equal(t, 1, r.Count, text)
		require.Contains(t, fmt.Sprint(r.Insert), "Setup", text)
	}
}

// TestTickets: which numbers of a counter are only added to, so that each client gets others: the
// lowest bit is the first.
func TestTickets(t *testing.T) {
	const next = "func (g *gen) next() int64 { g.mu.Lock(); defer g.mu.Unlock(); g.n++; return g.n }\n"
	for text, want := range map[string]uint{
		"var v int\nfunc f() { v++ }":                                                                                                         1,
		"var v int\nfunc f() { v = v+1 }":                                                                                                     1,
		"var v int\nfunc f() { if v++; v > 4 { v = 0 } }":                                                                                     0,
		"import \"sync/atomic\"\nvar v atomic.Int64\nfunc f() { v.Add(1) }":                                                                   1,
		"import \"sync/atomic\"\nvar v atomic.Int64\nfunc f() { v.Store(1) }":                                                                 0,
		"import \"sync/atomic\"\nvar v struct{ a atomic.Bool; n atomic.Int32 }\nfunc f() { v.n.Add(1) }":                                      2,
		"import \"sync/atomic\"\nvar v = new(int64)\nfunc f() { atomic.AddInt64(v, 1) }":                                                      1,
		"import \"sync\"\nvar v struct { sync.Mutex; n int }\nfunc f() { v.Lock(); v.n++ }":                                                   1,
		"import \"sync\"\ntype gen struct { mu sync.Mutex; n int64 }\nvar v gen\n" + next + "func f() { v.next() }":                           1,
		"import \"sync\"\ntype gen struct { mu sync.Mutex; n int64 }\nvar v = &gen{n: 7}\n" + next + "func f() { v.next() }":                  1,
		"import \"sync\"\ntype gen struct { leader int; mu sync.Mutex; n int64 }\nvar v gen\n" + next + "func f() { v.next(); v.leader = 3 }": 2,
		"import \"sync\"\ntype gen struct { mu sync.Mutex; n int64 }\nvar v gen\n" + next + "func f() { v = gen{}; v.next() }":                0,
		"import \"sync\"\ntype gen struct { mu sync.Mutex; n int64 }\nvar v gen\n" + next + "func f(p *gen) { p.n = 0; v.next() }":            0,
		"type ring struct { at int }\nvar v ring\nfunc f(n int) { if v.at++; v.at == n { v.at = 0 } }":                                        0,
	} {
		r := result(t, text)
		require.Equal(t, 1, r.Count, text)
		inserted := fmt.Sprint(r.Insert)
		require.Contains(t, inserted, fmt.Sprintf(",%d))", 1|want<<1), text)
	}
}
