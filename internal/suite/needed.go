package suite

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"

	"raftlab/internal/submission"
)

// needed are the packages of the code that a test of pkg compiles. What it does not import need not
// compile: Raft is tested although the service that is to stand on it is not finished.
func (c Code) needed(pkg string) map[string]string {
	if c.Impl == nil {
		return nil
	}
	needed := map[string]string{}
	todo := trimmed([]string{pkg})
	if c.controllerAlone() {
		todo = append(todo, controllerPackage)
	}
	for seen := map[string]bool{}; len(todo) > 0; todo = todo[1:] {
		name := todo[0]
		if seen[name] {
			continue
		}
		seen[name] = true
		dir := c.Impl[name]
		if dir != "" {
			needed[name] = dir
		} else {
			dir = filepath.Join(c.Framework, filepath.FromSlash(name))
		}
		for other := range c.Impl {
			if !seen[other] && imports(dir, other) {
				todo = append(todo, other)
			}
		}
	}
	return needed
}

// sets reports whether a package at dir sets a field of this name in some composite literal, as the
// function Service does.
func sets(dir, field string) (found bool) {
	goFile := func(name string) bool { return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") }
	files, err := submission.Read(context.Background(), dir, submission.Usual, goFile)
	if err != nil {
		return true // the build says what is wrong with it
	}
	for _, f := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, parser.SkipObjectResolution)
		if err != nil {
			return true
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				key, ok := kv.Key.(*ast.Ident)
				found = found || ok && key.Name == field
			}
			return !found
		})
	}
	return found
}

// imports reports whether a package at dir, or one below it, imports the framework's package of
// this name, or one below that. What cannot be read imports everything: the build says what is
// wrong with it.
func imports(dir, name string) bool {
	goFile := func(name string) bool { return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") }
	files, err := submission.Read(context.Background(), dir, submission.Usual, goFile)
	if err != nil {
		return true
	}
	for _, f := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, parser.ImportsOnly)
		if err != nil {
			return true
		}
		for _, spec := range parsed.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
			if imported == "raftlab/"+name || strings.HasPrefix(imported, "raftlab/"+name+"/") {
				return true
			}
		}
	}
	return false
}
