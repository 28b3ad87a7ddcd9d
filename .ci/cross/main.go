// Command cross type-checks modules, with their tests and everything they import, for the other
// systems that students use. It reads sources only: compiling the same twice costs twenty times as
// much, and would find nothing more in code without assembly and without cgo.
//
//	cross SYSTEM/ARCHITECTURE,... MODULE...
package main

import (
	"fmt"
	"os"
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
		Mode:  packages.LoadAllSyntax,
		Dir:   module,
		Tests: true,
		Env:   append(os.Environ(), "GOOS="+system, "GOARCH="+architecture, "CGO_ENABLED=0"),
	}, "./...")
	if err != nil {
		fmt.Fprintf(os.Stderr, "reading %s for %s: %v\n", module, target, err)
		return 1
	}
	wrong := packages.PrintErrors(read)
	if wrong == 0 {
		fmt.Printf("%s: %d packages type-check for %s\n", module, len(read), target)
	}
	return wrong
}
