// Package apart finds the package variables of the code under test that can change, and says what
// has to be inserted into its text so that each server of a run has its own. Package
// raftlab/internal/globals is what the inserted text calls, and tells the idea.
//
//	classify.go  which variables can change, or lead to something that can
//	reach.go     which initializers and init functions have to do with them
//	seeds.go     what makes generators of random numbers differ
//	insert.go    the text
package apart

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"sort"
)

// File is one file of the code under test.
type File struct {
	Name string // how the caller calls it
	AST  *ast.File
}

// Package is one package of it, with types checked.
type Package struct {
	Files []File
	Types *types.Package
	Info  *types.Info
}

// Insertion is text to be put into a file.
type Insertion struct {
	At   token.Pos
	Text string
}

// Variable is a package variable.
type Variable struct {
	Name string // "raft.votes"
	Pos  token.Pos
}

// Result is what became of the packages.
type Result struct {
	Changing []Variable // after initialization; in the order of the files
	// Nameless are those that would have to be kept apart and cannot: their types have no names
	// that could be written down. With any of them there are no insertions.
	Nameless []Variable
	Count    int                    // how many variables are kept apart
	Insert   map[string][]Insertion // by file; those at one place are in their order
	Calls    []string               // the functions of package globals that they call
}

// Packages looks at all packages of a program that are rewritten; a package comes after those that
// it imports. They must have been checked together, so that a variable is one object everywhere.
func Packages(pkgs []*Package) *Result {
	p := &program{pkgs: pkgs, vars: map[*types.Var]*variable{}, reaches: map[types.Object]*reach{}, set: map[*types.Var]bool{}, calls: map[string]bool{}}
	for _, pkg := range pkgs {
		p.declarations(pkg)
	}
	for _, pkg := range pkgs {
		p.uses(pkg)
	}
	p.choose()
	return p.result()
}

// program is what is known about all packages.
type program struct {
	pkgs    []*Package
	order   []*variable
	vars    map[*types.Var]*variable
	reaches map[types.Object]*reach // of functions and methods
	inits   []*reach                // of init functions
	set     map[*types.Var]bool     // variables and fields to which something is done other than to read or to add
	seeding map[*ast.CallExpr]string
	calls   map[string]bool // functions of package globals
}

// variable is a package variable.
type variable struct {
	object  *types.Var
	pkg     *Package
	value   ast.Expr // nil: zero, or set by a call together with others
	spec    *ast.ValueSpec
	reach   *reach // of its initializer
	changes bool   // something other than its initializer may change it
	late    bool   // that is not an init function
	apart   bool   // each owner gets a copy
	number  uint
}

// declarations notes the package's variables and functions.
func (p *program) declarations(pkg *Package) {
	for _, file := range pkg.Files {
		for _, decl := range file.AST.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Body == nil {
					continue
				}
				r := newReach(pkg, decl.Body)
				if decl.Recv == nil && decl.Name.Name == "init" {
					r.file, r.decl = file.Name, decl
					p.inits = append(p.inits, r)
				} else if f := pkg.Info.Defs[decl.Name]; f != nil {
					p.reaches[f] = r
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					if spec, ok := spec.(*ast.ValueSpec); ok && decl.Tok == token.VAR {
						p.variables(pkg, spec)
					}
				}
			}
		}
	}
}

func (p *program) variables(pkg *Package, spec *ast.ValueSpec) {
	var common *reach
	if len(spec.Values) > 0 && len(spec.Values) != len(spec.Names) {
		common = newReach(pkg, spec.Values[0])
	}
	for i, name := range spec.Names {
		object, ok := pkg.Info.Defs[name].(*types.Var)
		if !ok {
			continue
		}
		v := &variable{object: object, pkg: pkg, spec: spec, reach: common}
		if len(spec.Values) == len(spec.Names) {
			v.value = spec.Values[i]
			v.reach = newReach(pkg, v.value)
		}
		p.vars[object] = v
		p.order = append(p.order, v)
	}
}

// choose decides which variables each owner has its own of: those that can change, those that lead
// to something that can, and those whose initial value is made from such.
func (p *program) choose() {
	for _, v := range p.order {
		lasting := immutable(v.object.Type()) || v.value != nil && v.closed(v.value)
		if v.value == nil && v.reach == nil && !v.changes {
			lasting = true // it stays zero
		}
		v.apart = (v.changes || !lasting) && v.object.Name() != "_"
	}
	for again := true; again; {
		again = false
		for _, v := range p.order {
			if v.apart || v.reach == nil || v.object.Name() == "_" {
				continue
			}
			if p.touches(v.reach) {
				v.apart, again = true, true
			}
		}
	}
}

func (v *variable) variable() Variable {
	return Variable{v.object.Pkg().Name() + "." + v.object.Name(), v.object.Pos()}
}

func (p *program) result() *Result {
	r := &Result{Insert: map[string][]Insertion{}}
	room := counterSize
	for _, v := range p.order {
		if v.apart {
			v.number = uint(r.Count) << marks
			if size := counter(v.object.Type(), 0); size <= room {
				room -= size
				v.number |= 1 | p.tickets(v)<<1
			}
			r.Count++
			if !v.nameable() {
				r.Nameless = append(r.Nameless, v.variable())
			}
		}
		if v.late && !quiet(v.object.Type()) {
			r.Changing = append(r.Changing, v.variable())
		}
	}
	sort.SliceStable(r.Changing, func(i, j int) bool { return r.Changing[i].Pos < r.Changing[j].Pos })
	if r.Count == 0 || len(r.Nameless) > 0 {
		return r
	}
	p.seeds()
	for _, pkg := range p.pkgs {
		for _, file := range pkg.Files {
			w := &writer{program: p, pkg: pkg, file: file, imports: map[string]string{}}
			if list := w.insertions(); len(list) > 0 {
				r.Insert[file.Name] = list
			}
		}
	}
	r.Calls = slices.Sorted(maps.Keys(p.calls))
	return r
}
