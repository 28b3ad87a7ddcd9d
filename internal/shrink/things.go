package shrink

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/scenario"
	"raftlab/internal/timeline"
)

// Thing is something that happened to a run from outside, and could have been left out.
type Thing struct {
	Kind  scenario.Kind
	Line  string        // of a scenario that leaves out all things of the kind, and has to bring this one back
	Start time.Duration //
	End   time.Duration // 0: it lasts until the end of the run, or only an instant
	Story string        // "peer 2 crashes"
}

// Things are those of the run with these events, in the order of their beginnings. The events have
// their details (record.Params.Detail), and the run had a scenario, however empty: only then does
// it tell of operations.
func Things(events []record.Event) []Thing {
	s := &scan{events: events, open: map[string]int{}, down: map[[2]int]int{}, cut: map[int][][2]int{}, calls: map[edge]*call{},
		paused: map[int]bool{}, started: map[int]bool{}, keyed: map[string]int{}}
	for at, e := range events {
		s.peers = max(s.peers, ordinary(e.Peer)+1, ordinary(e.Other)+1)
		s.event(at, e)
	}
	s.finish()
	if s.slow {
		s.things = append(s.things, weather(scenario.Delay))
	}
	slices.SortStableFunc(s.things, func(a, b Thing) int { return int(a.Start - b.Start) })
	return s.things
}

// ordinary is the number of a peer, or -1 for clients and nobody.
func ordinary(p int) int {
	if p >= record.FirstClient {
		return -1
	}
	return p
}

// edge is one call: the n-th from one peer to another.
type edge struct {
	from, to int
	n        uint64
}

// call is what is known of a call so far; -1 where nothing is.
type call struct {
	method            string
	sent              time.Duration
	delivered, handle time.Duration
	late              bool // a thing was made of its reply
}

// scan reads the events of a run one after the other.
type scan struct {
	events  []record.Event
	peers   int
	cluster int
	things  []Thing
	open    map[string]int   // what ends a thing -> which: "restart 2", "goes on 2"
	keyed   map[string]int   // key -> the cut that has it
	cut     map[int][][2]int // cut -> its links
	slow    bool             // a request took longer than on a reliable network
	down    map[[2]int]int   // link -> the cut that it is down for
	calls   map[edge]*call
	started map[int]bool
	paused  map[int]bool
	last    time.Duration
}

func (s *scan) add(kind scenario.Kind, line string, at time.Duration, story string, args ...any) int {
	s.things = append(s.things, Thing{Kind: kind, Line: line, Start: at, Story: fmt.Sprintf(story, args...)})
	return len(s.things) - 1
}

// end notes that a thing is over.
func (s *scan) end(by string, at time.Duration) {
	if i, ok := s.open[by]; ok {
		s.things[i].End = at
		delete(s.open, by)
	}
}

func (s *scan) event(at int, e record.Event) {
	s.last = e.Time
	switch e.Kind {
	case record.Start, record.Restart:
		if e.Kind == record.Start {
			s.starts(e.Peer)
		}
		s.end(fmt.Sprint("restart ", e.Peer), e.Time)
	case record.CrashPeer:
		s.end(fmt.Sprint("goes on ", e.Peer), e.Time)
		delete(s.paused, e.Peer)
		if k, err := scenario.ParseKey(e.Detail); err == nil {
			when := ""
			if e.Text != "" {
				when = " " + e.Text
			}
			i := s.add(k.Kind, "play "+k.String(), e.Time, "peer %d crashes%s", e.Peer, when)
			s.open[fmt.Sprint("restart ", e.Peer)] = i
		}
	case record.Cut:
		s.cutLink(e)
	case record.Heal:
		s.healLink(e)
	case record.Note:
		s.note(at, e)
	case record.Sent, record.Delivered, record.Handled, record.Dropped, record.Replied:
		s.message(e)
	}
}

// starts notices that a peer starts. One that starts a second time belongs to the next cluster of
// the case.
func (s *scan) starts(peer int) {
	if s.started[peer] {
		s.cluster++
		clear(s.started)
		clear(s.down)
		clear(s.paused)
		clear(s.calls)
	}
	s.started[peer] = true
}

func (s *scan) cutLink(e record.Event) {
	k, err := scenario.ParseKey(e.Detail)
	if err != nil {
		return
	}
	i, ok := s.keyed[k.String()]
	if !ok {
		i = s.add(k.Kind, "play "+k.String(), e.Time, "")
		s.keyed[k.String()] = i
	}
	l := [2]int{e.Peer, e.Other}
	s.down[l] = i
	s.cut[i] = append(s.cut[i], l)
}

// healLink ends a cut with the last of its links.
func (s *scan) healLink(e record.Event) {
	l := [2]int{e.Peer, e.Other}
	i, ok := s.down[l]
	if !ok {
		return
	}
	delete(s.down, l)
	for _, other := range s.down {
		if other == i {
			return
		}
	}
	s.things[i].End = e.Time
}

// note reads the notes of faults and operations.
func (s *scan) note(at int, e record.Event) {
	var peer int
	if n, _ := fmt.Sscanf(e.Text, "peer %d goes on", &peer); n == 1 {
		s.end(fmt.Sprint("goes on ", peer), e.Time)
		delete(s.paused, peer)
		return
	}
	k, err := scenario.ParseKey(e.Detail)
	if err != nil || strings.HasPrefix(e.Text, "left out: ") {
		return
	}
	story := e.Text
	if k.Kind == scenario.Operation {
		story = s.operation(at, e)
	}
	i := s.add(k.Kind, "play "+k.String(), e.Time, "%s", story)
	if n, _ := fmt.Sscanf(e.Text, "peer %d is paused", &peer); n == 1 {
		s.open[fmt.Sprint("goes on ", peer)] = i
		s.paused[peer] = true
	}
}

