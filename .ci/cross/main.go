// Command cross type-checks modules, with their tests and everything they import, for the other
// systems that students use. It reads sources only: compiling the same twice costs twenty times as
// much, and would find nothing more in code without assembly and without cgo. Of Go's own packages
// it reads what they declare, and not what their functions do: a release of Go compiles for them.
//
//	cross SYSTEM/ARCHITECTURE,... MODULE...
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: cross SYSTEM/ARCHITECTURE,... MODULE...")
		os.Exit(2)
	}
	wrong := 0
	for _, target := range strings.Split(os.Args[1], ",") {
		for _, module := range os.Args[2:] {
			wrong += check(target, module)
		}
	}
	if wrong > 0 {
		os.Exit(1)
	}
}

// check prints what is wrong with a module on one system, and says how much that is.
func check(target, module string) int {
	system, architecture, _ := strings.Cut(target, "/")
	read, err := packages.Load(&packages.Config{
		Mode:      packages.LoadAllSyntax,
		Dir:       module,
		Tests:     true,
		Env:       append(os.Environ(), "GOOS="+system, "GOARCH="+architecture, "CGO_ENABLED=0"),
		ParseFile: parse,
	}, "./...")
	if err != nil {
		fmt.Fprintf(os.Stderr, "reading %s for %s: %v\n", module, target, err)
		return 1
	}
	wrong := 0
	packages.Visit(read, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			if e.Kind == packages.TypeError && len(p.GoFiles) > 0 && ofGo(p.GoFiles[0]) {
				continue // an import that only the functions' bodies use, say
			}
			fmt.Fprintln(os.Stderr, e)
			wrong++
		}
		if p.Module != nil && p.Module.Error != nil {
			fmt.Fprintln(os.Stderr, p.Module.Error.Err)
			wrong++
		}
	})
	if wrong == 0 {
		fmt.Printf("%s: %d packages type-check for %s\n", module, len(read), target)
	}
	return wrong
}

// goSources is where Go's own packages are, with a separator at its end.
var goSources = func() string {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		fmt.Fprintf(os.Stderr, "ask for GOROOT: %v\n", err)
		os.Exit(1)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src") + string(filepath.Separator)
}()

func ofGo(file string) bool { return strings.HasPrefix(file, goSources) }

// parse reads a file, without the bodies of functions if it is one of Go's own.
func parse(files *token.FileSet, name string, text []byte) (*ast.File, error) {
	f, err := parser.ParseFile(files, name, text, parser.AllErrors|parser.SkipObjectResolution)
	if f != nil && ofGo(name) {
		for _, decl := range f.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok {
				function.Body = nil
			}
		}
	}
	return f, err
}
