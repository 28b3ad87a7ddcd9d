package adopt

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/submission"
)

// modules of others that the course allows, and what stands for them here.
var modules = map[string]string{"github.com/google/uuid": "uuid", "github.com/sirupsen/logrus": "logrus", "github.com/fatih/color": "color"}

// refused are modules of others that do not get in, however they come: their code uses what the
// sandbox refuses everybody.
var refused = map[string]string{"go.uber.org/zap": "net/http"}

// fileFunctions are functions of package os that make or open files. There are none in the engine.
var fileFunctions = []string{"OpenFile", "Create", "CreateTemp", "Mkdir", "MkdirAll", "MkdirTemp", "Remove", "RemoveAll", "Rename", "WriteFile", "Truncate"}

// rewriteImports gives the imports of a file the paths that they have in raftlab.
func (c *conversion) rewriteImports(f *file, d *directory) {
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		to, name := c.target(f, d, p)
		switch {
		case modules[p] != "" && submission.Vendored(c.tree.resolve(f.dir, p)), to == "" && modules[p] != "":
			c.importAs(f, spec, c.shim(d, modules[p]), lastPart(p))
			c.notes.add(Shimmed, f.name, f.line(spec.Pos()), "imports %s; the few functions of it that solutions use stand in its place", p)
		case to != "":
			c.importAs(f, spec, to, name)
		case spec.Name != nil && spec.Name.Name == "_" && (p == "net/http/pprof" || p == "embed"):
			c.eraseImport(f, spec)
			c.notes.add(LeftOut, f.name, f.line(spec.Pos()), "imports %s, which has no use here", p)
		case p == "os" && c.opensFiles(d):
			c.importAs(f, spec, c.shim(d, "os"), "os")
		case p == "flag":
			c.importAs(f, spec, c.shim(d, "flag"), "flag")
			c.notes.add(Shimmed, f.name, f.line(spec.Pos()), "reads flags, of which a server has none here: each has its default value")
		case p == "C":
		case outside(p) != "":
			c.notes.add(Named, f.name, f.line(spec.Pos()), "imports %s, whose code would be refused if it was handed in, because it uses %s: do without, "+
				"with package log for example", p, outside(p))
		case !isStandard(p) && !strings.HasPrefix(p, module):
			c.notes.add(Named, f.name, f.line(spec.Pos()), "imports %s, which is neither in what was given nor on the list of modules "+
				"that the course allows (%s): hand in its code (`go mod vendor` puts it into vendor/, which is read), or do without; a course that allows it gives its code with --modules", p, strings.Join(sortedKeys(modules), ", "))
		}
	}
}

// outside is what a module that does not get in uses, or "".
func outside(p string) string {
	for m, uses := range refused {
		if p == m || strings.HasPrefix(p, m+"/") {
			return uses
		}
	}
	return ""
}

// importAs changes an import, and leaves the package the name that the file knows it by.
func (c *conversion) importAs(f *file, spec *ast.ImportSpec, to, name string) {
	text := strconv.Quote(to)
	if spec.Name == nil && lastPart(to) != name {
		text = name + " " + text
	}
	f.change(spec.Path.Pos(), spec.Path.End(), text)
}

// eraseImport takes an import out.
func (c *conversion) eraseImport(f *file, spec *ast.ImportSpec) {
	for _, decl := range f.ast.Decls {
		if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.IMPORT && slices.Contains(gen.Specs, ast.Spec(spec)) {
			f.eraseDecl(gen, spec)
		}
	}
}

// opensFiles reports whether a package makes files, such as one for its log, and tells where.
func (c *conversion) opensFiles(d *directory) (found bool) {
	for _, f := range c.keep(d) {
		name := f.nameOf("os")
		if name == "" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == name {
				switch {
				case slices.Contains(fileFunctions, sel.Sel.Name):
					found = true
					c.notes.add(Shimmed, f.name, f.line(sel.Pos()), "os.%s: there are no files here; what is written to one goes to the output "+
						"of the run (replay -v)", sel.Sel.Name)
				case sel.Sel.Name == "Getenv" || sel.Sel.Name == "LookupEnv":
					c.notes.add(Named, f.name, f.line(sel.Pos()), "os.%s: the environment of the code has only what --env K=V says", sel.Sel.Name)
				}
			}
			return true
		})
	}
	return found
}

