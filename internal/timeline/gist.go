package timeline

import (
	"fmt"
	"slices"
	"time"

	"raftlab/internal/record"
)

// gists are the classes that a gist is of, the most telling first.
var gists = []string{"crashes", "network", "states", "votes", "applies", "snapshots", "clients", "appends"}

// Gist tells in a few words the most telling events from one instant up to another, which does not
// belong to it: crashes before cuts, those before leaders, then votes, and so on. Heartbeats and
// requests of services are not worth telling. "" if there is nothing else. moments are [Moments] of
// the events.
func Gist(events []record.Event, moments []Moment, from, to time.Duration) string {
	best, text, more := len(gists), "", 0
	for _, m := range moments {
		if at := events[m.At].Time; at < from || at >= to {
			continue
		}
		rank := slices.Index(gists, Classes[m.Class].Name)
		if e := events[m.At]; e.Kind == record.Start || e.Kind == record.State && !e.Leader {
			continue // peers start, and terms pass, all the time
		}
		switch {
		case rank < 0 || rank > best:
		case rank == best:
			more++
		default:
			best, text, more = rank, m.Text, 0
			if m.Peer != record.None {
				text = Name(m.Peer) + ": " + m.Text
			}
		}
	}
	if more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}
