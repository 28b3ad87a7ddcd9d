package adopt

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"raftlab/internal/astwalk"
)

// applyMsgFields are the fields that the course's ApplyMsg has had.
var applyMsgFields = []string{"CommandValid", "Command", "CommandIndex", "SnapshotValid", "Snapshot", "SnapshotTerm", "SnapshotIndex"}

// applyMsg makes the package's own type ApplyMsg another name of raftapi's. One that has more than
// the course's, fields or methods, stays, and messages are converted where they are sent to a
// channel. Where the peer also takes messages from one, so that the fields would be lost on the
// way, they have to go; they can if nothing but services reads them.
func (c *conversion) applyMsg(d *directory) {
	f, decl, spec := d.typeSpec("ApplyMsg")
	if spec == nil || !slices.Contains(c.keep(d), f) {
		return
	}
	st, ok := spec.Type.(*ast.StructType)
	if !ok {
		c.messagesOf(f, spec)
		return
	}
	m := &messages{conversion: c, d: d, checked: c.tree.check(c.keep(d)), extras: map[types.Object]string{}}
	for _, field := range st.Fields.List {
		for _, id := range field.Names {
			m.order = append(m.order, id.Name)
			if !slices.Contains(applyMsgFields, id.Name) {
				m.extras[m.info.Defs[id]] = id.Name
				m.names = append(m.names, id.Name)
			}
		}
	}
	renamed := m.renamed(f, st)
	if more := len(m.names) > 0 || m.methods(); more {
		c.lossy = true
		received := m.receives()
		if received == nil {
			m.sends(f, spec, renamed)
			return
		}
		for was, is := range renamed {
			c.notes.add(Named, f.name, f.line(spec.Pos()), "ApplyMsg has %s in the place of %s, and %s:%d takes messages from a channel: "+
				"give the field the course's name", is, was, received.File, received.Line)
		}
		if read := m.reads(); read != nil {
			c.notes.add(Named, read.File, read.Line, "reads %s, a field of ApplyMsg that raftlab's does not have, and %s:%d takes messages from a channel: "+
				"use a type of its own for messages that stay within the peer", read.What, received.File, received.Line)
			return
		}
	}
	m.rewrite()
	f.eraseDecl(decl, spec)
	c.adapter(d).add("// ApplyMsg is raftlab's.\ntype ApplyMsg = raftapi.ApplyMsg", `"raftlab/raftapi"`)
	if m.names != nil {
		c.notes.add(Converted, f.name, f.line(spec.Pos()), "ApplyMsg has fields that no tester reads (%s): what sets them is taken out for the Raft lab",
			strings.Join(m.names, ", "))
	}
}

// messagesOf is about an ApplyMsg that is a type of another package of the student's. There it
// becomes raftapi's, unless there is more to it than the course's.
func (c *conversion) messagesOf(f *file, spec *ast.TypeSpec) {
	sel, ok := spec.Type.(*ast.SelectorExpr)
	if !ok {
		return
	}
	there := c.imported(f, sel)
	if there == nil {
		return
	}
	where, decl, of := there.typeSpec(sel.Sel.Name)
	if of == nil {
		return
	}
	st, plain := of.Type.(*ast.StructType)
	if plain {
		for _, field := range st.Fields.List {
			for _, id := range field.Names {
				plain = plain && slices.Contains(applyMsgFields, id.Name)
			}
		}
	}
	for _, f := range c.keep(there) {
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			plain = plain && !(ok && receiverOf(fn) == of.Name.Name)
		}
	}
	if !plain || !slices.Contains(c.keep(there), where) {
		c.notes.add(Named, f.name, f.line(spec.Pos()), "ApplyMsg is the type %s.%s, which has more than the course's: declare it in this package", sel.X, sel.Sel.Name)
		return
	}
	where.eraseDecl(decl, of)
	c.adapter(there).add("// "+of.Name.Name+" is raftlab's ApplyMsg.\ntype "+of.Name.Name+" = raftapi.ApplyMsg", `"raftlab/raftapi"`)
	c.notes.add(Converted, where.name, where.line(of.Pos()), "%s is raftlab's ApplyMsg, because package raft calls it so", of.Name.Name)
}

// imported is the student's package that a qualified name is of, or nil.
func (c *conversion) imported(f *file, sel *ast.SelectorExpr) *directory {
	pkg, ok := sel.X.(*ast.Ident)
	if !ok {
		return nil
	}
	for p := range f.imports() {
		if f.nameOf(p) == pkg.Name {
			return c.tree.dirs[c.tree.resolve(f.dir, p)]
		}
	}
	return nil
}

