// Package yield interrupts goroutines of the code under test where they synchronize, in some runs.
//
// In the engine one goroutine runs until it waits. So two critical sections one after the other are
// as good as one, and a goroutine that sends with a mutex held never meets the one that wants this
// mutex at the same moment. On a machine with many processors, and an operating system that takes
// them away, both go wrong. Therefore the engine compiles the code under test with a call in front
// of every statement that uses package sync or sync/atomic, or a channel; its argument is the
// place's number:
//
//	rf.mu.Lock()                           raftlab_yield.Here(71);rf.mu.Lock()
//	yes := rf.votedFor == nobody           yes := rf.votedFor == nobody
//	rf.mu.Unlock()               becomes   raftlab_yield.Here(72);rf.mu.Unlock()
//	rf.mu.Lock()                           raftlab_yield.Here(73);rf.mu.Lock()
//
// The seed alone says whether anything happens there: every fourth has interruptions, the others
// have none. In a run that has them, each call draws from numbers of its goroutine's own (the
// overlay group "yields" of the engine's Go runtime keeps them), so that one call more of one
// goroutine changes nothing for the others. What can happen is
//
//	a turn   others that can run may do so first; no time passes
//	a nap    the goroutine sleeps: its thread has lost the processor, or a page was not in memory
//
// A window in the code is found if the goroutine that is in it is interrupted, and the other one
// comes at that moment. If naps were equally rare everywhere, both together would hardly ever
// happen; if they were frequent, everything would be slow. So each run has a few places, drawn from
// its seed, that are often and long interrupted, and many runs see to it that each place is among
// them now and then: one in eight, and every other one where a function locks again what it has
// just let go, which is where a decision goes stale.
//
//	                 these places             others
//	one call in      2 naps                   64 naps, 8 gives way
//	a nap is up to   8 ms                     256 us
//
// Outside the engine there are no such calls.
package yield

import "time"

// every divides the seeds that have interruptions.
const every = 4

// Varies says whether the runs of a seed have interruptions.
func Varies(seed uint64) bool { return seed%every == 0 }

// kind is what happens at a call.
type kind int

const (
	nothing kind = iota
	turn
	nap
)

// manner is how often a place is interrupted, and how long.
type manner struct {
	naps, turns uint64        // one call in so many
	shortest    time.Duration // of a nap
	doublings   uint64        // of shortest: the length of a nap is below
}

var (
	frequent = manner{naps: 2, turns: 2, shortest: 32 * time.Microsecond, doublings: 8}
	rare     = manner{naps: 64, turns: 8, shortest: time.Microsecond, doublings: 8}
)

// Gap is added to the number of a place where a function locks a second time.
const Gap = 1 << 32

// mannerOf says how a place is treated in the run with this key.
func mannerOf(run, place uint64) manner {
	one := uint64(8)
	if place >= Gap {
		one = 2
	}
	if mix(run+mix(place))%one == 0 {
		return frequent
	}
	return rare
}

// decide turns a number that was drawn into what happens, and for how long. Each doubling of a
// nap's length is as likely as any other: a window of some microseconds is found as well as one of
// milliseconds.
func (m manner) decide(x uint64) (kind, time.Duration) {
	naps, x := x%m.naps, x/m.naps
	if naps == 0 {
		d := m.shortest << (x % m.doublings)
		return nap, d + time.Duration(x/m.doublings%uint64(d))
	}
	if x%m.turns == 0 {
		return turn, 0
	}
	return nothing, 0
}

// mix is the finalizer of splitmix64.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
