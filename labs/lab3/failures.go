package lab3

import (
	"slices"
	"time"

	"raftlab/kvapi"
	"raftlab/labs/kit"
	"raftlab/tester"
	"raftlab/tester/topology"
)

// Messages are lost, leaders fail, networks break. Most of these cases exist for every read
// path, so they take one.

// unreliable loses messages, doubles them and lets them overtake each other.
func unreliable(e *tester.Env) {
	s := start(e, setup{net: tester.Options{Unreliable: true, Duplicates: true}})
	l := s.load(kit.Mix{Users: 5, Each: 16, Keys: kit.Letters(2), Reads: 30, Puts: 10, Think: 20 * time.Millisecond})
	l.Finish()
	s.ends(l)
}

// appends has several clients append to one key while messages are lost, late and doubled. Each
// value has to be there once.
func appends(e *tester.Env) {
	s := start(e, setup{net: tester.Options{Unreliable: true, Duplicates: true, LongReordering: e.Rand().IntN(2) == 0}})
	l := s.load(kit.Mix{Users: 4, Each: 10, Keys: kit.Letters(1), Reads: 15, Think: 20 * time.Millisecond})
	l.Finish()
	s.ends(l)
}

// lateCopies has the network double requests while nobody leads: a server that says "not the leader"
// to one may lead when its copy comes. The clerk has been told that its try will not be executed,
// so a version that is refused later is nobody else's doing; and the copy must not make it so.
//
//	rival    cut off: stands, again and again     back, with a newer term and an older log
//	leader                                        steps down
//	servers                                       all refuse                one of them leads
//	clerk                                         try 1, refused   try 2, refused   try 3
//	network                                               a copy of try 1 ........^
//
// Each user has a key of its own. So every refusal of a version is a lie, or follows from one. They
// write slowly: it is the many that wait for a leader that matter, and services that persist their
// whole log pay for each entry with all before it.
func lateCopies(e *tester.Env) {
	const users = 16
	s := start(e, setup{net: tester.Options{Duplicates: true}})
	l := s.NewLoad(kit.Letters(users)...)
	for i := range users {
		u, key := s.user(), kit.Letter(i)
		l.Repeats(u.Person, 30, 250*time.Millisecond, func(number int) {
			if u.Versioned == nil {
				u.Append(key, kit.ValueOf(number))
			} else if u.PutIf(key, kit.ValueOf(number), u.Seen[key]) != kvapi.OK {
				u.Get(key)
			}
		})
	}
	for range 6 {
		leader := s.Leader()
		rival := s.Shuffled(leader)[0]
		term := s.Term()
		s.Disconnect(rival)
		s.Until(3*time.Second, func() bool { stands, _ := s.State(rival); return stands > term })
		s.Connect(rival)
		e.Sleep(300 * time.Millisecond)
	}
	s.ends(l)
}

// leaderCrashes crashes leaders in the middle of operations. What they had not answered is done by
// the next one, or has been done and must not be done twice.
func leaderCrashes(reads kvapi.ReadPath) func(*tester.Env) {
	return func(e *tester.Env) {
		s := start(e, setup{reads: reads})
		l := s.load(kit.Mix{Users: 4, Each: 25, Keys: kit.Letters(2), Reads: 45, Puts: 10, Think: 60 * time.Millisecond})
		for range 4 {
			leader := s.Leader()
			s.Idle(150 * time.Millisecond)
			s.Crash(leader)
			s.Idle(500 * time.Millisecond)
			s.Restart(leader)
		}
		s.ends(l)
	}
}

// deposedLeader cuts a leader off, together with one of five servers, and lets a client ask it
// while others write to the majority. As far as the old leader knows it still leads; what it has
// may be old.
func deposedLeader(reads kvapi.ReadPath) func(*tester.Env) {
	return func(e *tester.Env) {
		s := start(e, setup{servers: 5, reads: reads})
		writer, readers := s.user(), s.crowd(2)
		for range 3 {
			writer.Must("write", func() { writer.Put("x", s.Value()) })
			old := s.Leader()
			rest := s.Shuffled(old)
			few, many := append(rest[:1:1], old), rest[1:]
			for _, r := range readers {
				r.Must("read", func() { r.Get("x") })
				r.Client.Reach(few...)
			}
			writer.Client.Reach(many...)
			s.Partition(few, many)
			stop, done := make(chan struct{}), []<-chan struct{}{}
			for _, r := range readers {
				done = append(done, r.Goes(func() { r.readUntil(stop, "x") }))
			}
			s.LeaderAmong(many)
			for range 5 {
				writer.Must("write to the majority", func() { writer.Put("x", s.Value()) })
				s.Idle(150 * time.Millisecond)
			}
			close(stop)
			s.healed()
			for i, d := range done {
				readers[i].Ends(d)
			}
		}
		s.judge()
	}
}

// readUntil reads a key again and again, without a pause worth mentioning.
func (u *user) readUntil(stop <-chan struct{}, key string) {
	u.readWithPauses(stop, key, 5*time.Millisecond)
}

// readWithPauses is readUntil with pauses of at most so long.
func (u *user) readWithPauses(stop <-chan struct{}, key string, most time.Duration) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		u.Get(key)
		u.s.env.Sleep(time.Duration(u.Rand.Int64N(int64(most))))
	}
}

