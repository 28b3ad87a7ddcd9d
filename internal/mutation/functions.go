package mutation

// This file finds out what a version of a file changes, for [Together], and writes what is called
// instead of the reference's functions.

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// change is a function that does something else in the version of a subject.
type change struct {
	number int    // of the subject
	file   string // of the copy

	pkg     string   // the package's name
	body    int      // offset in the reference's file at which the body begins
	line    int      // of the version, in the patched file
	head    string   // of the version: the text in front of its name
	rest    string   // and from its name on
	target  string   // "rf.", or "" for a function that is no method
	name    string   // "grant"
	args    string   // "args, reply"
	returns bool     // it has results
	imports []string // `raft "raftlab/raft"`, of what it uses
}

// call is how the reference's function calls this version of it.
func (c change) call(number int) string {
	call := fmt.Sprintf("%s%s%d_%s(%s)", c.target, marker, number, c.name, c.args)
	if c.returns {
		return "return " + call
	}
	return call + "; return"
}

// directive is a comment that says something to the compiler.
var directive = regexp.MustCompile(`(?m)^\s*//(go:|line )`)

// parsed is a file, and its declarations: functions by what stands before their bodies.
type parsed struct {
	text      []byte
	files     *token.FileSet
	file      *ast.File
	functions map[string]*ast.FuncDecl
	others    string
}

func parse(text []byte) (*parsed, error) {
	p := &parsed{text: text, files: token.NewFileSet(), functions: map[string]*ast.FuncDecl{}}
	var err error
	if p.file, err = parser.ParseFile(p.files, "", text, parser.SkipObjectResolution); err != nil {
		return nil, err
	}
	if directive.Match(text) {
		return nil, errOther
	}
	for _, decl := range p.file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			p.others += p.print(decl) + "\n"
			continue
		}
		head := p.print(&ast.FuncDecl{Recv: f.Recv, Name: f.Name, Type: f.Type})
		if p.functions[head] != nil || f.Body == nil {
			return nil, errOther
		}
		p.functions[head] = f
	}
	return p, nil
}

func (p *parsed) print(node any) string {
	var b bytes.Buffer
	if err := format.Node(&b, p.files, node); err != nil {
		return err.Error() // which is the same for the same node
	}
	return b.String()
}

func (p *parsed) offset(at token.Pos) int { return p.files.Position(at).Offset }

// changedFunctions compares a file with its version of a subject. The error says that they differ
// in something else.
func changedFunctions(before, after []byte) (changes []change, err error) {
	reference, err := parse(before)
	if err != nil {
		return nil, err
	}
	version, err := parse(after)
	if err != nil {
		return nil, err
	}
	if reference.others != version.others || len(reference.functions) != len(version.functions) {
		return nil, errOther
	}
	for head, f := range version.functions {
		was := reference.functions[head]
		if was == nil {
			return nil, errOther
		}
		if reference.print(was.Body) == version.print(f.Body) {
			continue
		}
		c, err := version.change(f)
		if err != nil {
			return nil, err
		}
		c.body = reference.offset(was.Body.Lbrace) + 1
		changes = append(changes, c)
	}
	slices.SortFunc(changes, func(a, b change) int { return a.line - b.line })
	return changes, nil
}

// change describes a function, if it can be called by one with the same parameters.
func (p *parsed) change(f *ast.FuncDecl) (c change, err error) {
	at := p.offset(f.Name.Pos())
	c = change{pkg: p.file.Name.Name, line: p.files.Position(f.Pos()).Line, name: f.Name.Name,
		head: string(p.text[p.offset(f.Pos()):at]), rest: string(p.text[at:p.offset(f.End())]),
		returns: f.Type.Results.NumFields() > 0}
	if f.Type.TypeParams != nil || f.Name.Name == "init" || f.Name.Name == "_" {
		return c, errOther
	}
	if f.Recv != nil {
		names, ok := named(f.Recv)
		if !ok {
			return c, errOther
		}
		c.target = names[0] + "."
	}
	names, ok := named(f.Type.Params)
	if !ok {
		return c, errOther
	}
	c.args = strings.Join(names, ", ")
	if n := len(f.Type.Params.List); n > 0 {
		if _, variadic := f.Type.Params.List[n-1].Type.(*ast.Ellipsis); variadic {
			c.args += "..."
		}
	}
	c.imports, err = p.used(f)
	return c, err
}

// named are the names of parameters; ok is false if one has none.
func named(list *ast.FieldList) (names []string, ok bool) {
	for _, field := range list.List {
		for _, name := range field.Names {
			if name.Name == "_" {
				return nil, false
			}
			names = append(names, name.Name)
		}
		if len(field.Names) == 0 {
			return nil, false
		}
	}
	return names, true
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// used are the imports that a function uses. A name that means a package in one line and something
// else in another is beyond this.
func (p *parsed) used(f *ast.FuncDecl) (imports []string, err error) {
	qualifiers, others := map[string]bool{}, map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok {
				qualifiers[id.Name] = true
				return false
			}
		case *ast.Ident:
			others[n.Name] = true
		}
		return true
	})
	for _, spec := range p.file.Imports {
		name := path.Base(strings.Trim(spec.Path.Value, `"`))
		if majorVersion.MatchString(name) {
			name = path.Base(path.Dir(strings.Trim(spec.Path.Value, `"`)))
		}
		text := spec.Path.Value
		if spec.Name != nil {
			name, text = spec.Name.Name, spec.Name.Name+" "+text
		}
		if name == "." || qualifiers[name] && others[name] {
			return nil, errOther
		}
		if qualifiers[name] {
			imports = append(imports, text)
		}
	}
	return imports, nil
}

// inTheirLines writes functions of one file into a file of their own, each in the lines that it has
// there: stacks then name the lines of the patched file.
func inTheirLines(list []change) []byte {
	var b strings.Builder
	var imports []string
	for _, c := range list {
		imports = append(imports, c.imports...)
	}
	slices.Sort(imports)
	fmt.Fprintf(&b, "package %s; import (%s);", list[0].pkg, strings.Join(slices.Compact(imports), "; "))
	line := 1
	for _, c := range list {
		b.WriteString(strings.Repeat("\n", max(c.line-line, 1)))
		text := c.head + marker + strconv.Itoa(c.number) + "_" + c.rest
		b.WriteString(text)
		line = max(c.line, line+1) + strings.Count(text, "\n")
	}
	b.WriteString("\n")
	return []byte(b.String())
}