// redirectLog lets package log go on where the code gives it one of its files: what it writes goes
// to the output of the run.
func (c *conversion) redirectLog(f *file, d *directory) {
	name := f.nameOf("log")
	if name == "" || !c.opensFiles(d) {
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 || f.source(call.Fun) != name+".SetOutput" || strings.HasSuffix(f.source(call.Args[0]), ".Discard") {
			return true
		}
		f.insert(call.Args[0].Pos(), "raftlabLog(")
		f.insert(call.Args[0].End(), ")")
		c.adapter(d).add("// raftlabLog is where package log writes instead of to a file: the output of the run.\nfunc raftlabLog(any) *os.File { return os.Stdout }", `"os"`)
		return true
	})
}

const stackCode = `// raftlabStack stands for the stack of a goroutine, which would say more than a server may know: its first line.
func raftlabStack() []byte { return []byte("goroutine 1 [running]:\n") }`

// ownStack puts a line in the place of what runtime.Stack and debug.Stack say of the goroutine
// itself. People take the number of a goroutine from it, to print it; the sandbox has no such
// numbers for a server.
func (c *conversion) ownStack(f *file, d *directory) {
	runtime, debug := f.nameOf("runtime"), f.nameOf("runtime/debug")
	if runtime == "" && debug == "" {
		return
	}
	used := map[string]bool{}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || f.erased(call.Pos()) {
			return true
		}
		what := ""
		switch fn := f.source(call.Fun); {
		case runtime != "" && fn == runtime+".Stack" && len(call.Args) == 2: // of all goroutines: the own one stands first
			what = "runtime.Stack"
			f.change(call.Pos(), call.End(), "copy("+f.source(call.Args[0])+", raftlabStack())")
			used["const _ = "+runtime+".Compiler // the import stays in use"] = true
		case debug != "" && fn == debug+".Stack" && len(call.Args) == 0:
			what = "debug.Stack"
			f.change(call.Pos(), call.End(), "raftlabStack()")
			used["func _() { "+debug+".PrintStack() } // the import stays in use"] = true
		default:
			return true
		}
		c.adapter(d).add(stackCode)
		c.notes.add(Shimmed, f.name, f.line(call.Pos()), "%s: a line stands in its place, without the goroutine's number", what)
		return true
	})
	for _, code := range sortedKeys(used) {
		f.append(code)
	}
}

// nameOf is the name by which a file knows an imported package, or "".
func (f *file) nameOf(p string) string {
	spec := f.imports()[p]
	switch {
	case spec == nil:
		return ""
	case spec.Name != nil:
		return spec.Name.Name
	}
	return lastPart(p)
}

// dropUnused takes out imports that only erased code has used.
func (c *conversion) dropUnused(f *file) {
	if len(f.edits) == 0 || !f.whole {
		return
	}
	for p, spec := range f.imports() {
		name := f.nameOf(p)
		if spec.Name == nil {
			if _, known := c.target(f, c.tree.dirs[f.dir], p); known != "" {
				name = known
			}
		}
		if name == "_" || name == "." {
			continue
		}
		used, left := 0, 0
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if id, ok := sel.X.(*ast.Ident); ok && id.Name == name {
					used++
					if !f.erased(id.Pos()) {
						left++
					}
				}
			}
			return true
		})
		if used > 0 && left == 0 {
			c.eraseImport(f, spec)
		}
	}
}

// erased reports whether a place is within an edit that deletes.
func (f *file) erased(at token.Pos) bool {
	offset := f.offset(at)
	return slices.ContainsFunc(f.edits, func(e edit) bool {
		return e.from <= offset && offset < e.to && strings.Trim(e.text, "\n") == ""
	})
}