// minority leaves a client with a minority. Its writes are not answered, whatever the leader
// there believes; they end soon after the network is whole again.
func minority(e *tester.Env) {
	s := start(e, setup{servers: 5})
	u, w := s.user(), s.user()
	u.Must("write", func() { u.Put("x", "[0]") })
	old := s.Leader()
	rest := s.Shuffled(old)
	few, many := append(rest[:1:1], old), rest[1:]
	u.Client.Reach(few...)
	w.Client.Reach(many...)
	s.Partition(few, many)
	inMinority := u.Goes(func() { u.Append("x", "[minority]") })
	w.Must("write to the majority", func() { w.Append("x", "[majority]") })
	if e.Await(inMinority, time.Second) {
		s.Fail(tester.RuleUnwantedCommit, few, "a client that reaches servers %v only was told that its write is done; those are two of five", few)
	}
	s.healed()
	const limit = 10 * time.Second // an election, and a client that finds the new leader
	if !e.Await(inMinority, limit) {
		s.Fail(tester.RuleTooSlow, nil, "the client that waited in the minority still waits %v after the network is whole: an old leader has to tell its clients when its term is over", limit)
	}
	u.Must("read", func() { u.Get("x") })
	s.judge()
}

// lostOffice lets a leader give an entry to the others, but not hear of it, and be deposed while a
// client waits. The next leader has the entry, and commits it. So "I do not lead any more" does not
// mean that nothing was done: a server that tells the client so, or a clerk that takes it so,
// reports as refused what was done.
//
//	client      old leader             the others
//	  |-- put ----->|----- entry --------->| stored
//	  |             |   X<---- reply ------|
//	  |             X  cut off             | elect one of them, who commits it
//	  |             |<-- newer term -------|
//	  |<- unknown --|
//	  |-- put, again ---------------------->| has been done
//
// Every other time the entry does not get out, and the next leader puts another client's in its
// place. Who waits for it must not be given that one's result.
//
// With several writes meanwhile, and a maxState for which they are many, the old leader gets neither:
// it is sent a snapshot, which does not say what became of the entry.
func lostOffice(maxState, meanwhile int) func(*tester.Env) {
	return func(e *tester.Env) {
		s := start(e, setup{maxState: maxState})
		s.losesOffice(meanwhile)
		s.judge()
	}
}

func (s *service) losesOffice(meanwhile int) {
	u, w := s.user(), s.user()
	w.Must("write", func() { w.Put("y", s.Value()) })
	for round := range 4 {
		u.Must("write", func() { u.Put("x", s.Value()) })
		old := s.Leader()
		rest := s.Others(old)
		u.Client.Reach(old)
		w.Client.Reach(rest...)
		if round%2 == 0 {
			s.Links(topology.Deaf(old))
		} else {
			s.Disconnect(old)
		}
		value := s.Value()
		done := u.Goes(func() { u.Set("x", value) })
		s.env.Sleep(200 * time.Millisecond) // heartbeats bring it to the others, at the latest
		s.Disconnect(old)
		s.LeaderAmong(rest)
		w.Must("write to the majority", func() {
			for range meanwhile {
				w.Set("y", s.Value())
			}
		})
		s.healed()
		u.Ends(done)
		u.Must("read", func() { u.Get("x") })
	}
}

// partitions divides the network anew every fraction of a second.
func partitions(e *tester.Env) {
	s := start(e, setup{servers: 5})
	l := s.load(kit.Mix{Users: 4, Each: 20, Keys: kit.Letters(2), Reads: 40, Puts: 20, Think: 120 * time.Millisecond})
	for range 8 {
		order := s.Shuffled()
		at := 1 + e.Rand().IntN(s.N()-1)
		s.Partition(order[:at], order[at:])
		e.Sleep(200*time.Millisecond + time.Duration(e.Rand().Int64N(int64(500*time.Millisecond))))
	}
	s.ends(l)
}

// restarts crashes all servers at once, again and again. What was answered must be there
// afterwards.
func restarts(e *tester.Env) {
	s := start(e, setup{})
	l := s.load(kit.Mix{Users: 4, Each: 15, Keys: kit.Letters(2), Reads: 40, Puts: 20, Think: 100 * time.Millisecond})
	for range 4 {
		s.Idle(600 * time.Millisecond)
		for _, i := range s.Shuffled() {
			s.Crash(i)
		}
		s.Idle(100 * time.Millisecond)
		for _, i := range s.Shuffled() {
			s.Restart(i)
		}
	}
	s.ends(l)
}

// clientDies lets clients die in the middle of an operation: when their request is on its way, is
// being worked on, or is being answered. It may have been done, once, or not; nobody else may
// notice.
func clientDies(reads kvapi.ReadPath) func(*tester.Env) {
	return func(e *tester.Env) {
		s := start(e, setup{reads: reads, net: tester.Options{Duplicates: true}})
		l := s.load(kit.Mix{Users: 2, Each: 25, Keys: kit.Letters(1), Reads: 50, Think: 40 * time.Millisecond})
		s.Leader()
		for range 12 {
			u := s.user()
			number := s.Value()
			u.Goes(func() { u.Append("a", number); u.Get("a") })
			s.Idle(4 * time.Millisecond)
			u.Client.Close()
			s.Idle(50 * time.Millisecond)
		}
		s.users = slices.DeleteFunc(s.users, func(u *user) bool { return u.Client.Closed() })
		s.ends(l)
	}
}

// pendingAtCrash has many clients wait at a leader that cannot commit, and crashes it. They all
// find the next one.
func pendingAtCrash(e *tester.Env) {
	s := start(e, setup{})
	u := s.user()
	u.Must("write", func() { u.Put("a", "[0]") })
	leader := s.Leader()
	s.Disconnect(leader)
	l := s.load(kit.Mix{Users: 20, Each: 2, Keys: kit.Letters(4), Reads: 20})
	e.Sleep(300 * time.Millisecond)
	s.Crash(leader)
	s.Idle(300 * time.Millisecond)
	s.ends(l)
}
