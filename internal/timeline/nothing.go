package timeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/deduce"
	"raftlab/internal/plain"
	"raftlab/internal/record"
)

// mostNames is how many keys and clients are named.
const mostNames = 12

// nothing says that a timeline is empty, and what of the things asked for there is in the run.
func nothing(events []record.Event, o Options) string {
	parts := []string{"nothing that was asked for happens in this run"}
	if len(events) == 0 {
		return parts[0]
	}
	first, last := events[0].Time, events[len(events)-1].Time
	if o.From > last || o.To > 0 && o.To < first {
		return fmt.Sprintf("nothing happens in that time: the run lasts from %s to %s s", strings.TrimSpace(clock(first)), strings.TrimSpace(clock(last)))
	}
	if o.From > 0 || o.To > 0 {
		parts[0] = "nothing that was asked for happens in that time"
	}
	s := o.Choice
	if s.HasKey {
		parts = append(parts, thereAre("key", keysOf(events)))
	}
	if s.Client != 0 {
		var names []string
		for _, p := range Peers(events) {
			if p >= record.FirstClient {
				names = append(names, Name(p))
			}
		}
		parts = append(parts, thereAre("client", names))
	}
	if s.Index > 0 {
		parts = append(parts, fmt.Sprintf("the last index of a log is %d", lastIndex(events)))
	}
	return strings.Join(parts, "; ")
}

func thereAre(what string, names []string) string {
	switch {
	case len(names) == 0:
		return "no " + what + " occurs in it"
	case len(names) > mostNames:
		names = append(names[:mostNames:mostNames], "...")
	}
	return "there are " + plain.Line(strings.Join(names, ", "), plain.MaxName)
}

// keysOf are the keys of clients' operations, sorted.
func keysOf(events []record.Event) []string {
	var keys []string
	for _, m := range Moments(events) {
		if k := strconv.Quote(m.Key); m.Key != "" && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// lastIndex is the last index at which a peer is known to have had an entry.
func lastIndex(events []record.Event) (last int) {
	for _, c := range deduce.Changes(events) {
		if c.What == deduce.Entered || c.What == deduce.Applied {
			last = max(last, c.Index)
		}
	}
	return last
}
