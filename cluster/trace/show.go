package trace

import (
	"fmt"
	"io"
	"slices"
)

// Client is the number of the client, among those of members.
const Client = -1

// Show writes the events of all in the order of time, in milliseconds since the first.
func Show(out io.Writer, events []Event) {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	for _, e := range events {
		who := "client"
		if e.Member != Client {
			who = fmt.Sprintf("member %d", e.Member)
		}
		fmt.Fprintf(out, "%10.3f ms  %-9s %s\n", float64(e.At.Sub(events[0].At).Microseconds())/1000, who, e.What)
	}
}

// Everywhere says whether all of those members have applied the request.
func Everywhere(events []Event, members []int) bool {
	for _, m := range members {
		if !slices.ContainsFunc(events, func(e Event) bool { return e.Member == m && e.What == Applied }) {
			return false
		}
	}
	return true
}
