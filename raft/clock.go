package raft

import "time"

// clock is what a server takes for the time. It reads a source, usually time.Now, and can run
// faster or slower than it: real clocks do, by a little, and a lease has to live with that
// (lease.go).
//
//	source   |----|----|----|----|----|----|          rate 1.5: three ticks of this server
//	clock    |----|----|--|--|--|--|--|--|--|         while the others have two
//	                   ^ setRate(1.5)
//
// The zero value is not usable; see [newClock].
type clock struct {
	source func() time.Time
	rate   float64 // clock time per source time
	mark   time.Time
	local  time.Time // what this clock showed when the source showed mark
}

func newClock(source func() time.Time) clock {
	if source == nil {
		source = time.Now
	}
	return clock{source: source, rate: 1}
}

// now is the time on this clock.
func (c *clock) now() time.Time {
	t := c.source()
	if c.mark.IsZero() {
		return t
	}
	return c.local.Add(time.Duration(float64(t.Sub(c.mark)) * c.rate))
}

// real says how long it takes in real time until this clock has gone on by d: what to give to
// package time's timers, which do not drift.
func (c *clock) real(d time.Duration) time.Duration {
	if c.rate == 1 {
		return d
	}
	return time.Duration(float64(d) / c.rate)
}

// setRate lets the clock go on from where it is, at another rate. It never jumps.
func (c *clock) setRate(rate float64) {
	c.local, c.mark = c.now(), c.source()
	c.rate = rate
}

// DriftClock lets this server's clock run at rate times the real one from now on: its election
// timeouts, its memory of having heard from a leader, and its leases. (The heartbeat interval is no
// promise to anybody, and stays.) It is how a test checks the assumption that a lease rests on; see
// [raftapi.ClockDrifter]. It panics unless rate is positive.
func (rf *Raft) DriftClock(rate float64) {
	if rate <= 0 {
		panic("raft: DriftClock: a clock that stands still or runs backwards is not supported; give a positive rate")
	}
	rf.mu.Lock()
	defer rf.mu.Unlock()
	old := rf.clock.rate
	rf.clock.setRate(rate)
	if rf.state == leader || rf.killed {
		return // no election timer is running
	}
	rest := time.Duration(float64(time.Until(rf.electionDeadline)) * old / rate)
	rf.electionDeadline = time.Now().Add(rest)
	rf.electionTimer.Reset(rest)
}
