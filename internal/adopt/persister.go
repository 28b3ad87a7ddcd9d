package adopt

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// persisterMethods are those of raftapi's Persister.
var persisterMethods = []string{"Copy", "Save", "SaveRaftState", "SaveStateAndSnapshot", "ReadRaftState", "RaftStateSize", "ReadSnapshot", "SnapshotSize"}

// providedByPersister are names that raftlab provides in place of what persister.go declares.
var providedByPersister = []string{"Persister", "MakePersister"}

// persister makes the package's type Persister another name of raftapi's, and tells how the
// student's differs.
func (c *conversion) persister(d *directory) {
	f, _, spec := d.typeSpec("Persister")
	if spec == nil && !slices.Contains(c.tree.check(c.keep(d)).undefined, "Persister") {
		return // that of 2025 is tester's
	}
	c.adapter(d).add("// Persister is raftlab's.\ntype Persister = raftapi.Persister", `"raftlab/raftapi"`)
	if spec == nil {
		return
	}
	for _, f := range d.files {
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || receiverOf(fn) != "Persister" && fn.Name.Name != "MakePersister" {
				continue
			}
			c.comparePersister(f, fn)
			if slices.Contains(c.keep(d), f) {
				f.erase(fn.Pos(), fn.End())
			}
		}
	}
	if slices.Contains(c.keep(d), f) {
		_, gen, s := d.typeSpec("Persister")
		f.eraseDecl(gen, s)
	}
	c.ownMethods(d)
}

// comparePersister tells where a method of the student's Persister does otherwise than the
// course's. That one stores what it is given, whatever it is: nil, too, which clears the snapshot.
func (c *conversion) comparePersister(f *file, fn *ast.FuncDecl) {
	if fn.Body == nil || !strings.HasPrefix(fn.Name.Name, "Save") {
		return
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		branch, ok := n.(*ast.IfStmt)
		if !ok {
			return true
		}
		effect := "it stores what it is given only on that condition"
		if empties(branch.Cond) {
			effect = "it keeps the old one where it is given none"
		}
		c.notes.add(Named, f.name, f.line(branch.Pos()), "%s of the student's Persister has a condition (%s): %s. raftlab's Persister "+
			"stores what it is given, as the course's does, so that nil clears a snapshot: a peer that relies on the condition loses its snapshot",
			fn.Name.Name, oneLine(f.source(branch.Cond)), effect)
		return true
	})
}

// empties reports whether a condition asks whether something is nil or empty.
func empties(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		b, ok := n.(*ast.BinaryExpr)
		if !ok {
			return true
		}
		for _, side := range []ast.Expr{b.X, b.Y} {
			if id, ok := side.(*ast.Ident); ok && id.Name == "nil" {
				found = true
			}
			if lit, ok := side.(*ast.BasicLit); ok && lit.Kind == token.INT && lit.Value == "0" {
				found = true
			}
		}
		return true
	})
	return found
}

// ownField turns a look at a field of the Persister, which the course's code can take in the same
// package, into a call.
func (c *conversion) ownField(f *file, sel *ast.SelectorExpr, checked checked) {
	method := map[string]string{"raftstate": "ReadRaftState()", "snapshot": "ReadSnapshot()"}[sel.Sel.Name]
	s := checked.info.Selections[sel]
	if method == "" || s == nil || s.Kind() != types.FieldVal || !checked.isType(s.Recv(), "Persister") {
		return
	}
	f.change(sel.Sel.Pos(), sel.Sel.End(), method)
	c.notes.add(Converted, f.name, f.line(sel.Pos()), "looks at the field %s of the Persister, which is %s here", sel.Sel.Name, method)
}
