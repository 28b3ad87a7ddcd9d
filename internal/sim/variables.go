package sim

import (
	"fmt"

	"raftlab/internal/sim/apart"
	"raftlab/internal/vet"
)

// This file lets each server have package variables of its own: package apart says what is to be
// inserted, package globals is called by it, and the overlay group "owner" tells them whose goroutine it is.

// globalsFile is replaced where goroutines have owners.
const globalsFile = "internal/globals/owner.go"

const ownerText = `package globals

import _ "unsafe" // for go:linkname

const variables = %d

//go:linkname owner runtime.raftlab_owner
func owner() uint64

//go:linkname setOwner runtime.raftlab_setOwner
func setOwner(uint64) (before uint64)
`

// keepApart rewrites the code under test so that each server has its own package variables, if goroutines have
// owners, and returns the variables that change. Code with type errors stays as it is: it will not run.
func (t *tree) keepApart(checked *vet.Checked, owners bool) (changing []Variable) {
	if len(checked.Errors) > 0 {
		return nil
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
		changing = append(changing, Variable{v.Name, names[at.Filename], at.Line, owners && !v.Shared})
	}
	if !owners || found.Count == 0 {
		return changing
	}
	for name, list := range found.Insert {
		var more []insertion
		for _, in := range list {
			more = append(more, insertionAt(checked.Files, in.At, in.Text))
		}
		t.insertMore(name, more)
	}
	t.replace[globalsFile] = fmt.Appendf(nil, ownerText, found.Count)
	return changing
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
