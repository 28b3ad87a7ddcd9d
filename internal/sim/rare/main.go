// Command rare writes the list of functions that were never seen to run (internal/sim/rare.txt,
// whose use internal/sim/split.go explains):
//
//	RAFTLAB_SEEN=DIR raftlab test --engine wasm ...    any number of commands, with functions noted in DIR
//	go run ./internal/sim/rare DIR > internal/sim/rare.txt
//
// `make rare` does both.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: rare DIR...")
		os.Exit(2)
	}
	if err := list(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rare:", err)
		os.Exit(1)
	}
}

// list prints all names that are in a file all-* and in no file seen-*.
func list(dirs []string) error {
	names, seen := map[string]bool{}, map[string]bool{}
	for _, dir := range dirs {
		for pattern, into := range map[string]map[string]bool{"all-*": names, "seen-*": seen} {
			files, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				return err
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				for _, name := range strings.Fields(string(text)) {
					into[name] = true
				}
			}
		}
	}
	var left []string
	for name := range names {
		if !seen[name] && !strings.Contains(name, "raftlab") {
			left = append(left, name)
		}
	}
	slices.Sort(left)
	fmt.Printf("# %d functions of test binaries made by %s that were never seen to run (split.go); `make rare` writes this file\n", len(left), runtime.Version())
	_, err := fmt.Println(strings.Join(left, "\n"))
	return err
}
