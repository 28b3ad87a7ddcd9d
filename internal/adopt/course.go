package adopt

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// frameworkNames are the last parts of the import paths of the course's own packages.
var frameworkNames = []string{"labrpc", "labgob", "raftapi", "tester1", "kvtest1", "models", "models1", "porcupine"}

// marks are what the course's own files declare, by the name of the file. A file that is only
// called so is the student's.
var marks = map[string][]string{
	"config.go":    {"config", "make_config"},
	"persister.go": {"Persister"},
	"test.go":      {"Test", "TestMulti", "MakeTest", "makeTest"},
	"server.go":    {"rfsrv", "rsmSrv", "newRfsrv", "makeRsmSrv"},
	"proxy.go":     {"proxy", "Proxy", "newProxy", "NewProxy", "MakeProxy", "Rfproxy", "RSMproxy"},
}

// isCourse reports whether a file is the course's own: it makes networks and clusters, stores
// state, or tests.
func (d *directory) isCourse(f *file) bool {
	base := path.Base(f.name)
	if m := marks[base]; m != nil && f.declares(m...) {
		return base != "persister.go" || d.clause() == "raft" && !f.methodsOfOthers("Persister")
	}
	return base == "test.go" && f.tests() // since 2025
}

// methodsOfOthers reports whether a file has methods of other types than one: those of the student's
// peer, which some write beside the Persister that they call.
func (f *file) methodsOfOthers(name string) bool {
	return slices.ContainsFunc(f.ast.Decls, func(decl ast.Decl) bool {
		fn, ok := decl.(*ast.FuncDecl)
		return ok && fn.Recv != nil && receiverOf(fn) != name
	})
}

// tests reports whether a file is for tests, whatever it is called.
func (f *file) tests() bool {
	_, imports := f.imports()["testing"]
	return imports
}

// keep decides which files of a directory are the student's, and tells of the others.
func (c *conversion) keep(d *directory) []*file {
	if kept, ok := c.kept[d.name]; ok {
		return kept
	}
	kept := []*file{}
	for _, f := range d.files {
		switch {
		case d.isCourse(f):
			c.notes.add(LeftOut, f.name, 0, "is the course's own file; raftlab has its own in its place")
			c.changedByStudent(f)
		case f.ast.Name.Name != d.clause():
			kind := Named
			if f.ignored() {
				kind = LeftOut
			}
			c.notes.add(kind, f.name, f.line(f.ast.Name.Pos()), "is of package %s, and not of %s: it is left out", f.ast.Name.Name, d.clause())
		default:
			kept = append(kept, f)
			c.forgetTests(f)
		}
	}
	c.kept[d.name] = kept
	return kept
}

// ignored reports whether a build tag hides a file, as one does that holds a program.
func (f *file) ignored() bool {
	return slices.ContainsFunc(f.ast.Comments, func(g *ast.CommentGroup) bool {
		return g.Pos() < f.ast.Package && slices.ContainsFunc(g.List, func(c *ast.Comment) bool { return c.Text == "//go:build ignore" })
	})
}

// forgetTests takes functions for tests out of a file that has others, too.
func (c *conversion) forgetTests(f *file) {
	if !f.tests() {
		return
	}
	name := f.nameOf("testing")
	for _, decl := range f.ast.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && slices.Contains(idents(fn), name) {
			f.forgotten = append(f.forgotten, fn)
			c.notes.add(LeftOut, f.name, f.line(fn.Pos()), "%s is for tests: it uses package testing", fn.Name.Name)
		}
	}
}

// leftOut are the files of a directory that are not kept.
func (c *conversion) leftOut(d *directory) (out []*file) {
	kept := c.keep(d)
	for _, f := range d.files {
		if !slices.Contains(kept, f) {
			out = append(out, f)
		}
	}
	return out
}

