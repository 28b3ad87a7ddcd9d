package sim

import (
	"fmt"

	"raftlab/internal/sim/apart"
	"raftlab/internal/vet"
)

// This file lets each server have package variables of its own: package apart says what is
// inserted, package globals is called by it, and the overlay group "owner" tells them whose
// goroutine it is.

// globalsFile is replaced where goroutines have owners.
const (
	globalsPackage = "raftlab/internal/globals"
	globalsFile    = "internal/globals/owner.go"
)

const ownerText = `package globals

import _ "unsafe" // for go:linkname

const variables = %d

//go:linkname owner runtime.raftlab_owner
func owner() uint64

//go:linkname setOwner runtime.raftlab_setOwner
func setOwner(uint64) (before uint64)

//go:linkname setName runtime.raftlab_setName
func setName(owner, number uint64)
`

// keepApart rewrites the code under test so that each server has its own package variables, if
// goroutines have owners, and returns the variables that change. Code with type errors stays as it
// is: it will not run.
//
// A variable that should be kept apart, and cannot be, is refused: it would be a channel between
// servers.
func (t *tree) keepApart(checked *vet.Checked, owners bool) (changing []Variable, err error) {
	if len(checked.Errors) > 0 {
		return nil, nil
	}
	var pkgs []*apart.Package
	names := map[string]string{} // by display
	for _, p := range checked.Packages {
		if !p.UnderTest {
			continue
		}
		pkg := &apart.Package{Types: p.Types, Info: p.Info}
		for i, file := range p.Files {
			pkg.Files = append(pkg.Files, apart.File{Name: p.Names[i], AST: file})
			names[t.displays[p.Names[i]]] = p.Names[i]
		}
		pkgs = append(pkgs, pkg)
	}
	found := apart.Packages(pkgs)
	for _, v := range found.Changing {
		at := checked.Files.PositionFor(v.Pos, false)
		changing = append(changing, Variable{v.Name, names[at.Filename], at.Line, owners})
	}
	if !owners {
		return changing, nil
	}
	if len(found.Nameless) > 0 {
		return nil, nameless(checked, found.Nameless)
	}
	for name, list := range found.Insert {
		var more []insertion
		for _, in := range list {
			more = append(more, insertionAt(checked.Files, in.At, in.Text))
		}
		t.insertMore(name, more)
	}
	t.written[globalsPackage] = found.Calls
	t.replace[globalsFile] = fmt.Appendf(nil, ownerText, max(found.Count, 1)) // with 0 there would be no owners
	return changing, nil
}

// nameless refuses variables of whose types there cannot be a copy for each server, because they
// cannot be written down.
func nameless(checked *vet.Checked, variables []apart.Variable) error {
	refused := &RefusedError{}
	for _, v := range variables {
		at := checked.Files.PositionFor(v.Pos, false)
		refused.Refusals = append(refused.Refusals, Refusal{File: at.Filename, Line: at.Line,
			What: fmt.Sprintf("has a package variable %s that each server should have for itself", v.Name),
			Why:  "its type has no name that its package could write, or more than three variables are set by one call: declare it with its type"})
	}
	return refused
}

// warnings are what is said about variables that change.
func (t *tree) warnings(variables []Variable) (list []string) {
	for _, v := range variables {
		what := "it is kept apart for each server here, and lost in a crash"
		if !v.Kept {
			what = "it is shared by all servers here"
		}
		list = append(list, fmt.Sprintf("package variable %s (%s:%d) may change after initialization; %s", v.Name, t.displays[v.File], v.Line, what))
	}
	return list
}
