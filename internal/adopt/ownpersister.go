package adopt

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// This file is about methods that students have given the Persister: most of them store one half of
// what Save stores.

// ownMethods rewrites the calls of methods of the student's Persister that raftlab's does not have,
// if they say the same in other words, and tells of the rest.
func (c *conversion) ownMethods(d *directory) {
	files := slices.Clone(c.keep(d))
	if f, _, _ := d.typeSpec("Persister"); !slices.Contains(files, f) {
		files = append(files, f)
	}
	checked := c.tree.check(files)
	for _, f := range c.keep(d) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && !f.erased(sel.Pos()) {
				c.ownField(f, sel, checked)
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			s := checked.info.Selections[sel]
			if s == nil || s.Kind() != types.MethodVal || !checked.isType(s.Recv(), "Persister") || slices.Contains(persisterMethods, sel.Sel.Name) {
				return true
			}
			if as := d.sameAs(sel.Sel.Name); as != "" {
				said := as
				f.change(sel.Sel.Pos(), sel.Sel.End(), as)
				if as == "SaveStateAndSnapshot" && len(call.Args) == 1 {
					f.insert(call.Args[0].Pos(), oneLine(f.source(sel.X))+".ReadRaftState(), ")
					said += " with the state that is stored"
				}
				c.notes.add(Converted, f.name, f.line(sel.Pos()), "%s is the student's own: it is %s", sel.Sel.Name, said)
				return true
			}
			c.notes.add(Named, f.name, f.line(sel.Pos()), "calls %s, which the student's Persister has and the course's has not: write it with %s",
				sel.Sel.Name, strings.Join(persisterMethods[1:], ", "))
			return true
		})
	}
}

// sameAs is the method of raftlab's Persister that does what one of the student's does, or "". One
// that stores a snapshot alone is SaveStateAndSnapshot, and has to be given the state that is there.
func (d *directory) sameAs(method string) string {
	_, fn := d.method("Persister", method)
	if fn == nil || fn.Body == nil || len(fn.Recv.List[0].Names) != 1 {
		return ""
	}
	if as := readPersister(fn).sameAs(); as != "" || method != "SaveSnapshot" || len(fn.Type.Params.List) != 1 {
		return as
	}
	return "SaveStateAndSnapshot" // on a condition, of which comparePersister tells
}

// persisterCode is what a method of the student's Persister does, as far as it can be read.
type persisterCode struct {
	receiver string
	params   []string
	stores   map[string]string // field -> parameter
	returns  string            // the field that is returned, or whose length is
	length   bool
	other    bool // it does something else, too
}

func readPersister(fn *ast.FuncDecl) *persisterCode {
	p := &persisterCode{receiver: fn.Recv.List[0].Names[0].Name, stores: map[string]string{}}
	for _, field := range fn.Type.Params.List {
		for _, name := range field.Names {
			p.params = append(p.params, name.Name)
		}
	}
	for _, s := range fn.Body.List {
		p.read(s)
	}
	return p
}

func (p *persisterCode) read(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		p.other = p.other || !p.locks(s.X)
	case *ast.DeferStmt:
		p.other = p.other || !p.locks(s.Call)
	case *ast.AssignStmt:
		for i, to := range s.Lhs {
			field := p.field(to)
			if s.Tok != token.ASSIGN || len(s.Lhs) != len(s.Rhs) || field == "" || p.stores[field] != "" {
				p.other = true
				return
			}
			if p.stores[field] = p.param(s.Rhs[i]); p.stores[field] == "" {
				p.other = true
			}
		}
	case *ast.ReturnStmt:
		if len(s.Results) != 1 {
			p.other = true
			return
		}
		ast.Inspect(s.Results[0], func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				id, ok := call.Fun.(*ast.Ident)
				p.length = p.length || ok && id.Name == "len"
			}
			if e, ok := n.(ast.Expr); ok && p.field(e) != "" {
				p.other = p.other || p.returns != ""
				p.returns = p.field(e)
			}
			return true
		})
	default:
		p.other = true
	}
}

// locks reports whether an expression locks or unlocks the Persister.
func (p *persisterCode) locks(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) > 0 {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && p.field(sel.X) != "" && strings.HasSuffix(strings.ToLower(sel.Sel.Name), "lock")
}

// field is the field of the Persister that an expression is, or "".
func (p *persisterCode) field(e ast.Expr) string {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if id, ok := sel.X.(*ast.Ident); !ok || id.Name != p.receiver {
		return ""
	}
	return sel.Sel.Name
}

// param is the one parameter that an expression is made of, or "".
func (p *persisterCode) param(e ast.Expr) string {
	found := map[string]bool{}
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && slices.Contains(p.params, id.Name) {
			found[id.Name] = true
		}
		return true
	})
	if len(found) != 1 {
		return ""
	}
	return sortedKeys(found)[0]
}

func (p *persisterCode) sameAs() string {
	state, snapshot := p.stores["raftstate"], p.stores["snapshot"]
	switch {
	case p.other || len(p.stores) > 0 && p.returns != "":
		return ""
	case len(p.stores) == 2 && slices.Equal(p.params, []string{state, snapshot}):
		return "Save"
	case len(p.stores) == 1 && slices.Equal(p.params, []string{state}):
		return "SaveRaftState"
	case len(p.stores) == 1 && slices.Equal(p.params, []string{snapshot}):
		return "SaveStateAndSnapshot"
	case len(p.params) > 0:
		return ""
	}
	reads := map[string][2]string{"raftstate": {"ReadRaftState", "RaftStateSize"}, "snapshot": {"ReadSnapshot", "SnapshotSize"}}[p.returns]
	if p.length {
		return reads[1]
	}
	return reads[0]
}
