package sim

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"hash/fnv"
	"regexp"
	"slices"

	"raftlab/internal/vet"
	"raftlab/internal/yield"
)

// This file lets the code under test be interrupted where its goroutines synchronize: package yield
// tells the idea, and the overlay group "yields" has the numbers of each goroutine.

// yieldName is how the rewritten code calls package internal/yield. Vet refuses code that uses it.
const yieldName = "raftlab_yield"

// What it calls there.
const (
	yieldPackage  = "raftlab/internal/yield"
	yieldFunction = "Here"
)

// yieldCall is made at the place with this number.
func yieldCall(place uint64) string {
	return fmt.Sprintf("%s.%s(%d);", yieldName, yieldFunction, place)
}

// yieldFile is replaced where goroutines have numbers for interruptions.
const yieldFile = "internal/yield/here.go"

const yieldText = `package yield

import (
	"time"
	_ "unsafe" // for go:linkname
)

//go:linkname draw runtime.raftlab_interrupts
func draw() uint64

//go:linkname giveWay runtime.raftlab_giveWay
func giveWay()

var (
	on  bool
	run uint64
)

func Begin(seed, key uint64) { on, run = Varies(seed), key }

// Here is where a goroutine may be interrupted. It is small enough to be inlined.
func Here(place uint64) {
	if on {
		interrupt(place)
	}
}

//go:noinline
func interrupt(place uint64) {
	switch what, d := mannerOf(run, place).decide(draw()); what {
	case turn:
		giveWay()
	case nap:
		time.Sleep(d)
	}
}
`

// interruptible rewrites the code under test so that package yield is called in front of each
// statement that synchronizes. Code with type errors stays as it is: it will not run.
func (t *tree) interruptible(checked *vet.Checked) {
	if len(checked.Errors) > 0 {
		return
	}
	for _, p := range checked.Packages {
		if !p.UnderTest {
			continue
		}
		for i, file := range p.Files {
			t.insertMore(p.Names[i], interruptions(checked.Files, file, p.Info))
		}
	}
	t.written[yieldPackage] = []string{yieldFunction}
	t.replace[yieldFile] = []byte(yieldText)
}

// interruptions is what to insert into a file.
func interruptions(files *token.FileSet, file *ast.File, info *types.Info) (list []insertion) {
	for _, decl := range file.Decls {
		number := fnv.New32a()
		number.Write([]byte(nameOf(decl)))
		for _, at := range yieldPoints(decl, info) {
			number.Write([]byte{1})
			place := uint64(number.Sum32())
			if at.gap {
				place += yield.Gap
			}
			list = append(list, insertionAt(files, at.pos, yieldCall(place)))
		}
	}
	if len(list) > 0 {
		text := fmt.Sprintf("; import %s %q", yieldName, yieldPackage)
		list = append(list, insertionAt(files, file.Name.End(), text))
	}
	return list
}

// nameOf is what the numbers of places in a declaration depend on, together with how many there are
// before: so a change of one function leaves the numbers of all others.
//
// A function that stands for another in one of the versions of a package that are compiled as one
// (mutation.Together) has the other's numbers.
func nameOf(decl ast.Decl) string {
	if f, ok := decl.(*ast.FuncDecl); ok {
		return versionOf.ReplaceAllString(f.Name.Name, "")
	}
	return ""
}

var versionOf = regexp.MustCompile(`^raftlab[0-9]+_`)

// yieldPoint is a place where a goroutine can be interrupted. gap says that the function has let go
// of a lock before.
type yieldPoint struct {
	pos token.Pos
	gap bool
}

// yieldPoints returns the places before which a goroutine can be interrupted: the statements of a
// list that synchronize by themselves, and not only in statements within them; those that call
// something right after a lock was let go of, such as a write of what had been encoded with the
// lock held; and the bodies of loops that receive.
func yieldPoints(decl ast.Decl, info *types.Info) (points []yieldPoint) {
	unlocked := false // in the text before
	list := func(statements []ast.Stmt) {
		released := false // by the statement before
		for _, s := range statements {
			before := released
			released = calls(s, info, "Unlock", "RUnlock")
			switch s.(type) {
			case *ast.CaseClause, *ast.CommClause: // of a switch or select: no place for a statement
				continue
			}
			if synchronizes(s, info) {
				points = append(points, yieldPoint{s.Pos(), unlocked && calls(s, info, "Lock", "RLock")})
				unlocked = unlocked || released
			} else if before && callsAnything(s) {
				points = append(points, yieldPoint{s.Pos(), true})
			}
		}
	}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			unlocked = false
		case *ast.BlockStmt:
			list(n.List)
		case *ast.CaseClause:
			list(n.Body)
		case *ast.CommClause:
			list(n.Body)
		case *ast.RangeStmt:
			if isChannel(info.TypeOf(n.X)) {
				points = append(points, yieldPoint{pos: n.Body.Lbrace + 1})
			}
		}
		return true
	})
	return points
}

// synchronizes says whether a statement calls something of package sync or sync/atomic or uses a
// channel, other than in statements or functions within it.
func synchronizes(s ast.Stmt, info *types.Info) (found bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt, *ast.CaseClause, *ast.FuncLit:
			return false // what is in there has places of its own
		case *ast.SendStmt, *ast.SelectStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.RangeStmt:
			found = found || isChannel(info.TypeOf(n.X))
		case *ast.CallExpr:
			found = found || synchronizing(n.Fun, info)
		}
		return !found
	})
	return found
}

// callsAnything says whether a statement calls something, other than in statements or functions
// within it.
func callsAnything(s ast.Stmt) (found bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause, *ast.FuncLit, *ast.GoStmt, *ast.DeferStmt:
			return false
		case *ast.CallExpr:
			found = true
		}
		return !found
	})
	return found
}

// synchronizing says whether what is called is close, or a function or method of package sync or
// sync/atomic.
func synchronizing(fun ast.Expr, info *types.Info) bool {
	var id *ast.Ident
	switch f := ast.Unparen(fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	default:
		return false
	}
	switch object := info.Uses[id].(type) {
	case *types.Builtin:
		return object.Name() == "close"
	case *types.Func:
		pkg := object.Pkg()
		return pkg != nil && (pkg.Path() == "sync" || pkg.Path() == "sync/atomic")
	}
	return false
}

// calls says whether a statement is a call of a method of package sync with one of these names.
func calls(s ast.Stmt, info *types.Info, names ...string) bool {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := ast.Unparen(e.X).(*ast.CallExpr)
	if !ok || !synchronizing(call.Fun, info) {
		return false
	}
	f, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	return ok && slices.Contains(names, f.Sel.Name)
}

func isChannel(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Chan)
	return ok
}

// uninterrupted undoes what has to do with the Go runtime, where that does not fit: the calls stay,
// and do nothing.
func (t *tree) uninterrupted() {
	if t.replace[yieldFile] != nil {
		t.replace[yieldFile] = []byte("package yield\n\nfunc Begin(seed, key uint64) {}\n\nfunc Here(place uint64) {}\n")
	}
}
