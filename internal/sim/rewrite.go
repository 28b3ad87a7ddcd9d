package sim

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
)

// backedgeName is how the rewritten code calls package internal/backedge. Vet refuses code that
// uses it.
const backedgeName = "raftlab_backedge"

// What it calls there.
const (
	backedgePackage = "raftlab/internal/backedge"
	backedgeRound   = "Count"
	backedgeEnter   = "Enter"
	backedgeCall    = backedgeName + "." + backedgeRound + "();"
	backedgeBegin   = backedgeName + "." + backedgeEnter + "();"
)

// insertion is text put into a line of source.
type insertion struct {
	offset int // of the byte before which it goes
	line   int
	column int // of that byte in the original line, from 1
	text   string
}

// backedges returns what has to be inserted into a file so that package backedge is called at the
// start of every function and every loop body, and before every goto, and where; nothing if the
// file does not parse.
func backedges(name string, source []byte) []insertion {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil // the compiler will say so
	}
	var list []insertion
	insert := func(at token.Pos, text string) { list = append(list, insertionAt(files, at, text)) }
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body != nil {
				insert(n.Body.Lbrace+1, backedgeBegin)
			}
		case *ast.FuncLit:
			insert(n.Body.Lbrace+1, backedgeBegin)
		case *ast.ForStmt:
			insert(n.Body.Lbrace+1, backedgeCall)
		case *ast.RangeStmt:
			insert(n.Body.Lbrace+1, backedgeCall)
		case *ast.BranchStmt:
			if n.Tok == token.GOTO {
				insert(n.TokPos, backedgeCall)
			}
		}
		return true
	})
	if len(list) > 0 {
		insert(file.Name.End(), fmt.Sprintf("; import %s %q", backedgeName, backedgePackage))
	}
	return list
}

func insertionAt(files *token.FileSet, at token.Pos, text string) insertion {
	p := files.PositionFor(at, false)
	return insertion{offset: p.Offset, line: p.Line, column: p.Column, text: text}
}

// insert puts the insertions into source; those at one place stay in their order. It works on the
// text, not on the syntax tree, so that every line keeps its number and comments keep their place.
func insert(source []byte, list []insertion) []byte {
	sort.SliceStable(list, func(i, j int) bool { return list[i].offset < list[j].offset })
	var out bytes.Buffer
	from := 0
	for _, in := range list {
		out.Write(source[from:in.offset])
		out.WriteString(in.text)
		from = in.offset
	}
	out.Write(source[from:])
	return out.Bytes()
}

// insertMore adds insertions to those that a file under test has.
func (t *tree) insertMore(name string, more []insertion) {
	list := append(slices.Clone(t.inserted[name]), more...)
	t.replace[name], t.inserted[name] = insert(t.underTestFiles[name].text, list), list
}

var position = regexp.MustCompile(`(?m)^(\S+\.go):(\d+):(\d+):`)

// translate changes the places in the compiler's messages to what they are in the files that the
// user wrote: the file's name, and the column in lines where something was inserted.
func (t *tree) translate(messages string) string {
	return position.ReplaceAllStringFunc(messages, func(m string) string {
		parts := position.FindStringSubmatch(m)
		name := path.Clean(filepath.ToSlash(parts[1]))
		display, ok := t.displays[name]
		if !ok {
			return m
		}
		line, _ := strconv.Atoi(parts[2])
		column, _ := strconv.Atoi(parts[3])
		shift := 0
		for _, in := range t.inserted[name] {
			if in.line == line && in.column+shift < column {
				shift += len(in.text)
			}
		}
		return fmt.Sprintf("%s:%d:%d:", display, line, column-shift)
	})
}
