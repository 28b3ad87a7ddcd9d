package vet

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
)

// ReservedName begins the names that the engine puts into the code under test when it rewrites it.
const ReservedName = "raftlab_"

// maxDepth is how deep a syntax tree may be. Written code does not reach 100. Without the limit a
// file of a few megabytes of brackets makes every later stage use gigabytes of stack.
const maxDepth = 2000

const whyDirective = "it reaches around the Go language, to the linker or the host"

// allowedDirectives are the //go: comments that mean no harm.
var allowedDirectives = map[string]bool{
	"//go:build": true, "//go:generate": true, "//go:noinline": true, "//go:inline": true, "//go:fix": true,
}

// lineDirective is a comment that claims another file and line for what follows it.
var lineDirective = regexp.MustCompile(`^/[/*]line .*:`)

// parse reads a file and adds it to p. A file that does not parse is an error, and nobody is to
// compile it: a second parser may make something of it that nobody has checked.
func (c *Checked) parse(p *Package, f File) error {
	file, err := parser.ParseFile(c.Files, f.Display, f.Text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil || file == nil {
		return &SourceError{parseMessages(f.Display, err)}
	}
	if err := constraint(f); err != nil {
		return &SourceError{[]string{fmt.Sprintf("%s: %v", c.position(constraintAt(file)), err)}}
	}
	if at := tooDeep(file); at.IsValid() {
		return &SourceError{[]string{fmt.Sprintf("%s: more than %d levels of nesting: split what stands here", c.position(at), maxDepth)}}
	}
	p.Names, p.Files = append(p.Names, f.Name), append(p.Files, file)
	return nil
}

// constraintAt is where the lines that say when a file is compiled stand: the last one, or the
// beginning of the file if there is none.
func constraintAt(file *ast.File) token.Pos {
	at := file.FileStart
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if comment.Pos() < file.Package && strings.HasPrefix(comment.Text, "//go:build") {
				at = comment.Pos()
			}
		}
	}
	return at
}

// parseMessages are the first few errors of the parser, with their positions in the file itself.
func parseMessages(display string, err error) (messages []string) {
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		return []string{fmt.Sprintf("%s:1:1: it cannot be parsed: %v", display, err)}
	}
	for _, e := range list[:min(len(list), 10)] {
		messages = append(messages, fmt.Sprintf("%s:%d:%d: %s", display, e.Pos.Line, e.Pos.Column, "syntax error: "+e.Msg))
	}
	return messages
}

func (c *Checked) position(at token.Pos) string {
	p := c.Files.PositionFor(at, false)
	return fmt.Sprintf("%s:%d:%d", p.Filename, p.Line, p.Column)
}

// tooDeep returns where a tree is too deep, or [token.NoPos].
func tooDeep(file *ast.File) token.Pos {
	depth, at := 0, token.NoPos
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			depth--
			return false
		}
		if depth++; depth > maxDepth && !at.IsValid() {
			at = n.Pos()
		}
		if at.IsValid() {
			depth-- // Inspect does not come back for a node that was not entered
			return false
		}
		return true
	})
	return at
}

// syntax refuses what can be seen without types.
func (c *Checked) syntax(file *ast.File) {
	for _, group := range file.Comments {
		for _, comment := range group.List {
			directive, _, _ := strings.Cut(comment.Text, " ")
			directive, _, _ = strings.Cut(directive, "\t")
			switch {
			case strings.HasPrefix(directive, "//go:") && !allowedDirectives[directive],
				strings.HasPrefix(comment.Text, "//export "), strings.HasPrefix(comment.Text, "//extern "):
				c.refuse(comment.Pos(), whyDirective, "uses %.60s", directive)
			case lineDirective.MatchString(comment.Text):
				c.refuse(comment.Pos(), "it claims another place for the code that follows", "uses a line directive")
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && strings.HasPrefix(id.Name, ReservedName) {
			c.refuse(id.Pos(), "the engine needs such names for itself", "uses the name %.60s", id.Name)
		}
		return true
	})
}