// operation says what the operation is that the note at this position announces.
func (s *scan) operation(at int, e record.Event) string {
	if e.Peer < record.FirstClient {
		return "a command is proposed"
	}
	for _, next := range s.events[at+1:] {
		if next.Kind == record.Invoke && next.Peer == e.Peer {
			return fmt.Sprintf("client %s: %s %s", timeline.Name(e.Peer), next.Method, next.Text)
		}
	}
	return fmt.Sprintf("client %s begins an operation", timeline.Name(e.Peer))
}

const (
	// lateFrom is from when on a reply counts as overtaken: such replies take 200 ms and more,
	// others 1 ms.
	lateFrom = 150 * time.Millisecond
	// openFrom is the same for a reply of which only the loss is known, or nothing.
	openFrom = 2 * time.Millisecond
)

func (s *scan) message(e record.Event) {
	key := edge{e.Peer, e.Other, e.N}
	c := s.calls[key]
	if c == nil || e.Kind == record.Sent {
		c = &call{method: short(e.Method), sent: e.Time, delivered: -1, handle: -1}
		s.calls[key] = c
	}
	name := scenario.Call{From: e.Peer, To: e.Other, N: e.N, Cluster: s.cluster}.String()
	way := fmt.Sprintf("%s -> %s", timeline.Name(e.Peer), timeline.Name(e.Other))
	switch e.Kind {
	case record.Delivered:
		if c.delivered >= 0 {
			s.add(scenario.Duplicate, fmt.Sprintf("repeat request %s after %v", name, e.Time-c.delivered), e.Time, "%s of %s arrives again", c.method, way)
		}
		s.slow = s.slow || c.delivered < 0 && e.Time-c.sent > openFrom && !s.anyPaused(e)
		c.delivered = e.Time
	case record.Handled:
		if c.handle < 0 {
			c.handle = e.Time
		}
	case record.Dropped:
		switch {
		case e.Text == "request lost":
			s.add(scenario.Loss, "lose request "+name, e.Time, "%s %s is lost", c.method, way)
		case e.Text == "reply lost":
			s.add(scenario.Loss, "lose reply "+name, e.Time, "the reply to %s %s is lost", c.method, way)
		case c.handle >= 0 && e.Time-c.handle > openFrom && !s.anyPaused(e):
			s.late(c, name, e.Time-c.handle+time.Second, way)
		}
		delete(s.calls, key)
	case record.Replied:
		if c.handle >= 0 && e.Time-c.handle > lateFrom && !s.anyPaused(e) {
			s.late(c, name, e.Time-c.handle, way)
		}
		c.late = true // it has arrived; a second copy may still come
	}
}

func (s *scan) late(c *call, name string, took time.Duration, way string) {
	s.add(scenario.Overtaken, fmt.Sprintf("hold reply %s for %v", name, took), c.handle, "the reply to %s %s is late", c.method, way)
	c.late = true
}

func (s *scan) anyPaused(e record.Event) bool { return s.paused[e.Peer] || s.paused[e.Other] }

// finish makes things of replies that were under way at the end, and tells what was cut.
func (s *scan) finish() {
	for key, c := range s.calls {
		if c.handle >= 0 && !c.late && s.last-c.handle > openFrom && !s.paused[key.from] && !s.paused[key.to] {
			name := scenario.Call{From: key.from, To: key.to, N: key.n, Cluster: s.cluster}.String()
			s.late(c, name, s.last-c.handle+time.Second, fmt.Sprintf("%s -> %s", timeline.Name(key.from), timeline.Name(key.to)))
		}
	}
	for i, links := range s.cut {
		s.things[i].Story = s.shape(links)
	}
	slices.SortFunc(s.things, func(a, b Thing) int { return strings.Compare(a.Line, b.Line) }) // calls is a map
}

// shape says in words which links are cut.
func (s *scan) shape(links [][2]int) string {
	var alone []string
	covered := 0
	for p := range s.peers {
		n := 0
		for _, l := range links {
			if l[0] == p || l[1] == p {
				n++
			}
		}
		if n == 2*(s.peers-1) {
			alone = append(alone, fmt.Sprint(p))
			covered += n - 2*(len(alone)-1)
		}
	}
	if len(alone) == 1 && covered == len(links) {
		return "peer " + alone[0] + " is cut off"
	}
	if len(alone) > 1 && covered == len(links) {
		last := len(alone) - 1
		return "peers " + strings.Join(alone[:last], ", ") + " and " + alone[last] + " are cut off"
	}
	if sides := s.sides(links); sides != "" {
		return "the network is divided: " + sides
	}
	return "links are cut: " + timeline.Links(links)
}

// sides are the two groups of peers that all these links are between, or "".
func (s *scan) sides(links [][2]int) string {
	cut := map[[2]int]bool{}
	for _, l := range links {
		cut[l] = true
	}
	var here, there []string
	a := 0
	for p := range s.peers {
		if p == 0 || !cut[[2]int{0, p}] {
			here = append(here, fmt.Sprint(p))
			a++
		} else {
			there = append(there, fmt.Sprint(p))
		}
	}
	if len(there) == 0 || len(links) != 2*a*(s.peers-a) {
		return ""
	}
	return "{" + strings.Join(here, " ") + "} {" + strings.Join(there, " ") + "}"
}

// short is the name of a method without that of its service.
func short(method string) string { return method[strings.LastIndexByte(method, '.')+1:] }
