package suite

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
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

// Mentions reports whether a package of the code selects a field or method of one of these names
// anywhere, as in o.Reads.
func (c Code) Mentions(pkg string, names ...string) bool {
	return contains(c.Impl[pkg], func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		return ok && slices.Contains(names, s.Sel.Name)
	})
}

// sets reports whether a package at dir sets a field of this name in some composite literal, as the
// function Service does.
func sets(dir, field string) bool {
	return contains(dir, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		key, ok := kv.Key.(*ast.Ident)
		return ok && key.Name == field
	})
}

// contains reports whether the source of a package at dir has such a node.
func contains(dir string, wanted func(ast.Node) bool) (found bool) {
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
			found = found || wanted(n)
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