// renamed are fields of the course that the student's type does not have, and what it has in their
// place: the one field more that begins with the same word, has the type of a number, and is not
// about a term.
func (m *messages) renamed(f *file, st *ast.StructType) map[string]string {
	renamed := map[string]string{}
	for was, prefix := range map[string]string{"CommandIndex": "Command", "SnapshotIndex": "Snapshot"} {
		if slices.Contains(m.order, was) {
			continue
		}
		var candidates []string
		for _, field := range st.Fields.List {
			for _, id := range field.Names {
				if slices.Contains(m.names, id.Name) && strings.HasPrefix(id.Name, prefix) && !strings.HasSuffix(id.Name, "Term") && f.source(field.Type) == "int" {
					candidates = append(candidates, id.Name)
				}
			}
		}
		if len(candidates) == 1 {
			renamed[was] = candidates[0]
		}
	}
	return renamed
}

// messages rewrites the uses of one type ApplyMsg.
type messages struct {
	*conversion
	checked
	d      *directory
	extras map[types.Object]string
	names  []string // of the extras
	order  []string // of all fields
}

// each calls f for all nodes of the student's code.
func (m *messages) each(do func(f *file, n ast.Node, above []ast.Node)) {
	for _, f := range m.keep(m.d) {
		astwalk.Inspect(f.ast, func(n ast.Node, above []ast.Node) { do(f, n, above) })
	}
}

// reads returns the first place where a field of the student's is read, or used in another way than
// by setting it.
func (m *messages) reads() (at *Note) {
	m.each(func(f *file, n ast.Node, above []ast.Node) {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || at != nil || m.extras[m.info.Uses[sel.Sel]] == "" {
			return
		}
		if assign, ok := above[len(above)-1].(*ast.AssignStmt); ok && len(assign.Lhs) == 1 && assign.Lhs[0] == sel && assign.Tok == token.ASSIGN {
			return
		}
		at = &Note{File: f.name, Line: f.line(sel.Pos()), What: sel.Sel.Name}
	})
	return at
}

// methods reports whether the type has methods.
func (m *messages) methods() (found bool) {
	m.each(func(_ *file, n ast.Node, _ []ast.Node) {
		fn, ok := n.(*ast.FuncDecl)
		found = found || ok && receiverOf(fn) == "ApplyMsg"
	})
	return found
}

// receives returns a place where the peer itself takes messages from a channel.
func (m *messages) receives() (at *Note) {
	m.each(func(f *file, n ast.Node, _ []ast.Node) {
		switch n := n.(type) {
		case *ast.UnaryExpr:
			if n.Op == token.ARROW && m.carries(n.X) {
				at = &Note{File: f.name, Line: f.line(n.Pos())}
			}
		case *ast.RangeStmt:
			if m.carries(n.X) {
				at = &Note{File: f.name, Line: f.line(n.Pos())}
			}
		}
	})
	return at
}

// rewrite takes out what sets the student's fields, names the fields of literals, and makes
// functions of methods.
func (m *messages) rewrite() {
	m.each(func(f *file, n ast.Node, above []ast.Node) {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if t, ok := m.info.Types[n]; ok && m.isType(t.Type, "ApplyMsg") {
				m.literal(f, n)
			}
		case *ast.AssignStmt:
			if len(n.Lhs) == 1 {
				if sel, ok := n.Lhs[0].(*ast.SelectorExpr); ok && m.extras[m.info.Uses[sel.Sel]] != "" {
					f.change(sel.Pos(), sel.End(), "_")
				}
			}
		case *ast.FuncDecl:
			if receiverOf(n) == "ApplyMsg" {
				m.method(f, n)
			}
		case *ast.CallExpr:
			m.call(f, n)
		}
	})
}

// literal rewrites ApplyMsg{...}.
func (m *messages) literal(f *file, lit *ast.CompositeLit) {
	for i, e := range lit.Elts {
		kv, keyed := e.(*ast.KeyValueExpr)
		name := ""
		if keyed {
			if id, ok := kv.Key.(*ast.Ident); ok {
				name = id.Name
			}
		} else if i < len(m.order) {
			name = m.order[i]
		}
		switch {
		case slices.Contains(m.names, name):
			value := e
			if keyed {
				value = kv.Value
			}
			m.drop(f, lit, i, value)
		case !keyed && name != "":
			f.insert(e.Pos(), name+": ")
		}
	}
}

