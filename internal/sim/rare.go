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

// rare has the names in the list.
var rare = sync.OnceValue(func() map[string]bool { return parseRare(rareText) })

// parseRare reads a list. A line begins with how many letters it has in common with the one before,
// as a letter from 'A' on.
func parseRare(text string) map[string]bool {
	names := map[string]bool{}
	last := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		common := min(int(line[0])-'A', len(last))
		last = last[:max(0, common)] + line[1:]
		names[last] = true
	}
	return names
}
