// Package vet reads the code under test and decides whether it may be compiled.
//
// A verdict is only worth something if the code under test cannot write it. The engine's sandbox
// keeps that code from the machine; this package keeps it from the harness, which lives in the same
// process. It does so with what Go itself guarantees: without package unsafe and its relatives, a
// program reaches only what it was given, or what it can name. So every name is checked, against a
// list of what is allowed (table.go):
//
//	parse.go    files     that do not parse are refused; so are directives to compiler and linker, and line directives
//	load.go     types     of every expression, by go/types, with the export data of the very packages that are linked
//	check.go    objects   functions, methods, fields, variables, types, also those that are inferred and never named
//	writes.go   variables of other packages may be read, not written
//
// What is not on the list is refused. Nothing here can be switched off by what the code says, and
// no code is compiled that was not read: a file that this package cannot read is an error, even if
// the compiler could.
package vet

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Module is the path of the framework's module.
const Module = "raftlab"

// File is one Go file.
type File struct {
	Name    string // slash-separated, relative to the framework: "raft/raft.go"
	Display string // as the user knows it; in positions
	Text    []byte
}

// Package is a package that was read from its source.
type Package struct {
	Path      string // "raftlab/raft"
	UnderTest bool   // otherwise it is the framework's, and is only here because it imports code under test
	Names     []string
	Files     []*ast.File // in the order of Names, which are the files' names ("raft/raft.go")
	Types     *types.Package
	Info      *types.Info // complete only if Checked has no Errors
}

// Checked is the code under test with its types.
type Checked struct {
	Files    *token.FileSet
	Packages []*Package // a package comes after those that it imports
	// Errors are what go/types says is wrong. The compiler says it better, but must say something:
	// code with Errors has not been checked.
	Errors []error

	refusals []Refusal
}

// Refusal is one place in the code under test that uses what it may not use.
type Refusal struct {
	File string // as the user knows it
	Line int
	What string // "imports unsafe"
	Why  string // one sentence
}

// SourceError is what is wrong with the source as such: it does not parse, or imports what does not
// exist.
type SourceError struct{ Messages []string }

func (e *SourceError) Error() string { return strings.Join(e.Messages, "\n") }

// Refusals are all that was found, by file and line. Where a line names what is refused, the types
// that follow from it are left out.
func (c *Checked) Refusals() []Refusal {
	type place struct {
		file string
		line int
	}
	named := map[place]bool{}
	for _, r := range c.refusals {
		named[place{r.File, r.Line}] = named[place{r.File, r.Line}] || !strings.HasPrefix(r.What, inferred)
	}
	c.refusals = slices.DeleteFunc(c.refusals, func(r Refusal) bool {
		return strings.HasPrefix(r.What, inferred) && named[place{r.File, r.Line}]
	})
	slices.SortFunc(c.refusals, func(a, b Refusal) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.What, b.What))
	})
	c.refusals = slices.Compact(c.refusals)
	return c.refusals
}

// inferred begins what is said of a type that the code has not named.
const inferred = "has to do with "

func (c *Checked) refuse(at token.Pos, why, what string, args ...any) {
	p := c.Files.PositionFor(at, false) // what a line directive claims does not count
	c.refusals = append(c.refusals, Refusal{File: p.Filename, Line: p.Line, What: fmt.Sprintf(what, args...), Why: why})
}
