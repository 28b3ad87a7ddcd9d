// Package transcript keeps pages that quote runs true. A transcript is a text in which prose and excerpts
// of one run's trace alternate, as a story that can be read and checked:
//
//	# A follower comes back. (prose: any lines that begin with #)
//
//	run 2E/Rejoin 12
//
//	# It is cut off, and asks.
//
//	show 10.89s 11.9s RequestPreVote
//	----
//	   10.8937  network {0 1} {2}
//	   11.3058  2 -x 1   RequestPreVote {Term:2 CandidateId:2 LastLogIndex:4 LastLogTerm:1} (link cut)
//
// "run CASE SEED" names the run, which the engine repeats on the reference. "show FROM TO METHOD..." is followed by
// a line of dashes and, up to an empty line, by what happened between two instants: the messages of the
// RPCs named, and whatever is not a message (see timeline.List). These excerpts are written by [Renew]; the
// test of this package fails where a transcript and its run differ, and rewrites it with -rewrite. So a
// change of the peer that changes the story cannot go unseen.
//
// The form is that of the data-driven tests of etcd's Raft library, whose transcripts double as its best
// documentation.
package transcript

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/timeline"
)

// Run is a run that a transcript is about.
type Run struct {
	Case string // "2E/Rejoin"
	Seed uint64
}

// dashes separate an excerpt from the directive that asks for it.
const dashes = "----"

// Renew returns the text with all its excerpts written anew. events repeats a run, and returns what
// happened in it. An error names the line.
func Renew(text string, events func(Run) ([]record.Event, error)) (string, error) {
	var out strings.Builder
	var trace []record.Event
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			out.WriteString(line + "\n")
			continue
		}
		var err error
		switch words[0] {
		case "run":
			out.WriteString(line + "\n")
			var r Run
			if r, err = parseRun(words[1:]); err == nil {
				trace, err = events(r)
			}
		case "show":
			var excerpt string
			excerpt, err = show(trace, words[1:])
			out.WriteString(line + "\n" + dashes + "\n" + excerpt)
			for i+1 < len(lines) && lines[i+1] != "" {
				i++
			}
		default:
			err = fmt.Errorf("%q is neither prose, which begins with #, nor run or show", words[0])
		}
		if err != nil {
			return "", fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return out.String(), nil
}

func parseRun(words []string) (Run, error) {
	if len(words) != 2 {
		return Run{}, fmt.Errorf("run takes a case and a seed, such as: run 2E/Rejoin 12")
	}
	seed, err := strconv.ParseUint(words[1], 10, 64)
	return Run{words[0], seed}, err
}

// show returns an excerpt. One without a single line is a mistake: the run has moved away from under the
// times.
func show(trace []record.Event, words []string) (string, error) {
	if len(words) < 2 {
		return "", fmt.Errorf("show takes two times and the RPCs to show, such as: show 10s 11.5s RequestVote")
	}
	if trace == nil {
		return "", fmt.Errorf("show comes before the first run")
	}
	from, err := time.ParseDuration(words[0])
	if err != nil {
		return "", err
	}
	to, err := time.ParseDuration(words[1])
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := timeline.List(&out, trace, timeline.Choice{From: from, To: to, Methods: words[2:]}); err != nil {
		return "", err
	}
	if out.Len() == 0 {
		return "", fmt.Errorf("nothing to show happened between %v and %v", from, to)
	}
	return out.String(), nil
}
