package tester

import (
	"raftlab/internal/record"
	"raftlab/internal/scenario"
)

// Crash ends the present life of peer i, at one instant: the network cuts it off, what it has
// persisted is copied for the next life, and then it is killed. It waits for Kill to return. A peer
// that is not running stays so.
func (c *machines) Crash(i int) {
	k := c.next(scenario.Crash)
	switch l := c.running(i); {
	case l == nil:
	case c.plays(k, "peer %d crashes", i):
		c.crash(l, k)
	default:
		c.spare(i, true)
	}
}

func (c *machines) crash(l *life, k scenario.Key) {
	c.spare(l.Peer, false)
	c.r.emit(record.Event{Kind: record.CrashPeer, Peer: l.Peer, Other: record.None}, c.r.detail(k))
	c.end(l)
	c.kill(l)
	l.store.announce()
}

// Restart begins a new life of peer i, connected, from what its last life had persisted. A running
// peer is crashed first. It takes a few milliseconds of virtual time, and waits for Make to return.
func (c *machines) Restart(i int) {
	k := c.next(scenario.Restart)
	l := c.running(i)
	if l != nil && (c.spare(i, false) || !c.plays(k, "peer %d crashes and starts again", i)) {
		c.Connect(i)
		c.env.Sleep(c.pause()) // what comes after it comes at its time
		return
	}
	if l != nil {
		c.crash(l, k)
	}
	c.rise(i)
}

// rise begins the next life of a peer that is not running.
func (c *machines) rise(i int) {
	c.Connect(i)
	c.begin(i, record.Restart)
}

// spare notes that a crash of peer i is left out, or that it does not matter any more, and returns
// what was noted.
func (c *machines) spare(i int, yes bool) (was bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was = c.spared[i]
	c.spared[i] = yes
	return was
}

// Pause stops peer i for others, as SIGSTOP stops a process: nothing that it is sent gets to it,
// and nothing that it sends gets out, until Resume; then all of it does, old as it is. Nothing is
// lost. The peer is not running code any slower (labrpc's Hold says what that means); its next life
// is not paused. A peer that is not running is left alone.
func (c *machines) Pause(i int) {
	k := c.next(scenario.Pause)
	if c.running(i) != nil && c.plays(k, "peer %d is paused", i) {
		c.env.note(k, "peer %d is paused", i)
		c.net.Hold(i)
	}
}

// Resume ends a Pause.
func (c *machines) Resume(i int) {
	c.env.Note("peer %d goes on", i)
	c.net.Release(i)
}

// Mend makes everything whole again, but for clocks: all links between servers work, the network is
// reliable, nobody is paused or is to crash at a write that is still to come, and crashed peers are
// restarted, one after the other.
func (c *machines) Mend() {
	net := c.Network()
	net.Reliable(true)
	net.LongReordering(false)
	net.LongDelays(false)
	net.Duplicates(false)
	c.HealAll()
	for i := range c.n {
		net.Release(i)
		c.spare(i, false)
		if l := c.running(i); l != nil {
			l.store.spare()
		} else {
			c.rise(i)
		}
	}
}

// Running says whether peer i has been started and has not crashed since.
func (c *machines) Running(i int) bool { return c.running(i) != nil }

// CrashAtPersist crashes peer i right after the nth write from now to its persister (1 is the next
// one): the write is stored, but nothing that follows it gets out, no reply and no request. It
// returns a channel that is closed when the peer has crashed and Kill has returned, or when another
// crash, Mend or Shutdown came first. [Env.Await] waits for it with a limit. A peer that is not
// running is left alone, and the channel closed at once.
func (c *machines) CrashAtPersist(i int, nth int) <-chan struct{} {
	return c.crashAtWrite(i, func(s *storage) { s.crashAfter = max(nth, 1) })
}

// CrashInPersist is CrashAtPersist in the middle of the write (with Options.Fsync, half of it has
// gone by): nothing of it is stored, so nothing that depends on it may have got out, and nothing
// will.
func (c *machines) CrashInPersist(i int, nth int) <-chan struct{} {
	return c.crashAtWrite(i, func(s *storage) { s.crashWithin = max(nth, 1) })
}

// crashAtWrite has the peer's storage crash it; set says at which write.
func (c *machines) crashAtWrite(i int, set func(*storage)) <-chan struct{} {
	done := make(chan struct{})
	k := c.next(scenario.WriteCrash)
	l := c.running(i)
	if l == nil {
		close(done)
		return done
	}
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	if !l.Alive() {
		close(done)
		return done
	}
	set(l.store)
	l.store.crashKey, l.store.passes = k, !c.plays(k, "peer %d crashes at a write", i)
	l.store.crashed = append(l.store.crashed, done)
	return done
}

// crashInWrite crashes a peer inside of a write. The caller is the peer: it holds the storage's
// lock and probably the peer's, so that Kill has to come from elsewhere.
func (c *machines) crashInWrite(l *life, when string) {
	if l.store.passes { // the scenario leaves it out: whoever waits for the crash may go on
		c.spare(l.Peer, true)
		go l.store.announce()
		return
	}
	c.spare(l.Peer, false)
	c.r.emit(record.Event{Kind: record.CrashPeer, Peer: l.Peer, Other: record.None, Text: when}, c.r.detail(l.store.crashKey))
	c.endLocked(l)
	go c.r.guard(func() {
		c.kill(l)
		l.store.announce()
	})
}

// spare takes back that the peer is to crash at a write.
func (s *storage) spare() {
	s.mu.Lock()
	s.crashAfter, s.crashWithin = 0, 0
	s.mu.Unlock()
	s.announce()
}

// announce tells those who wait for a crash that it has happened.
func (s *storage) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, done := range s.crashed {
		close(done)
	}
	s.crashed = nil
}
