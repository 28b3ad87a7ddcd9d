package suite

import (
	"fmt"

	"raftlab/internal/sim"
	"raftlab/internal/stacks"
)

// raceLines say of both uses of the memory where the code under test was: the line itself, and the one
// that had called it. There are none if the report cannot be read.
func raceLines(report string, packages []string, show func(string) string) (lines []string) {
	const most = 2 // calls of each
	for _, a := range sim.Accesses(report) {
		what := a.What + ":"
		var calls []stacks.Frame
		for _, f := range a.Frames {
			if isOwn(f.Function, packages) {
				calls = append(calls, f)
			}
		}
		if len(calls) == 0 { // it was not in the code under test: the outermost says who asked
			if len(a.Frames) == 0 {
				lines = append(lines, fmt.Sprintf("%-15s the race detector has forgotten where", what))
				continue
			}
			calls = a.Frames[len(a.Frames)-1:]
		}
		for i, f := range calls[:min(len(calls), most)] {
			if i > 0 {
				what = "  called at"
			}
			lines = append(lines, fmt.Sprintf("%-15s %s  %s", what, show(fmt.Sprintf("%s:%d", f.File, f.Line)), lastPart(f.Function)))
		}
	}
	return lines
}
