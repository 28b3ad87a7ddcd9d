package timeline

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"raftlab/internal/record"
)

// Choice says which events [List] writes.
type Choice struct {
	From, To time.Duration // both inclusive; To of zero means to the end
	// Methods are the RPCs whose messages are written, by their names without a receiver; "apply"
	// and "snapshot" among them stand for entries applied and snapshots. Everything else that is
	// not a message is written in any case.
	Methods []string
}

// hanging is the indentation of lines that are the rest of a longer one.
const hanging = 9

// Line is one line of a list, before it is wrapped.
type Line struct {
	Time time.Duration
	Text string
}

// List writes the events one below the other, a line or two each, whoever they are about. It is for
// pages that quote a few lines of a run, where columns would be mostly empty:
//
//	0.3363  2 -> 1   RequestPreVote {Term:1 CandidateId:2 LastLogIndex:0 LastLogTerm:0}
//	0.3375  2 <- 1   RequestPreVote {Term:1 VoteGranted:true}
//	0.8632  2 -x 0   RequestPreVote {Term:2 CandidateId:2 LastLogIndex:1 LastLogTerm:1} (link cut)
//	1.0000  network {0 1} {2}
//	1.0100  1        leads term 1
//
// The caller is on the left of a message, wherever it shows: a request when it arrives, or when it
// is lost, an answer when it is back.
func List(w io.Writer, events []record.Event, c Choice) error {
	for _, line := range Lines(events, c) {
		lead := clock(line.Time) + "  "
		for _, part := range Wrap(line.Text, defaultWidth-len(lead)-hanging) {
			if _, err := fmt.Fprintf(w, "%s%s\n", lead, part); err != nil {
				return err
			}
			lead = strings.Repeat(" ", len(clock(line.Time))+2+hanging)
		}
	}
	return nil
}

// Lines returns what [List] writes.
func Lines(events []record.Event, c Choice) (lines []Line) {
	asked := map[call]string{} // calls of a later cluster have the same numbers, so the latest one counts
	for _, r := range rowsOf(events) {
		if r.kind == record.Sent {
			asked[call{r.peer, r.other, r.n}] = r.detail
		}
		if r.time < c.From || c.To > 0 && r.time > c.To {
			continue
		}
		text := ""
		switch r.kind {
		case record.Sent:
			continue
		case record.Delivered, record.Replied, record.Dropped:
			if !slices.Contains(c.Methods, methodName(r.method)) {
				continue
			}
			text = message(r, asked)
		default:
			optional := r.kind == record.Apply || r.kind == record.Snapshot
			if optional && !slices.Contains(c.Methods, string(r.kind)) {
				continue
			}
			who := ""
			if r.peer >= 0 {
				who = fmt.Sprintf("%-9s", Name(r.peer))
			}
			text = who + r.full()
		}
		lines = append(lines, Line{r.time, strings.TrimRight(text, " ")})
	}
	return lines
}

// call identifies one call of a run: the n-th from one peer to another.
type call struct {
	from, to int
	n        uint64
}

func message(r row, asked map[call]string) string {
	from, to, arrow, rest := r.peer, r.other, "->", r.detail
	switch r.kind {
	case record.Delivered: // the row stands with the receiver
		from, to = r.other, r.peer
	case record.Replied:
		arrow = "<-"
	case record.Dropped:
		arrow = "-x"
		rest = strings.TrimSpace(asked[call{from, to, r.n}] + parenthesised(r.lost))
	}
	return fmt.Sprintf("%-9s%s %s", fmt.Sprintf("%s %s %s", Name(from), arrow, Name(to)), methodName(r.method), rest)
}
