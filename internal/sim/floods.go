package sim

import (
	"regexp"
	"strconv"
	"strings"

	"raftlab/internal/record"
)

// This file explains the end of a run in which there was too much of something. The counts are in
// the Go runtime (overlay/floods.go.txt), in both engines, and so are the limits. What ends a run
// prints
//
//	raftlab: too much: WHAT COUNT
//
//	goroutine 7 [select]: ...
//
// and the goroutine is one that has a part in it.

// peaksFile is replaced where the Go runtime counts: the harness asks it how close the run has come
// to the limits.
const (
	peaksFile = "internal/peaks/read.go"
	peaksText = `package peaks

import _ "unsafe" // for go:linkname

//go:linkname read runtime.raftlab_peaks
func read(*[10]uint64)
`
)

var tooMuchOf = regexp.MustCompile(`(?m)^raftlab: too much: ([a-z]+) (\d+)$`)

// floods are the kinds, as the runtime names them. In a text, # is the count, and @ the place in
// the code under test.
var floods = map[string]struct {
	outcome record.Outcome
	rule    string
	text    string
}{
	"goroutines": {record.Flood, "too many goroutines",
		"50000 goroutines are alive at once, and a run may have no more. # of them were started in the same place: one is @"},
	"timers": {record.Flood, "too many timers",
		"200000 timers are set at once, and a run may have no more; the last was set @"},
	// How often it was is not said of these: the engines may differ by a few in the last instant.
	"steps": {record.Flood, "too many turns",
		"goroutines take turns, and timers go off, again and again while time hardly passes: a run may have 2000000 of these at once, and 200000 more in each second of virtual time; one that goes on over and over is @"},
	"sets": {record.Flood, "too many timers",
		"timers are set again and again while time hardly passes: a run may do so 1000000 times at once, and 100000 times more in each second of virtual time; the last was set @"},
	"waits": {record.BusyLoop, "busy loop",
		"everything waits again and again, for so short a time that time hardly passes: a run may wait 200000 times at once, and 50000 times more in each second of virtual time; one that waits over and over is @"},
	"turns": {record.BusyLoop, "busy loop",
		"goroutines took turns # times, and nothing ever waited for a message or for time to pass; the last turn was @"},
	"collections": {record.Flood, "too many collections",
		"runtime.GC was called # times, and a run may do so 1000 times, and look at 2 GiB so; the last call was @"},
	"garbage": {record.Flood, "too much garbage",
		"memory was filled and thrown away # times in the middle of work, and a run may do so 100 times; the last allocation was @"},
	"writes": {record.Flood, "endless output",
		"the code under test wrote to its output # times, and a run may do so 1000000 times; the last was @"},
	"bytes": {record.Flood, "endless output",
		"the code under test printed # bytes, and a run may print 256 MiB; the last were printed @"},
}

// flood says what there was too much of, from what the run printed last.
func flood(underTest []string, printed string) (v record.Verdict, ok bool) {
	all := tooMuchOf.FindAllStringSubmatchIndex(printed, -1)
	if all == nil {
		return v, false
	}
	m := all[len(all)-1]
	kind, ok := floods[printed[m[2]:m[3]]]
	if !ok {
		return v, false
	}
	stack := strings.TrimLeft(printed[m[1]:], "\n")
	place := "in the framework, on behalf of the code under test"
	if at := placeIn(underTest, stack); at != "" {
		place = "at " + at
	}
	count, _ := strconv.ParseUint(printed[m[4]:m[5]], 10, 64) // it is a number: the expression says so
	text := strings.ReplaceAll(kind.text, "#", strconv.FormatUint(count, 10))
	return record.Verdict{Outcome: kind.outcome, Rule: kind.rule, Message: strings.ReplaceAll(text, "@", place), Stack: stack}, true
}

// placeIn is the first place of the code under test in a stack, or "".
func placeIn(underTest []string, stack string) string {
	for line := range strings.Lines(stack) {
		name, ok := strings.CutPrefix(line, "\traftlab/")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
		for _, dir := range underTest {
			if strings.HasPrefix(name, dir+"/") && !strings.Contains(name, "/lab_test.go:") {
				return name
			}
		}
	}
	return ""
}
