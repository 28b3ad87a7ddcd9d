package suite

import (
	"fmt"
	"slices"
	"strings"

	"raftlab/internal/stacks"
)

// isOwn says whether a function is in the code under test, of which packages are the import paths.
func isOwn(function string, packages []string) bool {
	return slices.ContainsFunc(packages, func(p string) bool {
		return strings.HasPrefix(function, p+".") || strings.HasPrefix(function, p+"/")
	})
}

// stackLines says in at most n lines where the code under test was: for a crash the frames of the
// goroutine that crashed, for the rest one line per place where goroutines wait. show turns a place
// of the build into the file that the user knows.
func stackLines(dump string, packages []string, crashed bool, n int, show func(string) string) []string {
	all := stacks.Parse(dump)
	own := func(f stacks.Frame) bool { return isOwn(f.Function, packages) }
	line := func(f stacks.Frame) string {
		return fmt.Sprintf("%s  %s", show(fmt.Sprintf("%s:%d", f.File, f.Line)), lastPart(f.Function))
	}
	if crashed && len(all) > 0 {
		lines := crashLines(all[0], own, line)
		return lines[:min(len(lines), n)]
	}
	stacks.Order(all, own)
	var lines []string
	count := map[string]int{}
	for _, g := range all {
		at := slices.IndexFunc(g.Frames, own)
		if at < 0 {
			continue
		}
		waits := fmt.Sprintf("%s  [%s]", line(g.Frames[at]), g.State)
		if count[waits]++; count[waits] == 1 {
			lines = append(lines, waits)
		}
	}
	lines = lines[:min(len(lines), n)]
	for i, l := range lines {
		if count[l] > 1 {
			lines[i] += fmt.Sprintf(" x%d", count[l])
		}
	}
	if len(lines) > 0 {
		return lines
	}
	for _, l := range strings.Split(dump, "\n") { // not a dump as we know it: its beginning is better than nothing
		if l = strings.TrimSpace(l); l != "" && len(lines) < n {
			lines = append(lines, l)
		}
	}
	return lines
}

// crashLines are the calls in which a goroutine crashed: those of the code under test, or if there are
// none, all but the runtime's.
func crashLines(g stacks.Goroutine, own func(stacks.Frame) bool, line func(stacks.Frame) string) (lines []string) {
	for _, want := range []bool{true, false} {
		for _, f := range g.Frames {
			if own(f) == want && f.Package() != "runtime" && f.Function != "panic" {
				lines = append(lines, line(f))
			}
		}
		if len(lines) > 0 {
			break
		}
	}
	return lines
}
