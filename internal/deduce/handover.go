package deduce

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"raftlab/internal/record"
)

// mostHandovers is how many answers to one kind of request are shown.
const mostHandovers = 2

// handovers finds where a group of servers gave another one the key of the verdict, while a write was
// under way that it names: a write that is lost, or done twice, may have met its shard on the way.
func (w *weigher) handovers() {
	writes := w.named()
	group := map[int]string{}
	shown := map[string]int{}
	for at, e := range w.events {
		if e.Kind == record.Start && strings.HasPrefix(e.Text, "group ") {
			group[e.Peer] = e.Text
		}
		asks, answers := group[e.Peer], group[e.Other]
		if e.Kind != record.Handled || asks == "" || answers == "" || asks == answers || shown[e.Method] == mostHandovers || !w.subject.brings(e.Detail) ||
			!slices.ContainsFunc(writes, func(o under) bool { return o.from <= e.Time && e.Time <= o.to }) {
			continue
		}
		if isYes(e.Detail) {
			shown[e.Method]++
			w.raise(at, Decisive)
		}
	}
}

// brings says whether an answer has the key in it: as a text, in a map, or encoded, behind its length.
func (s Subject) brings(detail string) bool {
	if !s.HasKey {
		return false
	}
	encoded := strconv.Quote(string(rune(len(s.Key))) + s.Key)
	return slices.ContainsFunc([]string{strconv.Quote(s.Key), "[" + s.Key + ":", " " + s.Key + ":", encoded[1 : len(encoded)-1]},
		func(form string) bool { return strings.Contains(detail, form) })
}

// under is from when to when an operation was under way.
type under struct{ from, to time.Duration }

// named are the writes with whose ends the verdict names them.
func (w *weigher) named() (writes []under) {
	began := map[int]record.Event{}
	for _, e := range w.events {
		switch {
		case e.Kind == record.Invoke:
			began[e.Peer] = e
		case w.subject.Ends(e) && began[e.Peer].Method != "get":
			writes = append(writes, under{began[e.Peer].Time, e.Time})
		}
	}
	return writes
}
