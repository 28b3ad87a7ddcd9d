package sim

import (
	"time"

	"github.com/tetratelabs/wazero/api"
)

// clock is the guest's time. It moves only when the guest is idle: then it jumps to the guest's
// next timer. Reading it is free, so that a peer that logs the time of everything runs like one
// that does not.
//
// The exceptions are programs that would otherwise never see time pass: those that wait by reading
// the clock, by yielding, or in a loop that package backedge watches. They get free reads, and
// free yields up to a number no ordinary program comes near, and small steps of time beyond. Where
// even that does not help, the guest is stopped as a busy loop. All numbers count what the guest
// does, so a run ends at the same point on every machine.
type clock struct {
	start int64 // monotonic time at which the guest began, in ns
	now   int64 // monotonic, in ns
	wall  int64 // to be added to now for the time since 1970, in ns
	told  int64 // the last time of day that was read, in ns since 1970

	idle   uint64 // how often the guest has waited
	reads  int    // of the clock, since the guest was last idle, or a watched loop let others run
	yields int    // of the Go runtime to the host, since the guest was last idle

	shown   api.Memory // the guest's, where it reads the time; or nil
	at      uint32     // there: the time, and how many more readings are free, of 8 bytes each
	granted int64      // readings that were free when that was written

	accused func(why string) // told that the guest makes no progress
	onIdle  func()
}

const (
	// A sleep ends exactly at its time here, which it never does on a machine. A loop that does
	// nothing at that very instant, because its deadline is neither before nor after now, would go
	// round until it is slowed down. After so many reads it sees one nanosecond pass. The number is
	// odd because time.Now makes two reads, which are to agree.
	tieReads = 20_001
	tieStep  = int64(1)
	// More reads are free than package backedge lets a loop make before others get a turn: a loop
	// that waits by reading the clock (each time.Now is two reads) is slowed down there, and must
	// not race ahead of all others here.
	freeReads  = 10_000_000
	readStep   = int64(20 * time.Microsecond)
	maxReads   = 17_000_000 // 140 s of virtual time later
	freeYields = 1_000
	yieldStep  = int64(20 * time.Microsecond)
	maxYields  = 50_000_000
	loopStep   = int64(time.Millisecond)
)

// newClock returns a clock whose both faces depend on the seed: students seed their random numbers
// from the time of day.
func newClock(entropy [2]uint64) *clock {
	c := &clock{now: int64(time.Second) + int64(entropy[0]%uint64(time.Millisecond))} // 0 aborts the Go runtime
	c.start = c.now
	day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	c.wall = day.UnixNano() + int64(entropy[1]%uint64(900*24*time.Hour))
	return c
}

// take counts what the guest has read by itself. Afterwards, until show, it reads through the host.
func (c *clock) take() {
	if c.granted > 0 {
		left, _ := c.shown.ReadUint64Le(c.at + 8)
		c.reads += int(c.granted - int64(left))
		c.granted = 0
	}
}

// show puts the time where the guest finds it, with the number of readings that change nothing.
func (c *clock) show() {
	if c.shown == nil {
		return
	}
	c.granted = 0
	switch {
	case c.reads < tieReads-1:
		c.granted = int64(tieReads - 1 - c.reads)
	case c.reads >= tieReads && c.reads < freeReads:
		c.granted = int64(freeReads - c.reads)
	}
	c.shown.WriteUint64Le(c.at, uint64(c.now))
	c.shown.WriteUint64Le(c.at+8, uint64(c.granted))
}

// read returns the monotonic time.
func (c *clock) read() int64 {
	c.take()
	defer c.show()
	if c.reads++; c.reads == tieReads {
		c.now += tieStep
	}
	if c.reads > freeReads {
		c.now += readStep
		if c.reads > maxReads {
			c.accused("reads the clock over and over, and never waits")
		}
	}
	return c.now
}

// readWall returns the time of day. Each is later than the one before, as on a machine: clients that
// are named by it have different names, also when they are made at one instant. What a program
// measures goes by the monotonic time, and differs by nothing.
func (c *clock) readWall() (sec int64, nsec int32) {
	c.told = max(c.read()+c.wall, c.told+1)
	return c.told / 1e9, int32(c.told % 1e9)
}

// sleep is called when the guest has nothing to do for ns nanoseconds.
func (c *clock) sleep(ns int64) {
	c.take()
	c.now += max(ns, 0)
	c.idle++
	c.reads, c.yields = 0, 0
	c.show()
	if c.onIdle != nil {
		c.onIdle()
	}
}

// yield is called when the Go runtime waits for something in a loop of its own.
func (c *clock) yield() {
	c.take()
	defer c.show()
	if c.yields++; c.yields > freeYields {
		c.now += yieldStep
		if c.yields > maxYields {
			c.accused("yields over and over, and never waits")
		}
	}
}

// loop is called by package backedge, when a loop that never waits lets others run.
func (c *clock) loop() {
	c.take()
	c.now += loopStep
	c.reads = 0
	c.show()
}

// virtual is how far the clock has moved.
func (c *clock) virtual() time.Duration { return time.Duration(c.now - c.start) }

// since returns the time since an earlier reading of now.
func (c *clock) since(then int64) time.Duration {
	if then == 0 {
		then = c.start
	}
	return time.Duration(c.now - then)
}
