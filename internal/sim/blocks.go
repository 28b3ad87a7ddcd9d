package sim

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"

	"raftlab/internal/vet"
)

// This file has the code under test note which of its blocks run: package blocks is called by it.

// blocksName is how the rewritten code calls package internal/blocks. Vet refuses code that uses
// it.
const blocksName = "raftlab_blocks"

// What it calls there.
const (
	blocksPackage  = "raftlab/internal/blocks"
	blocksFunction = "Ran"
)

// Block is a piece of the code under test that runs as a whole or not at all: statements that
// follow each other up to a branch, and the head of that branch.
type Block struct {
	File     string // relative to the framework: "raft/append.go"
	Lines    []int  // that are in it, and in no block within it
	Function string // "(*Raft).AppendEntries"
}

// mark rewrites the code under test so that each block notes that it runs, and returns the blocks
// by their numbers. Code with type errors stays as it is: it will not run.
func (t *tree) mark(checked *vet.Checked) []Block {
	if len(checked.Errors) > 0 {
		return nil
	}
	m := &marker{files: checked.Files}
	for _, p := range checked.Packages {
		if !p.UnderTest {
			continue
		}
		for i, file := range p.Files {
			m.name, m.list, m.owner = p.Names[i], nil, map[int]int{}
			first := len(m.blocks)
			for _, decl := range file.Decls {
				m.function = functionName(decl)
				ast.Inspect(decl, m.visit)
			}
			m.settle(first)
			if len(m.list) > 0 {
				text := fmt.Sprintf("; import %s %q", blocksName, blocksPackage)
				m.list = append(m.list, insertionAt(checked.Files, file.Name.End(), text))
				t.insertMore(p.Names[i], m.list)
			}
		}
	}
	t.written[blocksPackage] = []string{blocksFunction}
	return m.blocks
}

// functionName is "(*Raft).Start" or "Make", as stacks have it; "" of what is no function.
func functionName(decl ast.Decl) string {
	f, ok := decl.(*ast.FuncDecl)
	if !ok {
		return ""
	}
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	receiver, star := f.Recv.List[0].Type, false
	if s, ok := receiver.(*ast.StarExpr); ok {
		receiver, star = s.X, true
	}
	switch generic := receiver.(type) {
	case *ast.IndexExpr:
		receiver = generic.X
	case *ast.IndexListExpr:
		receiver = generic.X
	}
	name := "?"
	if id, ok := receiver.(*ast.Ident); ok {
		name = id.Name
	}
	if star {
		return "(*" + name + ")." + f.Name.Name
	}
	return name + "." + f.Name.Name
}

// marker goes through a file.
type marker struct {
	files    *token.FileSet
	name     string
	function string
	blocks   []Block
	list     []insertion
	owner    map[int]int // line -> the block that it is of; inner ones come later, and take it over
}

func (m *marker) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BlockStmt:
		if len(n.List) > 0 && isClause(n.List[0]) { // of a switch or select: no place for a statement
			return true
		}
		m.statements(n.List, n.Lbrace+1)
	case *ast.FuncDecl:
		if n.Body != nil { // its head is of its first block
			m.own(m.statements(n.Body.List, n.Body.Lbrace+1), n.Pos(), n.Body.Lbrace)
			for _, s := range n.Body.List {
				ast.Inspect(s, m.visit)
			}
		}
		return false
	case *ast.CaseClause:
		m.own(m.statements(n.Body, n.Colon+1), n.Pos(), n.Colon)
	case *ast.CommClause:
		m.own(m.statements(n.Body, n.Colon+1), n.Pos(), n.Colon)
	}
	return true
}

func isClause(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.CaseClause, *ast.CommClause:
		return true
	}
	return false
}

// statements makes blocks of a list, and returns the number of the first. start is where the list
// begins.
func (m *marker) statements(list []ast.Stmt, start token.Pos) (first int) {
	first = m.begin(start)
	now := first
	for i, s := range list {
		m.own(now, s.Pos(), head(s))
		if branches(s) && i+1 < len(list) {
			now = m.begin(list[i+1].Pos())
		}
	}
	return first
}

// begin begins a block, and returns its number.
func (m *marker) begin(at token.Pos) int {
	m.list = append(m.list, insertionAt(m.files, at, fmt.Sprintf("%s.%s(%d);", blocksName, blocksFunction, len(m.blocks))))
	m.blocks = append(m.blocks, Block{File: m.name, Function: m.function})
	return len(m.blocks) - 1
}

// own gives lines to a block.
func (m *marker) own(block int, from, to token.Pos) {
	for line := m.files.PositionFor(from, false).Line; line <= m.files.PositionFor(to, false).Line; line++ {
		m.owner[line] = block
	}
}

// settle writes down which lines the blocks have, from the one with number first on.
func (m *marker) settle(first int) {
	for line, b := range m.owner {
		m.blocks[b].Lines = append(m.blocks[b].Lines, line)
	}
	for i := range m.blocks[first:] {
		slices.Sort(m.blocks[first+i].Lines)
	}
}

// head is where the part of a statement ends that runs whenever the statement does: in front of the
// body of a branch.
func head(s ast.Stmt) token.Pos {
	switch s := s.(type) {
	case *ast.IfStmt:
		return s.Body.Lbrace
	case *ast.ForStmt:
		return s.Body.Lbrace
	case *ast.RangeStmt:
		return s.Body.Lbrace
	case *ast.SwitchStmt:
		return s.Body.Lbrace
	case *ast.TypeSwitchStmt:
		return s.Body.Lbrace
	case *ast.SelectStmt:
		return s.Body.Lbrace
	case *ast.BlockStmt:
		return s.Lbrace
	case *ast.LabeledStmt:
		return head(s.Stmt)
	}
	return s.End() - 1
}

// branches says that what follows a statement may not run although the statement does.
func branches(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.BlockStmt, *ast.LabeledStmt:
		return true
	}
	return false
}
