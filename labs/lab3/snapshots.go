package lab3

import (
	"fmt"
	"strings"
	"time"

	"raftlab/labs/kit"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// Part 3B: snapshots. maxRaftState is small, so that a few dozen operations fill it.
const maxRaftState = 1000

// fill writes n values to a few keys, enough to make a server take snapshots.
func (u *user) fill(n int) {
	u.Must(fmt.Sprintf("write %d values", n), func() {
		for i := range n {
			u.Put(kit.Letter(i%4), model.Value(fmt.Sprintf("a value of some length, number %d", i)))
		}
	})
}

// readAll reads the keys that fill writes.
func (u *user) readAll() {
	u.Must("read all keys", func() {
		for i := range 4 {
			u.Get(kit.Letter(i))
		}
	})
}

// snapshotted waits until all running servers that can be reached have a snapshot.
func (s *service) snapshotted() {
	missing := -1
	ok := s.Until(tester.ApplyLimit, func() bool {
		for i := range s.N() {
			if s.Running(i) && s.Connected(i) && s.SnapshotSize(i) == 0 {
				missing = i
				return false
			}
		}
		return true
	})
	if !ok {
		s.Fail(tester.RuleLogTooLarge, []int{missing}, "%s", kit.NoSnapshot(missing, s.PersistedSize(missing), s.setup.maxState))
	}
}

// logStaysShort writes much more than maxraftstate and looks at what is persisted.
func logStaysShort(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState})
	l := s.load(kit.Mix{Users: 4, Each: 40, Keys: kit.Letters(3), Reads: 10, Puts: 85, Think: 2 * time.Millisecond})
	l.Finish()
	s.snapshotted()
	s.bounded()
	s.ends(l)
	s.bounded()
}

// snapshotsAreSmall overwrites a few keys again and again. A snapshot is the state, not the way
// that led to it.
func snapshotsAreSmall(e *tester.Env) {
	const limit = 2000
	s := start(e, setup{maxState: maxRaftState})
	u := s.user()
	u.fill(160) // some 5 KB in all, of which 150 bytes are left
	s.snapshotted()
	for i := range s.N() {
		if size := s.SnapshotSize(i); size > limit {
			s.Fail(tester.RuleLogTooLarge, []int{i}, "the snapshot of server %d has %d bytes; four short values and one client are to fit into %d",
				i, size, limit)
		}
	}
	s.judge()
}

// snapshotsSurvive restarts all servers from their snapshots, more than once, and reads everything.
func snapshotsSurvive(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState})
	u := s.user()
	for range 3 {
		u.Must("write an empty value", func() { u.Put("hollow", "") })
		u.fill(40)
		s.snapshotted()
		s.restartAll()
		u.readAll()
		u.Must("read the empty value", func() { u.Get("hollow") })
	}
	s.bounded()
	s.judge()
}

// snapshotsUnderLoad has many clients write at once, so that entries are applied in bunches, and
// some right after a snapshot was begun; then all servers restart. A snapshot that claims an entry
// which came after its data loses that entry.
func snapshotsUnderLoad(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState})
	u := s.user()
	for range 3 {
		s.load(kit.Mix{Users: 8, Each: 12, Keys: kit.Letters(4), Think: time.Millisecond}).Finish()
		s.restartAll()
		u.readAll()
	}
	s.judge()
}

// sessionsSurvive lets a client that hears no answers repeat a write, until the first copy of it is
// in a snapshot and all servers have restarted from it. Whoever left the clients' sessions out of
// the snapshot does it a second time.
//
//	client    append "x"  again  again   ...   again        again  <- answered at last
//	servers   done        [ others write ] [ snapshot ] [ restart ]  not done: known
func sessionsSurvive(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState})
	u, w := s.user(), s.user()
	u.Must("write", func() { u.Append("x", "[first]") })
	u.Client.Deafen()
	done := u.Goes(func() { u.Append("x", "[once]") })
	w.Must("see the write", func() {
		for !strings.Contains(w.Get("x"), "[once]") {
			if s.dialect == "versioned" {
				return // that client never gets beyond its first get
			}
			e.Sleep(50 * time.Millisecond)
		}
	})
	w.fill(60)
	s.snapshotted()
	for _, i := range s.Shuffled() {
		s.Restart(i)
	}
	w.fill(5)
	u.Client.ReachAll()
	u.Ends(done)
	w.Must("read", func() { w.Get("x") })
	s.judge()
}

// sessionsInstalled does so with a server that was away when the write was executed, and is brought
// up by a snapshot of another: what it knew about clients before is old, and must not stay. Then
// the leader dies, and this server, which may lead next, is the only one that the client reaches
// for a while.
func sessionsInstalled(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState})
	for range 3 {
		u, w := s.user(), s.user()
		u.Must("write", func() { u.Append("x", s.Value()) })
		behind, value := s.Shuffled(s.Leader())[0], s.Value()
		s.Disconnect(behind)
		u.Client.Deafen()
		done := u.Goes(func() { u.Append("x", value) })
		if s.dialect == "classic" { // in the other one that client never gets beyond its first get
			w.MustSee("x", value)
		}
		w.fill(50)
		s.Connect(behind)
		w.fill(5)
		e.Sleep(time.Second)
		s.Crash(s.Leader())
		u.Client.Reach(behind) // another one could say that it has been done
		e.Sleep(2 * time.Second)
		u.Client.ReachAll()
		u.Ends(done)
		w.Must("read", func() { w.Get("x") })
		s.healed()
	}
	s.judge()
}

// leftBehind keeps a server away until the others have only a snapshot for it, and then makes the
// service depend on it: of the two that knew better, one goes.
func leftBehind(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState})
	u := s.user()
	for range 3 {
		u.fill(10)
		rest := s.Shuffled(s.Leader())
		behind, other := rest[0], rest[1]
		s.Disconnect(behind)
		u.fill(50)
		s.Connect(behind)
		s.Crash(other)
		u.fill(5)
		s.Crash(s.Leader()) // it may be the one that was behind
		s.Restart(other)
		u.Must("read all keys", func() {
			for i := range 4 {
				u.Get(kit.Letter(i))
			}
		})
		s.healed()
	}
	s.bounded()
	s.judge()
}

// crashWhileSaving crashes servers exactly after some write to their persister, while they take
// snapshots all the time.
func crashWhileSaving(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState})
	l := s.load(kit.Mix{Users: 3, Each: 40, Keys: kit.Letters(2), Reads: 10, Puts: 80, Think: 20 * time.Millisecond})
	for k := range 6 {
		i := s.Shuffled()[0]
		crashed := s.CrashAtPersist(i, 1+e.Rand().IntN(20)+k%3)
		e.Await(crashed, time.Second)
		s.Idle(100 * time.Millisecond)
		s.Restart(i)
	}
	s.ends(l)
	s.bounded()
}

// lagging lets one server fall behind a little, again and again, while the others take snapshots:
// it is brought up to date by entries or by snapshots in turn.
func lagging(e *tester.Env) {
	s := start(e, setup{maxState: maxRaftState, catchUp: e.Rand().IntN(2) == 0, net: tester.Options{Unreliable: true, Duplicates: true}})
	l := s.load(kit.Mix{Users: 4, Each: 30, Keys: kit.Letters(3), Reads: 20, Puts: 60, Think: 60 * time.Millisecond})
	behind := s.Shuffled()[0]
	for range 8 {
		s.Disconnect(behind)
		s.Idle(300 * time.Millisecond)
		s.Connect(behind)
		s.Idle(200 * time.Millisecond)
	}
	s.ends(l)
	s.bounded()
}
