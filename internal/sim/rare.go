package sim

import (
	_ "embed"
	"strings"
	"sync"
)

// rare.txt lists functions of the Go standard library that runs hardly ever call ([split]). What is
// not in it is in the main module: code under test, the harness, and whatever a newer Go release
// calls otherwise. The list is for speed only.

//go:embed rare.txt
var rareText string

// rare has the names in the list, one in a line.
var rare = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for line := range strings.Lines(rareText) {
		if name := strings.TrimSpace(line); !strings.HasPrefix(name, "#") {
			names[name] = true
		}
	}
	return names
})
