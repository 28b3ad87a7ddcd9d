package timeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"raftlab/internal/record"
)

// link is one direction between two peers.
type link struct{ from, to int }

// network follows which links are cut, so that a change can be told as what it comes to. A nemesis
// that goes from one partition to the next heals and cuts dozens of links at one instant:
//
//	cut 0->2, 2->0, 1->2, 2->1       reads   network {0 1} {2}
//	heal all of these                reads   network whole
//	cut 0->2                         reads   cut 0->2              (no partition, but one link)
type network struct {
	peers   int // 0 to peers-1
	down    map[link]bool
	started map[int]bool
}

func newNetwork(events []record.Event) *network {
	n := &network{down: map[link]bool{}, started: map[int]bool{}}
	for _, e := range events {
		for _, p := range []int{e.Peer, e.Other} {
			if p < record.FirstClient { // clients' links are told in notes
				n.peers = max(n.peers, p+1)
			}
		}
	}
	return n
}

// Change is what the links of a network came to at an instant.
type Change struct {
	At    time.Duration
	Text  string // "network {0 1} {2}", "heal 0<->1"
	Whole bool   // all links work
	Heals bool   // no link was cut that worked before
}

// Changes are the changes of the network in a run, in order.
func Changes(events []record.Event) (all []Change) {
	n := newNetwork(events)
	for i := 0; i < len(events); i++ {
		if events[i].Kind == record.Start {
			n.start(events[i].Peer)
		}
		if !isLink(events[i]) {
			continue
		}
		together := linksAt(events[i:])
		before := maps.Clone(n.down)
		if _, text := n.change(together); text != "" {
			heals := true
			for l := range n.down {
				heals = heals && before[l]
			}
			all = append(all, Change{At: events[i].Time, Text: text, Whole: len(n.down) == 0, Heals: heals})
		}
		i += len(together) - 1
	}
	return all
}

func isLink(e record.Event) bool { return e.Kind == record.Cut || e.Kind == record.Heal }

// linksAt are the events at the beginning of events that are about links, at the instant of the first.
func linksAt(events []record.Event) []record.Event {
	n := 0
	for n < len(events) && isLink(events[n]) && events[n].Time == events[0].Time {
		n++
	}
	return events[:n]
}

// Links names links, each from the first to the second, both directions of a pair together: "0<->1, 2->0".
func Links(links [][2]int) string {
	var all []link
	for _, l := range links {
		all = append(all, link{l[0], l[1]})
	}
	return linksText(all)
}

// start notices that a peer starts. One that starts a second time without having crashed belongs to
// a new cluster, whose network is whole.
func (n *network) start(peer int) {
	if n.started[peer] {
		clear(n.down)
		clear(n.started)
	}
	n.started[peer] = true
}

// change applies the cuts and heals of one instant. It returns the links that are other than
// before, and the change in words; none and "" if it comes to nothing.
func (n *network) change(events []record.Event) ([]link, string) {
	before := maps.Clone(n.down)
	for _, e := range events {
		l := link{e.Peer, e.Other}
		if e.Kind == record.Cut {
			n.down[l] = true
		} else {
			delete(n.down, l)
		}
	}
	var cut, healed []link
	for from := range n.peers {
		for to := range n.peers {
			switch l := (link{from, to}); {
			case n.down[l] && !before[l]:
				cut = append(cut, l)
			case before[l] && !n.down[l]:
				healed = append(healed, l)
			}
		}
	}
	changed := append(slices.Clone(cut), healed...)
	if len(changed) == 0 {
		return nil, ""
	}
	if len(n.down) == 0 {
		return changed, "network whole"
	}
	if groups := n.groups(); groups != "" {
		return changed, "network " + groups
	}
	var parts []string
	if len(cut) > 0 {
		parts = append(parts, "cut "+linksText(cut))
	}
	if len(healed) > 0 {
		parts = append(parts, "heal "+linksText(healed))
	}
	return changed, strings.Join(parts, "; ")
}

// groups writes the network as a partition, "{0 1} {2}", if it is one: all links within a group
// work, and none between groups does.
func (n *network) groups() string {
	var b strings.Builder
	placed := make([]int, n.peers) // group of each peer, from 1
	for p := range n.peers {
		if placed[p] != 0 {
			continue
		}
		fmt.Fprintf(&b, " {%d", p)
		placed[p] = p + 1
		for q := p + 1; q < n.peers; q++ {
			if placed[q] == 0 && !n.down[link{p, q}] {
				placed[q] = p + 1
				fmt.Fprintf(&b, " %d", q)
			}
		}
		b.WriteString("}")
	}
	for p := range n.peers {
		for q := range n.peers {
			if p != q && n.down[link{p, q}] == (placed[p] == placed[q]) {
				return ""
			}
		}
	}
	return b.String()[1:]
}

// linksText names links, both directions of a pair together: "0<->1, 2->0". Where there are many,
// the rest is counted.
func linksText(links []link) string {
	const most = 8
	var parts []string
	done := map[link]bool{}
	for _, l := range links {
		back := link{l.to, l.from}
		switch {
		case done[l]:
		case slices.Contains(links, back):
			parts = append(parts, fmt.Sprintf("%d<->%d", min(l.from, l.to), max(l.from, l.to)))
			done[back] = true
		default:
			parts = append(parts, fmt.Sprintf("%d->%d", l.from, l.to))
		}
		done[l] = true
	}
	if len(parts) > most {
		parts = append(parts[:most], fmt.Sprintf("and %d more", len(parts)-most))
	}
	return strings.Join(parts, ", ")
}
