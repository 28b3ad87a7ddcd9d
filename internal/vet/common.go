package vet

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"

	"raftlab/internal/astwalk"
)

// This file looks at uses that depend on more than the name: of the common logger and registries,
// of types that are new names for types of others, and of the entrances of the code under test.

const (
	whyLogger   = "all servers share that logger: give it a file, os.Stderr or io.Discard; for anything else make a logger with log.New"
	whyFlags    = "all servers share them, and could keep data in them; inside the arguments of log.SetFlags it is fine"
	whyNames    = "all servers share the registry, and could leave messages in it by the names that are taken: write the name as a constant"
	whyTaken    = "such names are those of the framework's own types; labgob.Register finds a name by itself"
	whyEntrance = "what its initial value refers to is the same for all servers: write it as a function"
)

// entrances are what the harness calls. They have to be functions: the value of a variable is made
// once, for all.
var entrances = map[string]bool{"Make": true, "Service": true, "Controller": true}

// common refuses such uses.
func (l *loader) common(p *Package) {
	c := &checker{loader: l, Package: p}
	for name := range entrances {
		if v, ok := p.Types.Scope().Lookup(name).(*types.Var); ok {
			c.refuse(v.Pos(), whyEntrance, "has a variable %s", name)
		}
	}
	for _, file := range p.Files {
		astwalk.Inspect(file, func(n ast.Node, above []ast.Node) {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if !n.Assign.IsValid() && c.whole(p.Info.TypeOf(n.Type)) != nil {
					named := c.whole(p.Info.TypeOf(n.Type))
					c.refuse(n.Pos(), whyShared, "makes a new name for %s.%s", named.Pkg().Name(), named.Name())
				}
			case *ast.Ident:
				c.logger(n, above)
				c.registry(n, above)
			}
		})
	}
}

// whole returns the name of a type that must not be copied or replaced, or nil.
func (c *checker) whole(t types.Type) *types.TypeName {
	if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != nil && wholes[named.Obj().Pkg().Path()+"."+named.Obj().Name()] {
		return named.Obj()
	}
	return nil
}

// logger refuses what would make the common logger of package log a place for data.
func (c *checker) logger(id *ast.Ident, above []ast.Node) {
	f, ok := c.Info.Uses[id].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "log" || f.Signature().Recv() != nil {
		return
	}
	switch f.Name() {
	case "SetOutput":
		if call := c.callOf(id, above); call == nil || len(call.Args) != 1 || !c.plainWriter(call.Args[0]) {
			c.refuse(id.Pos(), whyLogger, "sets the output of package log's logger to a writer of its own")
		}
	case "Flags":
		if !c.computesFlags(id, above) {
			c.refuse(id.Pos(), whyFlags, "reads the flags of package log's logger")
		}
	}
}

// computesFlags reports whether log.Flags() is called to compute the argument of log.SetFlags, by
// operators alone: a function could keep it.
func (c *checker) computesFlags(id *ast.Ident, above []ast.Node) bool {
	own := c.callOf(id, above)
	for i := len(above) - 1; i >= 0; i-- {
		switch n := above[i].(type) {
		case *ast.SelectorExpr, *ast.ParenExpr, *ast.BinaryExpr, *ast.UnaryExpr:
		case *ast.CallExpr:
			if n != own {
				return c.calls(n, "log.SetFlags")
			}
		default:
			return false
		}
	}
	return false
}

// registry refuses names that are made while the program runs, where everybody sees which are
// taken.
func (c *checker) registry(id *ast.Ident, above []ast.Node) {
	f, ok := c.Info.Uses[id].(*types.Func)
	if !ok || f.FullName() != "encoding/gob.RegisterName" && f.FullName() != Module+"/labgob.RegisterName" {
		return
	}
	call := c.callOf(id, above)
	if call == nil || len(call.Args) == 0 || c.Info.Types[call.Args[0]].Value == nil {
		c.refuse(id.Pos(), whyNames, "registers a type under a name that is no constant")
		return
	}
	if name := c.Info.Types[call.Args[0]].Value; name.Kind() == constant.String && strings.HasPrefix(constant.StringVal(name), Module+"/") {
		c.refuse(id.Pos(), whyTaken, "registers a type under a name that begins with %s/", Module)
	}
}

// callOf returns the call whose function id names, or nil.
func (c *checker) callOf(id *ast.Ident, above []ast.Node) *ast.CallExpr {
	for i := len(above) - 1; i >= 0; i-- {
		switch n := above[i].(type) {
		case *ast.SelectorExpr, *ast.ParenExpr:
		case *ast.CallExpr:
			if n.Fun.Pos() <= id.Pos() && id.End() <= n.Fun.End() {
				return n
			}
			return nil
		default:
			return nil
		}
	}
	return nil
}

// plainWriter reports whether e is a writer that keeps nothing: a file, io.Discard, or several of
// those.
func (c *checker) plainWriter(e ast.Expr) bool {
	e = ast.Unparen(e)
	if pointer, ok := types.Unalias(c.Info.TypeOf(e)).(*types.Pointer); ok && pointer.Elem().String() == "os.File" {
		return true
	}
	if sel, ok := e.(*ast.SelectorExpr); ok {
		v, ok := c.Info.Uses[sel.Sel].(*types.Var)
		return ok && v.Pkg() != nil && v.Name() == "Discard" && (v.Pkg().Path() == "io" || v.Pkg().Path() == "io/ioutil")
	}
	call, ok := e.(*ast.CallExpr)
	if !ok || !c.calls(call, "io.MultiWriter") || call.Ellipsis.IsValid() {
		return false
	}
	for _, arg := range call.Args {
		if !c.plainWriter(arg) {
			return false
		}
	}
	return true
}

// calls reports whether a call is one of a function with this full name.
func (c *checker) calls(call *ast.CallExpr, name string) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := c.Info.Uses[sel.Sel].(*types.Func)
	return ok && f.FullName() == name
}
