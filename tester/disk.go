package tester

import (
	"fmt"
	"time"

	"raftlab/internal/record"
	"raftlab/tester/process"
)

// disk is the time that stable storage takes (Options.Fsync). A write to a persister is synced
// before the call returns, and a disk syncs one write at a time, in the order of the calls:
//
//	calls     a              b    c
//	          |              |    |
//	disk      [==== a ====]  [==== b ====][==== c ====]
//	                      |              |            |
//	stored, and returns   a              b            c
//	                                ^
//	                                a crash here loses b and c, each as a whole: nobody can
//	                                have been told of them, if the peer keeps the rules
//
// So a peer that says "stored" while its write is still under way is found out by a crash in that
// time. Without a disk there is hardly any such time.
//
// Peers call their persister with their mutex held, as they should. The goroutine that sleeps here
// then has others wait for that mutex, which freezes the virtual time of a testing/synctest bubble
// (tester/process/watchdog.go). So the model is off in bubbles, with a warning. The engine and
// -clock=real have it.
type disk struct {
	fsync func() time.Duration // of the next write; nil: writes take no time
	speed int                  // bytes per second; 0: no limit
	turn  chan struct{}        // holds a token while the disk is busy; who wants to put one there waits in line
}

// diskInBubble switches the model on in bubbles, too: for tests whose peers hold no lock, and with
// the overlay, where a bubble does not freeze when somebody waits for a mutex.
var diskInBubble = process.Repeatable

// disksTakeTime says whether the model is on, where a case asks for it.
func (r *run) disksTakeTime() bool { return r.bubble == "" || diskInBubble }

// DisksTakeTime says whether Options.Fsync is kept to. A case that counts writes must ask: where it
// is not, nothing comes while a write is under way.
func (c *machines) DisksTakeTime() bool { return c.r.disksTakeTime() }

func newDisk(r *run, o Options, peer int) disk {
	d := disk{turn: make(chan struct{}, 1), speed: o.DiskBandwidth}
	switch {
	case o.FsyncOf != nil:
		d.fsync = func() time.Duration { return o.FsyncOf(peer) }
	case o.Fsync > 0 || o.DiskBandwidth > 0:
		d.fsync = func() time.Duration { return o.Fsync }
	default:
		return d
	}
	if !r.disksTakeTime() {
		r.warn("writes to persisters take no time in a testing/synctest bubble; run the case in the engine (raftlab test), or with -clock=real")
		d.fsync = nil
	}
	return d
}

// begin waits until the disk has come to the caller's write of so many bytes, and says how long
// that takes; end lets the disk go on to the next one. What is in between happens in the order of
// the calls to begin.
func (d disk) begin(bytes int) (takes time.Duration) {
	if d.fsync == nil {
		return 0
	}
	d.turn <- struct{}{}
	takes = d.fsync()
	if d.speed > 0 {
		takes += time.Duration(bytes) * time.Second / time.Duration(d.speed)
	}
	return takes
}

func (d disk) end() {
	if d.fsync != nil {
		<-d.turn
	}
}

// spin takes half the time of a write.
func spin(takes time.Duration) {
	if takes > 0 {
		time.Sleep(takes / 2)
	}
}

// noteUnsynced says in the trace that a crash loses writes which were under way.
func (s *storage) noteUnsynced() {
	lost := s.unsynced.Load()
	if lost == 0 || s.disk.fsync == nil {
		return
	}
	s.l.c.r.emit(record.Event{Kind: record.Note, Peer: s.l.Peer, Other: record.None,
		Text: fmt.Sprintf("writes that were not synced, and are lost: %d", lost)}, "")
}
