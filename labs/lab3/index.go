package lab3

import (
	"time"

	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/tester"
)

// Part 3C: reads without log entries, at the leader (§6.4 of Ongaro's dissertation). Parts 3D and
// 3E use the same cases for their read paths.

// manyReaders has most clients read what a few write.
func manyReaders(reads kvapi.ReadPath) func(*tester.Env) {
	return func(e *tester.Env) {
		s := start(e, setup{reads: reads})
		s.ends(s.load(kit.Mix{Users: 6, Each: 25, Keys: kit.Letters(2), Reads: 80, Puts: 10, Think: 4 * time.Millisecond}))
	}
}

// quietly runs f while no election is going on, in up to four attempts, and reports how many calls
// the servers made to each other, and how often they wrote to their persisters, meanwhile.
func (s *service) quietly(f func()) (rpcs, writes int, took time.Duration, ok bool) {
	for range 4 {
		s.Leader()
		term := s.Term()
		e := s.env
		e.Sleep(300 * time.Millisecond) // what was going on has come to its end
		rpcs, writes, took = s.PeerRPCs(), s.allWrites(), e.Now()
		f()
		rpcs, writes, took = s.PeerRPCs()-rpcs, s.allWrites()-writes, e.Now()-took
		s.Leader()
		if s.Term() == term {
			return rpcs, writes, took, true
		}
	}
	return 0, 0, 0, false // peers that do not keep still are the business of lab 2
}

func (s *service) allWrites() int {
	n := 0
	for i := range s.N() {
		n += s.Writes(i)
	}
	return n
}

// heartbeats is how many calls leaders may make in a time in which there is nothing to replicate.
func (s *service) heartbeats(d time.Duration) int {
	return (s.N()-1)*int(d*tester.IdleRPCs/time.Second) + 2*(s.N()-1)
}

// noLogEntries reads a good deal from an idle service and looks whether anybody has stored
// anything: a read that costs a log entry, or a write to the disk, is what this path is to avoid.
func noLogEntries(reads kvapi.ReadPath) func(*tester.Env) {
	return func(e *tester.Env) {
		const gets = 40
		s := start(e, setup{reads: reads})
		u := s.user()
		u.Must("write", func() { u.Put("x", "[1]"); u.Get("x") })
		_, writes, _, ok := s.quietly(func() {
			u.Must("read", func() {
				for range gets {
					u.Get("x")
				}
			})
		})
		if ok && writes > 0 {
			s.Fail(tester.RuleCostlyRead, nil, "%d reads from an idle service made servers write to stable storage %d times; with ReadIndex they need no log entry",
				gets, writes)
		}
		s.judge()
	}
}

// sharedRounds has many clients read at the same moment. Reads that have to wait for a round of
// confirmations anyway can wait for the same one.
func sharedRounds(e *tester.Env) {
	const readers = 40
	s := start(e, setup{reads: kvapi.ReadIndexLeader})
	w, us := s.user(), s.crowd(readers)
	w.Must("write", func() { w.Put("x", "[1]") })
	read := func() {
		var done []<-chan struct{}
		for _, u := range us {
			done = append(done, u.Goes(func() { u.Get("x") }))
		}
		for i, d := range done {
			us[i].Ends(d)
		}
	}
	read() // now they all know the leader
	rpcs, _, took, ok := s.quietly(read)
	alone := readers * (s.N() - 1)
	if limit := alone/2 + s.heartbeats(took); ok && rpcs > limit {
		s.Fail(tester.RuleCostlyRead, nil, "%d reads at one moment made servers call each other %d times; one round of confirmations for each would be %d, and they can share rounds (at most %d are allowed)",
			readers, rpcs, alone, limit)
	}
	s.judge()
}

// newLeaderReads crashes a leader right after it has answered a write. The next one has the entry
// but does not know that it is committed, until it has committed one of its own term; its
// commitIndex is too low for a read until then. The other server misses some entries, so that it
// can confirm the new leader before it can help to commit.
func newLeaderReads(reads kvapi.ReadPath) func(*tester.Env) {
	return func(e *tester.Env) {
		s := start(e, setup{reads: reads})
		w, readers := s.user(), s.crowd(8)
		w.Must("write", func() { w.Put("x", s.Value()) })
		for range 5 {
			old := s.Leader()
			behind := s.Shuffled(old)[0]
			s.Disconnect(behind)
			w.Must("write", func() {
				for range 4 {
					w.Put("x", s.Value())
				}
			})
			s.Crash(old)
			s.Network().Reliable(false)
			s.Connect(behind)
			stop, done := make(chan struct{}), []<-chan struct{}{}
			for _, r := range readers {
				done = append(done, r.Goes(func() { r.readUntil(stop, "x") }))
			}
			s.LeaderAmong(s.Others(old))
			e.Sleep(150 * time.Millisecond)
			close(stop)
			s.healed()
			for i, d := range done {
				readers[i].Ends(d)
			}
		}
		s.judge()
	}
}

// lateConfirmations gives a deposed leader answers to questions of an earlier time. For a while
// replies are late by up to two seconds; then the leader's own messages get lost, and those that
// would tell it of a successor, but not the late replies of two servers:
//
//	old leader  <-- late replies --  a, b  <---->  hub  <---->  the fifth
//
// Only the hub can win: a and b reach nobody else. If one of them stands for election first, the
// old leader hears of it, and the round was in vain; so there are some. A reply to an old question
// says that the leader led when it was asked, and nothing about now.
func lateConfirmations(reads kvapi.ReadPath) func(*tester.Env) {
	return func(e *tester.Env) {
		s := start(e, setup{servers: 5, reads: reads})
		w, r := s.user(), s.user()
		for range 10 {
			w.Must("write", func() { w.Put("x", s.Value()) })
			old := s.Leader()
			rest := s.Shuffled(old)
			a, b, hub := rest[0], rest[1], rest[2]
			r.Must("read", func() { r.Get("x") })
			r.Client.Reach(old)
			w.Client.Reach(hub)
			stop := make(chan struct{})
			done := r.Goes(func() { r.readUntil(stop, "x") })
			s.Network().LongReordering(true)
			e.Sleep(1500 * time.Millisecond)
			s.Network().LongReordering(false) // what is late stays late
			s.Links(func(from, to int) bool {
				late := (from == a || from == b) && to == old
				return late || from == hub && to != old || to == hub && from != old
			})
			value := s.Value()
			written := w.Goes(func() { w.Put("x", value) })
			s.Until(1500*time.Millisecond, func() bool {
				_, leads := s.State(hub)
				_, still := s.State(old)
				return leads || !still
			})
			e.Await(written, 300*time.Millisecond)
			s.Until(time.Second, func() bool { _, still := s.State(old); return !still })
			close(stop)
			s.healed()
			r.Ends(done)
			w.Ends(written)
		}
		s.judge()
	}
}

// snapshotAmidReads takes snapshots all the time while clients read, and lets a server come back
// that has to install one.
func snapshotAmidReads(reads kvapi.ReadPath) func(*tester.Env) {
	return func(e *tester.Env) {
		s := start(e, setup{reads: reads, maxState: maxRaftState})
		l := s.load(kit.Mix{Users: 5, Each: 40, Keys: kit.Letters(2), Reads: 55, Puts: 40, Think: 15 * time.Millisecond})
		for range 4 {
			away := s.Shuffled()[0]
			s.Disconnect(away)
			s.Idle(400 * time.Millisecond)
			s.Connect(away)
			s.Idle(150 * time.Millisecond)
		}
		s.ends(l)
		s.bounded()
	}
}