// drop takes an element out of a literal. One that calls something is still evaluated, before the
// literal, for what it calls may do more.
func (m *messages) drop(f *file, lit *ast.CompositeLit, i int, value ast.Expr) {
	from, to := lit.Elts[i].Pos(), lit.Rbrace
	if i+1 < len(lit.Elts) {
		to = lit.Elts[i+1].Pos()
	}
	f.erase(from, to)
	if calls(value) {
		f.insert(lit.Pos(), "raftlabAfter("+oneLine(f.source(value))+", ")
		f.insert(lit.End(), ")")
		m.adapter(m.d).add(`// raftlabAfter is m; what comes before it was evaluated for a field that m does not have.
func raftlabAfter(_ any, m raftapi.ApplyMsg) raftapi.ApplyMsg { return m }`, `"raftlab/raftapi"`)
	}
}

// calls reports whether an expression calls a function that may have an effect.
func calls(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			id, plain := call.Fun.(*ast.Ident)
			found = found || !plain || !slices.Contains([]string{"len", "int", "cap", "int64"}, id.Name)
		}
		if u, ok := n.(*ast.UnaryExpr); ok && u.Op == token.ARROW {
			found = true
		}
		return true
	})
	return found
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// functionOf is the function that stands for a method of ApplyMsg.
func functionOf(method string) string { return "raftlabApplyMsg" + method }

// method makes a function of a method: its receiver becomes the first parameter.
func (m *messages) method(f *file, fn *ast.FuncDecl) {
	recv := fn.Recv.List[0]
	name := "_"
	if len(recv.Names) > 0 {
		name = recv.Names[0].Name
	}
	comma := ""
	if len(fn.Type.Params.List) > 0 {
		comma = ", "
	}
	f.change(fn.Recv.Pos(), fn.Type.Params.Opening+1, functionOf(fn.Name.Name)+"("+name+" "+f.source(recv.Type)+comma)
	m.lossy = true
	m.notes.add(Converted, f.name, f.line(fn.Pos()), "the method %s of ApplyMsg is a function, because ApplyMsg is raftlab's type", fn.Name.Name)
}

// call rewrites a call of a method of ApplyMsg.
func (m *messages) call(f *file, call *ast.CallExpr) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	s := m.info.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal || !m.isType(s.Recv(), "ApplyMsg") {
		return
	}
	prefix := ""
	fn, _ := s.Obj().(*types.Func)
	_, has := s.Recv().(*types.Pointer)
	_, wants := fn.Signature().Recv().Type().(*types.Pointer)
	switch {
	case wants && !has:
		prefix = "&"
	case has && !wants:
		prefix = "*"
	}
	f.insert(call.Pos(), functionOf(sel.Sel.Name)+"("+prefix)
	comma := ""
	if len(call.Args) > 0 {
		comma = ", "
	}
	f.change(sel.X.End(), call.Lparen+1, comma)
}

// sends keeps the student's type, and converts messages where they are sent to a channel.
func (m *messages) sends(f *file, spec *ast.TypeSpec, renamed map[string]string) {
	m.each(func(f *file, n ast.Node, _ []ast.Node) {
		switch n := n.(type) {
		case *ast.SendStmt:
			if m.carries(n.Chan) {
				f.insert(n.Value.Pos(), "raftlabMsg(")
				f.insert(n.Value.End(), ")")
			}
		case *ast.ChanType:
			if id, ok := n.Value.(*ast.Ident); ok && id.Name == "ApplyMsg" {
				f.change(id.Pos(), id.End(), "raftlabApplyMsg")
			}
		}
	})
	var set []string
	for _, name := range m.order {
		if slices.Contains(applyMsgFields, name) {
			set = append(set, name+": m."+name)
		}
	}
	for _, was := range sortedKeys(renamed) {
		set = append(set, was+": m."+renamed[was])
		m.notes.add(Converted, f.name, f.line(spec.Pos()), "ApplyMsg has %s in the place of the course's %s", renamed[was], was)
	}
	m.adapter(m.d).add("type raftlabApplyMsg = raftapi.ApplyMsg\n\n// raftlabMsg is a message without the fields that only this package knows.\n"+
		"func raftlabMsg(m ApplyMsg) raftapi.ApplyMsg {\n\treturn raftapi.ApplyMsg{"+strings.Join(set, ", ")+"}\n}", `"raftlab/raftapi"`)
	m.notes.add(Converted, f.name, f.line(spec.Pos()), "ApplyMsg has more than the course's: messages are converted where they are sent")
}

// carries reports whether an expression is a channel of the package's ApplyMsg.
func (m *messages) carries(e ast.Expr) bool {
	t, ok := m.info.Types[e]
	if !ok {
		return false
	}
	ch, ok := t.Type.Underlying().(*types.Chan)
	return ok && m.isType(ch.Elem(), "ApplyMsg")
}
