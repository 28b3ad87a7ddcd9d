package deduce

import (
	"maps"
	"slices"
	"strings"
	"time"

	"raftlab/internal/record"
)

// longSilence is how long a peer may wait for a leader, and not ask for votes: several times the
// longest election timeout that it may draw (docs/timing.md).
const longSilence = 3 * time.Second

// silent judges peers that at the end of the run have neither heard a leader for long, nor asked
// anybody.
func (w *witness) silent() {
	if len(w.events) == 0 || !w.reads {
		return
	}
	end := w.events[len(w.events)-1].Time
	for _, peer := range slices.Sorted(maps.Keys(w.members)) {
		p := w.members[peer]
		last := w.events[p.stirred].Time
		if p.started && !p.down && !p.paused && (p.leads == 0 || p.leads < p.term) && end-last > longSilence {
			w.at = p.stirred
			w.breach(peer, "hears no leader from here on, %v to the end, and never asks for votes", (end - last).Round(100*time.Millisecond))
		}
	}
}

// longWork is how long a peer may work on a request of Raft's: nothing in it waits for others.
const longWork = time.Second

// unanswered judges requests that arrived long before the end of the run, at peers that have been up
// since, and were never answered: their handlers hang.
func (w *witness) unanswered() {
	if len(w.events) == 0 {
		return
	}
	end := w.events[len(w.events)-1].Time
	for _, peer := range slices.Sorted(maps.Keys(w.members)) {
		p, first := w.members[peer], -1
		for _, at := range p.working {
			if first < 0 || at < first {
				first = at
			}
		}
		if first < 0 || p.down || p.paused || end-w.events[first].Time < longWork {
			continue
		}
		w.at = first
		w.breach(peer, "never answers the %s of %d that arrives here", method(w.events[first].Method), w.events[first].Peer).Idle = true
	}
}

// method is "AppendEntries" of "Raft.AppendEntries".
func method(m string) string { return m[strings.LastIndexByte(m, '.')+1:] }

// word is when a leader last sent something to a follower.
type word struct {
	term, at int
	time     time.Duration
	others   int           // how often it has sent to others since
	last     time.Duration // when it last did
	lost     bool          // something for the follower was, since
}

// alone is how long a leader may send nothing to a follower: several heartbeats, and longer than a
// peer waits for an answer under load (docs/timing.md).
const alone = 400 * time.Millisecond

// apart is how far apart two messages to others are that count as two: those of one instant are one
// word to all.
const apart = 20 * time.Millisecond

// leastToOthers is how much a leader has to have sent to others meanwhile, so that it is silent
// towards one: one that stands still is silent towards all.
const leastToOthers = 3

// speaks judges that a leader sends to a follower often enough to be heard (§5.2).
func (w *witness) speaks(e record.Event, term int) {
	p := w.of(e.Peer)
	if was, ok := p.words[e.Other]; ok && !was.lost && was.term == term {
		w.leavesAlone(e.Peer, e.Other, was, e.Time)
	}
	for q, was := range p.words {
		if e.Time-was.last >= apart {
			was.others, was.last = was.others+1, e.Time
			p.words[q] = was
		}
	}
	p.words[e.Other] = word{term: term, at: w.at, time: e.Time, last: e.Time}
}

// loses notes that something for a follower was lost: a leader may wait for an answer then, or for what
// tells it of the loss.
func (p *member) loses(follower int) {
	if was, ok := p.words[follower]; ok {
		was.lost = true
		p.words[follower] = was
	}
}

// unheard is how long a leader may send nothing to a follower while that does not stand for election: two
// heartbeats.
const unheard = 200 * time.Millisecond

// passedOver judges that a leader that sends to others has not left a peer alone for so long that it
// stands. What it sent last may have been lost: some wait for an answer then, which is nobody's fault
// unless the verdict says that the leader was disturbed.
func (w *witness) passedOver(follower int) {
	for _, leader := range slices.Sorted(maps.Keys(w.members)) {
		p := w.of(leader)
		was, ok := p.words[follower]
		silent := w.events[w.at].Time - was.time
		if !ok || p.down || p.paused || was.term != p.term || was.term < w.of(follower).term || silent < unheard || was.others < 2 || p.toldLeft || p.toldAlone {
			continue
		}
		p.toldLeft = true
		b := w.breach(leader, "sends nothing to %d from here on for %v, although it leads and sends to others, until %d stands for election", follower,
			silent.Round(time.Millisecond), follower)
		b.At, b.Rule = was.at, disturbed
	}
}

// leavesAlone judges the time from a leader's word to a follower up to the next one, or to the end.
func (w *witness) leavesAlone(leader, follower int, was word, to time.Duration) {
	if p := w.of(leader); to-was.time <= alone || was.others < leastToOthers || p.toldAlone {
		return
	}
	w.of(leader).toldAlone = true
	b := w.breach(leader, "sends nothing to %d from here on for %v, although it leads, and sends to others", follower, (to - was.time).Round(time.Millisecond))
	b.At, b.Idle = was.at, true
}

// leftToStand is leavesAlone for a follower that asks for votes.
func (w *witness) leftToStand(follower int) {
	for _, leader := range slices.Sorted(maps.Keys(w.members)) {
		if was, ok := w.of(leader).words[follower]; ok && !was.lost && was.term == w.of(leader).term {
			w.leavesAlone(leader, follower, was, w.events[w.at].Time)
		}
	}
}

// leftAlone is leavesAlone for those that lead at the end of the run.
func (w *witness) leftAlone() {
	if len(w.events) == 0 {
		return
	}
	for _, leader := range slices.Sorted(maps.Keys(w.members)) {
		p := w.members[leader]
		if p.down || p.paused || p.leads < p.term {
			continue
		}
		for _, follower := range slices.Sorted(maps.Keys(p.words)) {
			if was := p.words[follower]; !was.lost && was.term == p.leads {
				w.leavesAlone(leader, follower, was, w.events[len(w.events)-1].Time)
			}
		}
	}
}

// denial is that a peer tells clients that it does not lead, again and again.
type denial struct {
	term, first, many int
}

// turnsAway follows what a peer answers clients.
func (p *member) turnsAway(e record.Event, at int) {
	switch wrong := strings.Contains(errorOf(parse(e.Detail)), "WrongLeader"); {
	case !wrong:
		p.away = denial{}
	case p.away.many > 0 && p.away.term == p.leads:
		p.away.many++
	default:
		p.away = denial{p.leads, at, 1}
	}
}

// longDenial is for how long a leader may send clients away: while it hands its leadership over, say, or
// is not sure that it still leads.
const longDenial = 5 * time.Second

// turnedAway judges leaders that up to the end of the run have told clients for long that they do not lead,
// and have told nobody anything else.
func (w *witness) turnedAway() {
	if len(w.events) == 0 {
		return
	}
	end := w.events[len(w.events)-1].Time
	for _, peer := range slices.Sorted(maps.Keys(w.members)) {
		p := w.members[peer]
		if p.down || p.paused || p.away.many < 2 || p.leads == 0 || p.leads < p.term || p.away.term != p.leads || end-w.events[p.away.first].Time < longDenial {
			continue
		}
		w.at = p.away.first
		w.breach(peer, "tells clients from here on that it does not lead, %d times in %v, although it leads term %d", p.away.many,
			(end - w.events[w.at].Time).Round(time.Second), p.leads).Idle = true
	}
}
