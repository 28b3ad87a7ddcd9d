package rsm

import (
	"math/rand/v2"
	"time"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// What a client of a replicated service needs, whatever the service is: somebody who finds the
// server that can answer, and its own part of a session.

// Send makes one call to a server. ok is false if no answer came.
type Send = func(server *labrpc.ClientEnd) (answer kvapi.Err, ok bool)

// Courier brings requests to whichever server can deal with them. It serves one goroutine at a
// time.
//
//	answer               what the courier does             may the try have been executed?
//	-------------------  --------------------------------  --------------------------------
//	none                 next server                       yes
//	Unknown              next server                       yes
//	ErrWrongLeader       next server                       no
//	ErrTooManyRequests   waits, longer each time; then     no
//	                     the same server if it has to be
//	                     the leader, or the next one
//	everything else      returns it
//
// When it has been to all servers in vain it pauses before the next round: there is an election
// going on, or nobody can be reached.
type Courier struct {
	Servers []*labrpc.ClientEnd
	Leader  int // the server that led when it was last heard of
	Turn    int // the server that is to answer the next request which any server can answer
}

const (
	// RoundPause is the pause after a round of all servers in vain. An election takes a few
	// hundred milliseconds.
	RoundPause = 50 * time.Millisecond

	// minBackoff and maxBackoff bound the time that a client leaves an overloaded server alone; it
	// doubles from one refusal to the next, and is spread by chance, so that the
	// clients do not come back all at once.
	minBackoff = 20 * time.Millisecond
	maxBackoff = time.Second
)

// ToLeader has send talk to one server after another, beginning with the one that led last, until
// one answers. unsure says that an earlier try may have been executed.
func (c *Courier) ToLeader(send Send) (answer kvapi.Err, unsure bool) {
	at, answer, unsure := c.ask(c.Leader, false, send)
	if at != c.Leader {
		raftapi.Reached("clerk found another leader")
		c.Leader = at
	}
	return answer, unsure
}

// ToAnyone is ToLeader for what any server can answer: each request begins with another server.
func (c *Courier) ToAnyone(send Send) kvapi.Err {
	c.Turn = (c.Turn + 1) % len(c.Servers)
	_, answer, _ := c.ask(c.Turn, true, send)
	return answer
}

func (c *Courier) ask(at int, anyone bool, send Send) (int, kvapi.Err, bool) {
	unsure := false
	var backoff Backoff
	for failures := 0; ; {
		answer, ok := send(c.Servers[at])
		switch {
		case ok && answer == kvapi.ErrTooManyRequests:
			backoff.Wait()
			if anyone {
				at = (at + 1) % len(c.Servers)
			}
			continue
		case !ok || answer == Unknown:
			unsure = true
		case answer != kvapi.ErrWrongLeader:
			return at, answer, unsure
		}
		at = (at + 1) % len(c.Servers)
		if failures++; failures%len(c.Servers) == 0 {
			time.Sleep(RoundPause)
		}
	}
}

// Backoff is how long a client leaves an overloaded server alone. The zero value is ready, for one
// request.
type Backoff struct{ next time.Duration }

// Wait blocks for about twice as long as the last time.
func (b *Backoff) Wait() {
	raftapi.Reached("clerk backed off")
	pause := max(b.next, minBackoff)
	time.Sleep(pause/2 + rand.N(pause))
	b.next = min(2*pause, maxBackoff)
}

// Session is a client's part of a session, in which each write is executed exactly once, however
// often it has to be repeated. The zero value is one that has not begun: a client that only reads
// needs none.
type Session struct {
	ID  uint64 // 0 before the first write
	Seq uint64 // number of the last write in it
}

// Write numbers a write, and blocks until send has had an answer to it. open begins a session, and
// returns its id, or 0 to be called again. send repeats the write, under this id and number, until
// it is answered; unsure says that an earlier try may have been executed.
//
// A session may be forgotten if the client was silent for long, and many others were not. Then
// Write opens another one. But if the client was cut off while a write was on its way, and comes
// back to find its session forgotten, nobody can tell any more whether the write was executed:
// certain is false. See sessions.go.
func (s *Session) Write(open func() uint64, send func(id, seq uint64) (answer kvapi.Err, unsure bool)) (certain bool) {
	for {
		for s.ID == 0 {
			*s = Session{ID: open()}
		}
		s.Seq++
		answer, unsure := send(s.ID, s.Seq)
		if answer != Expired {
			return true
		}
		if unsure {
			return false
		}
		raftapi.Reached("clerk opened another session")
		*s = Session{}
	}
}
