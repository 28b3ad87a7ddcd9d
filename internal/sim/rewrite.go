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
	"sort"
	"strconv"
)

// backedgeName is how the rewritten code calls package internal/backedge. Vet refuses code that uses it.
const backedgeName = "raftlab_backedge"

const backedgeCall = backedgeName + ".Count();"

// insertion is text put into a line of source.
type insertion struct {
	offset int // of the byte before which it goes
	line   int
	column int // of that byte in the original line, from 1
	text   string
}

// addBackedges puts a call of package backedge at the start of every loop body and before every goto.
// It works on the text, not on the syntax tree, so that every line keeps its number and comments
// keep their place; what it inserted is returned so that columns in error messages can be put right.
func addBackedges(name string, source []byte) ([]byte, []insertion, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	var list []insertion
	insert := func(at token.Pos, text string) {
		p := files.PositionFor(at, false)
		list = append(list, insertion{offset: p.Offset, line: p.Line, column: p.Column, text: text})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
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
	if len(list) == 0 {
		return source, nil, nil
	}
	insert(file.Name.End(), fmt.Sprintf("; import %s %q", backedgeName, "raftlab/internal/backedge"))
	sort.Slice(list, func(i, j int) bool { return list[i].offset < list[j].offset })
	var out bytes.Buffer
	from := 0
	for _, in := range list {
		out.Write(source[from:in.offset])
		out.WriteString(in.text)
		from = in.offset
	}
	out.Write(source[from:])
	return out.Bytes(), list, nil
}

var position = regexp.MustCompile(`(?m)^(\S+\.go):(\d+):(\d+):`)

// translate changes the places in the compiler's messages to what they are in the files that the user
// wrote: the file's name, and the column in lines where addBackedges inserted something.
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
