package sim

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/vet"
)

// TestWhatIsListedCompiles: whatever of the standard library the list allows, the second fence lets
// pass, also where the compiler has copied only the outer one of two short functions, as it does in
// functions of many thousand nodes.
func TestWhatIsListedCompiles(t *testing.T) {
	own := fence{underTest: func(pkg string) bool { return pkg == "raftlab/raft" }}
	small, large := callAll(t)
	for name, source := range map[string]string{"in functions of their own": small, "in one function": large} {
		var what []string
		for _, r := range compiledAs(t, source).refusals(own) {
			what = append(what, r.What)
		}
		require.Empty(t, what, name)
	}
}

// caller writes calls of what is listed.
type caller struct {
	names  map[string]string // of the packages that are imported
	bodies []string
}

func callAll(t *testing.T) (small, large string) {
	std, err := exec.Command("go", "list", "std").Output()
	require.NoError(t, explained(err))
	args := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}"}
	for name := range strings.FieldsSeq(string(std)) {
		if _, refused := vet.RefusesPackage(name); !refused {
			args = append(args, name)
		}
	}
	cmd := exec.Command("go", args...)
	cmd.Env = guestBuildEnv()
	out, err := cmd.Output()
	require.NoError(t, explained(err))
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		exports[name] = file
	}
	from := importer.ForCompiler(token.NewFileSet(), "gc", func(name string) (io.ReadCloser, error) { return os.Open(exports[name]) })
	c := &caller{names: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(exports)) {
		if _, refused := vet.RefusesPackage(name); !refused {
			pkg, err := from.Import(name)
			require.NoError(t, err)
			c.pkg(pkg)
		}
	}
	require.Greater(t, len(c.bodies), 1500)
	var head, functions bytes.Buffer
	head.WriteString("package raft\n\n")
	for name, as := range c.names {
		fmt.Fprintf(&head, "import %s %q\n", as, name)
	}
	head.WriteString("\n//go:noinline\nfunc maybe() bool { return len(some) > 0 }\n\nvar some []any\n\n//go:noinline\nfunc keep(x ...any) { some = x }\n\n")
	for i, body := range c.bodies {
		fmt.Fprintf(&functions, "func f%d() {\n%s}\n", i, strings.Replace(body, "var a0 any\n", "a0 := some[0]\n", 1))
	}
	small = head.String() + functions.String()
	large = head.String() + "func all() {\n"
	for _, body := range c.bodies {
		large += "if maybe() {\n" + body + "}\n"
	}
	return small, large + "}\n"
}

func (c *caller) pkg(pkg *types.Package) {
	for _, name := range pkg.Scope().Names() {
		switch o := pkg.Scope().Lookup(name).(type) {
		case *types.Func:
			if _, refused := vet.Refuses(pkg.Path(), "", name); o.Exported() && !refused {
				c.call("", nil, o)
			}
		case *types.TypeName:
			named, ok := o.Type().(*types.Named)
			if _, refused := vet.Refuses(pkg.Path(), "", name); !ok || !o.Exported() || refused || named.TypeParams() != nil {
				continue
			}
			recv := types.Type(types.NewPointer(named))
			if types.IsInterface(named) {
				recv = named
			}
			for method := range types.NewMethodSet(recv).Methods() {
				f := method.Obj().(*types.Func)
				if _, refused := vet.Refuses(pkg.Path(), name, f.Name()); f.Exported() && !refused && len(method.Index()) == 1 {
					c.call(name, recv, f)
				}
			}
		}
	}
}

// call writes a call of a function, or of a method of a value of type recv, with zero values.
func (c *caller) call(owner string, recv types.Type, f *types.Func) {
	s := f.Signature()
	if s.TypeParams() != nil || f.Pkg() == nil {
		return
	}
	var body, args strings.Builder
	function := c.name(f.Pkg()) + "." + f.Name()
	if recv != nil {
		fmt.Fprintf(&body, "\tvar r %s\n", types.TypeString(recv, c.name))
		function = "r." + f.Name()
	}
	for i := range s.Params().Len() {
		p := s.Params().At(i).Type()
		if strings.Contains(p.String(), "internal/") || !c.listed(p) {
			return
		}
		fmt.Fprintf(&body, "\tvar a%d %s\n", i, types.TypeString(p, c.name))
		fmt.Fprintf(&args, "a%d, ", i)
	}
	dots := ""
	if s.Variadic() {
		dots = "..."
	}
	call := fmt.Sprintf("%s(%s%s)", function, strings.TrimSuffix(args.String(), ", "), dots)
	if s.Results().Len() == 0 {
		c.bodies = append(c.bodies, body.String()+"\t"+call+"\n")
		return
	}
	c.bodies = append(c.bodies, body.String()+"\tkeep("+call+")\n")
	if s.Results().Len() == 1 {
		c.chain(body.String(), call, s.Results().At(0).Type())
	}
}

// chain writes calls of the methods of what a call returns, where the compiler knows more of it than
// its type says.
func (c *caller) chain(body, call string, t types.Type) {
	for method := range types.NewMethodSet(t).Methods() {
		f := method.Obj().(*types.Func)
		if f.Pkg() == nil || !f.Exported() || len(method.Index()) != 1 || f.Signature().Params().Len() > 0 || f.Signature().Results().Len() == 0 {
			continue
		}
		owner := t
		if pointer, ok := owner.(*types.Pointer); ok {
			owner = pointer.Elem()
		}
		if named, ok := types.Unalias(owner).(*types.Named); ok {
			if _, refused := vet.Refuses(f.Pkg().Path(), named.Obj().Name(), f.Name()); !refused {
				c.bodies = append(c.bodies, body+"\tkeep("+call+"."+f.Name()+"())\n")
			}
		}
	}
}

// listed reports whether a type can be written by code under test.
func (c *caller) listed(t types.Type) bool {
	ok := true
	types.TypeString(t, func(pkg *types.Package) string {
		_, refused := vet.RefusesPackage(pkg.Path())
		ok = ok && !refused
		return ""
	})
	return ok
}

func (c *caller) name(pkg *types.Package) string {
	if c.names[pkg.Path()] == "" {
		c.names[pkg.Path()] = fmt.Sprintf("p%d_%s", len(c.names), path.Base(pkg.Path()))
	}
	return c.names[pkg.Path()]
}