// recall takes over what the student's code uses of files that are left out: functions, methods of
// the student's types and constants which the student has put there, or has only found there. What
// has to do with tests stays out, and so does the function that uses it.
func (c *conversion) recall(d *directory, provided ...string) {
	kept, out := c.keep(d), c.leftOut(d)
	if len(kept) == 0 || len(out) == 0 {
		return
	}
	c.forgetConfig(kept, out)
	var recalled strings.Builder
	needs := map[string]bool{}
	names := c.tree.check(kept).undefined
	for seen := map[string]bool{}; len(names) > 0; names = names[1:] {
		name := names[0]
		if seen[name] || slices.Contains(provided, name) {
			continue
		}
		seen[name] = true
		for _, f := range out {
			if decl := f.declaration(name); decl != nil && f.recallable(decl) {
				recalled.WriteString(f.source(decl) + "\n\n")
				c.notes.add(Converted, f.name, f.line(decl.Pos()), "%s is taken over, because the code uses it", name)
				for _, id := range idents(decl) {
					needs[c.importOf(f, d, id)] = true
					if id == "tester" {
						needs[`tester "`+c.shim(d, "tester")+`"`] = true
					}
					names = append(names, id)
					if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil {
						names = append(names, receiverOf(fn)+"."+id)
					}
				}
			}
		}
	}
	if recalled.Len() > 0 {
		delete(needs, "")
		c.adapter(d).recall(needs, recalled.String())
	}
}

// declaration is the declaration of a name in a file, or that of a method, Type.Method.
func (f *file) declaration(name string) ast.Decl {
	for _, decl := range f.ast.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if slices.Contains(declared(decl), name) || ok && fn.Recv != nil && receiverOf(fn)+"."+fn.Name.Name == name {
			return decl
		}
	}
	return nil
}

// recallable reports whether a declaration can do without the course's tests.
func (f *file) recallable(decl ast.Decl) bool {
	if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body == nil {
		return false
	}
	gen, ok := decl.(*ast.GenDecl)
	constant := ok && gen.Tok == token.CONST // such as the number of a group, which is the tester's
	for _, id := range idents(decl) {
		switch id {
		case "testing", "config", "labrpc", "Persister":
			return false
		case "tester":
			if !constant {
				return false
			}
		}
	}
	return true
}

// mentions reports whether the types of parameters and results have a name in them.
func mentions(t *ast.FuncType, name string) bool {
	for _, list := range []*ast.FieldList{t.Params, t.Results} {
		if list == nil {
			continue
		}
		for _, field := range list.List {
			if slices.Contains(idents(field.Type), name) {
				return true
			}
		}
	}
	return false
}

// idents are the names in a node.
func idents(n ast.Node) (names []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && !slices.Contains(names, id.Name) {
			names = append(names, id.Name)
		}
		return true
	})
	return names
}

// importOf is the import line of a package by its name in the file, with the path that it has here,
// or "".
func (c *conversion) importOf(f *file, d *directory, name string) string {
	for p, spec := range f.imports() {
		to, known := c.target(f, d, p)
		if known == "" {
			known = lastPart(p)
		}
		switch {
		case spec.Name != nil && spec.Name.Name != name || spec.Name == nil && known != name:
		case to == "":
			return f.source(spec)
		case lastPart(to) == name:
			return strconv.Quote(to)
		default:
			return name + " " + strconv.Quote(to)
		}
	}
	return ""
}

// forgetConfig notes functions to be taken out that are about the tests' type config, such as one
// that prints the state of all peers.
func (c *conversion) forgetConfig(kept, out []*file) {
	if !slices.ContainsFunc(out, func(f *file) bool { return f.declares("config") }) {
		return
	}
	for _, f := range kept {
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || f.declares("config") {
				continue
			}
			if receiverOf(fn) == "config" || mentions(fn.Type, "config") {
				f.forgotten = append(f.forgotten, fn)
				c.notes.add(LeftOut, f.name, f.line(fn.Pos()), "%s works on the tests' config", fn.Name.Name)
			}
		}
	}
}
