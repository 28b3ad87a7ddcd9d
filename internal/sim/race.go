package sim

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/stacks"
	"raftlab/internal/vet"
)

// RaceRule is the rule that a run breaks in which the race detector finds something.
const RaceRule = "data race"

// Access is one of the two uses of memory in a data race.
type Access struct {
	What   string         // "write", "previous read"
	Frames []stacks.Frame // the calls that it was in, the innermost first
}

// raceReport returns what the race detector printed about the first race, or nothing.
func raceReport(printed string) string {
	const rule = "==================\n"
	_, rest, found := strings.Cut(printed, rule+"WARNING: DATA RACE\n")
	if !found {
		return ""
	}
	rest, _, _ = strings.Cut(rest, rule)
	return "WARNING: DATA RACE\n" + rest
}

var (
	accessLine = regexp.MustCompile(`^((?:Previous )?(?:[Aa]tomic )?(?:[Rr]ead|[Ww]rite)) at 0x[0-9a-f]+ by `)
	callLine   = regexp.MustCompile(`^  (\S.*)\(\)$`)
	whereLine  = regexp.MustCompile(`^      (.*):(\d+)(?: \+0x[0-9a-f]+)?$`)
	// typeList is what a generic function was made for: the compiler's words, which may be long.
	typeList = regexp.MustCompile(`\[.*\]`)
)

// Accesses reads a report of the race detector: two accesses, each with its calls. Where the
// detector has forgotten the calls of the older one, that has none.
func Accesses(report string) (all []Access) {
	open, function := false, "" // inside an access; the call whose place comes next
	for line := range strings.SplitSeq(report, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if m := accessLine.FindStringSubmatch(line); m != nil {
			all, open = append(all, Access{What: strings.ToLower(m[1])}), true
		} else if m := callLine.FindStringSubmatch(line); m != nil && open {
			function = typeList.ReplaceAllString(m[1], "[...]")
		} else if m := whereLine.FindStringSubmatch(line); m != nil && open && function != "" {
			number, _ := strconv.Atoi(m[2])
			a := &all[len(all)-1]
			a.Frames = append(a.Frames, stacks.Frame{Function: function, File: m[1], Line: number})
			function = ""
		} else if line == "" {
			open = false // who has started the goroutines comes after the accesses
		}
	}
	return all[:min(len(all), 2)]
}

// raceSummary names the two accesses, each by its place in the code under test, or if it was not in
// there, in the framework.
func raceSummary(report string, underTest []string) string {
	var parts []string
	for _, a := range Accesses(report) {
		at := slices.IndexFunc(a.Frames, func(f stacks.Frame) bool { return belongs(f, underTest) })
		if at < 0 {
			at = slices.IndexFunc(a.Frames, func(f stacks.Frame) bool { return strings.HasPrefix(f.File, vet.Module+"/") })
		}
		if at < 0 {
			parts = append(parts, a.What+" at a place that the race detector has forgotten")
			continue
		}
		parts = append(parts, a.What+" at "+a.Frames[at].File+":"+strconv.Itoa(a.Frames[at].Line))
	}
	return strings.Join(parts, ", ")
}
