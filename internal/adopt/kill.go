package adopt

import (
	"go/ast"
	"strings"
)

// Peers of 2026 are processes, which die by a signal and have no Kill. Here all peers of a run are
// in one process, and what a crashed one has started goes on. So that it does not cost the time of
// those that live, its next sleep is long: a flag in the peer, which Kill sets, and a sleep that
// looks at it.

const killCode = `// Kill ends what the peer has started where it next sleeps: peers of this year are processes, which end without being asked.
func (rf *PEER) Kill() { atomic.StoreInt32(&rf.raftlabEnded, 1) }

func (rf *PEER) raftlabSleep(d time.Duration) {
	if time.Sleep(d); atomic.LoadInt32(&rf.raftlabEnded) != 0 {
		time.Sleep(1000 * time.Hour)
	}
}`

// endless gives a Kill to a peer that has none.
func (c *conversion) endless(d *directory, name string) {
	file, _, spec := d.typeSpec(name)
	var body *ast.StructType
	if spec != nil {
		body, _ = spec.Type.(*ast.StructType)
	}
	if body == nil {
		c.adapter(d).add("// Kill does nothing: peers of this year are processes, which end without being asked.\nfunc (rf *" + name + ") Kill() {}")
		return
	}
	file.insert(body.Fields.Opening+1, " raftlabEnded int32;")
	c.adapter(d).add(strings.ReplaceAll(killCode, "PEER", name), `"sync/atomic"`, `"time"`)
	for _, f := range c.keep(d) {
		slept := false
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && fn.Body != nil && receiverOf(fn) == name && len(fn.Recv.List[0].Names) == 1 && fn.Recv.List[0].Names[0].Name != "_" {
				slept = f.longSleeps(fn) || slept
			}
		}
		if slept {
			f.append("const _ = " + f.nameOf("time") + ".Nanosecond // so that the import is used\n")
		}
	}
}

// longSleeps has the sleeps in a method be those of its peer, and reports whether there are any.
func (f *file) longSleeps(fn *ast.FuncDecl) (found bool) {
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" && isName(sel.X, f.nameOf("time")) {
			f.change(sel.Pos(), sel.End(), fn.Recv.List[0].Names[0].Name+".raftlabSleep")
			found = true
		}
		return true
	})
	return found
}

func isName(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name && id.Obj == nil
}
