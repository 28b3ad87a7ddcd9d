package experiment

import (
	"time"

	"raftlab/tester"
)

// load is clients that write all the time, and watch how they fare. They do not know who leads:
// each command goes to every peer that says it does, as clients behind different parts of a broken
// network would have it.
type load struct {
	c        *tester.Cluster
	interval time.Duration
	next     int

	commits  int           // entries that some peer has applied, since the last reset
	changes  int           // how often there was another leader, or a newer term of the same
	gap      time.Duration // the longest time without a commit
	without  time.Duration // all time without a commit beyond what the interval explains
	applied  int
	lastAt   time.Duration // of the last commit
	lastTerm int           // of the newest leader
}

// newLoad begins to write, a command per interval.
func newLoad(c *tester.Cluster, interval time.Duration) *load {
	l := &load{c: c, interval: interval}
	l.reset()
	return l
}

// reset forgets what was counted.
func (l *load) reset() {
	l.commits, l.changes, l.gap, l.without = 0, 0, 0, 0
	l.applied, l.lastAt = l.highest(), l.c.Env().Now()
	_, l.lastTerm = l.newestLeader()
}

// run writes for d.
func (l *load) run(d time.Duration) {
	for end := l.c.Env().Now() + d; l.c.Env().Now() < end; {
		l.step()
	}
	l.noteGap(l.c.Env().Now() - l.lastAt)
}

// step writes once, waits for an interval, and looks.
func (l *load) step() {
	for i := range l.c.N() {
		if _, leads := l.c.State(i); leads {
			l.next++
			l.c.Propose(i, l.next)
		}
	}
	l.c.Env().Sleep(l.interval)
	now := l.c.Env().Now()
	if applied := l.highest(); applied > l.applied {
		l.commits += applied - l.applied
		l.noteGap(now - l.lastAt)
		l.applied, l.lastAt = applied, now
	}
	if _, term := l.newestLeader(); term > l.lastTerm {
		l.changes++
		l.lastTerm = term
	}
}

// noteGap counts a time without a commit. A few intervals are what an undisturbed cluster needs.
func (l *load) noteGap(d time.Duration) {
	l.gap = max(l.gap, d)
	if usual := 5 * l.interval; d > usual {
		l.without += d - usual
	}
}

// highest returns how much is known to be committed: what any peer has applied.
func (l *load) highest() (index int) {
	for i := range l.c.N() {
		index = max(index, l.c.AppliedThrough(i))
	}
	return index
}

// newestLeader returns the leader of the newest term that has one, and the term.
func (l *load) newestLeader() (leader, term int) {
	leader = -1
	for i := range l.c.N() {
		if t, leads := l.c.State(i); leads && t > term {
			leader, term = i, t
		}
	}
	return leader, term
}

// newestTerm returns the highest term of any peer.
func newestTerm(c *tester.Cluster) (term int) {
	for i := range c.N() {
		t, _ := c.State(i)
		term = max(term, t)
	}
	return term
}

// milliseconds is how durations are reported.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
