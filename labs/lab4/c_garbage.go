package lab4

import (
	"fmt"
	"strings"
	"time"

	"raftlab/labs/kit"
	"raftlab/porcupine-tests/model"
	"raftlab/shardapi"
	"raftlab/tester"
)

// big is the data of the cases on what groups keep: three keys in each shard.
const (
	bigKeys  = 3
	bigValue = 1000 // bytes
	bigData  = shardapi.NShards * bigKeys * bigValue
)

func bigKey(i int) string { return fmt.Sprintf("%s%d", keyOf(i%shardapi.NShards), i/shardapi.NShards) }

// fillBig writes the data. The client that has written it is the only one of the case: what a
// service remembers of each client, such as its last answer, is no data that it should have
// deleted.
func (s *service) fillBig() user {
	u := s.user()
	u.Must("write thirty large values", func() {
		for i := range shardapi.NShards * bigKeys {
			u.Put(bigKey(i), model.Value(fmt.Sprintf("%d ", i)+strings.Repeat("x", bigValue)))
		}
	})
	return u
}

// readBig reads it.
func (u user) readBig() {
	u.Must("read the large values", func() {
		for i := range shardapi.NShards * bigKeys {
			u.Get(bigKey(i))
		}
	})
}

// small fails the case unless the servers come to have hardly more than the data in their
// persisters: three copies of each shard, and a few KB for each server. Servers that take their
// snapshots by what the log has grown need something to happen, so something does.
func (s *service) small(u user) {
	const slack = 4000 // bytes per server
	limit := s.layout.each*bigData + (s.N()-s.sizes[0])*slack
	for try := range 20 {
		if s.bytes() <= limit {
			return
		}
		value := fmt.Sprintf("[%d]", try)
		u.Must("write to all shards", func() {
			for _, key := range allKeys {
				u.Put(key, value)
			}
		})
		config := s.config()
		s.move(0, owner(config, try%len(config.Shards))) // a member: for others, lab4a.md promises nothing
		s.env.Sleep(time.Second)
	}
	server, most := s.fullest()
	s.Fail(tester.RuleLogTooLarge, []int{server}, "%d bytes of data are in all groups together %d bytes on stable storage, most of them, %d, at server %d; at most %d, three copies and %d bytes per server: what a group has given away it is to delete",
		bigData, s.bytes(), most, server, limit, slack)
}

// bigLeaves begins a service in which group 1 gets large shards, and leaves when two others have come.
func bigLeaves(e *tester.Env) (*service, user) {
	s := serve(e, layout{reads: bySeed(e), maxState: 100})
	s.join(1)
	u := s.fillBig()
	s.join(2, 3)
	u.readBig()
	s.leave(1)
	u.readBig()
	return s, u
}

// nothingKept moves large shards about and looks at what all servers have in the end.
func nothingKept(e *tester.Env) {
	s, u := bigLeaves(e)
	s.join(1)
	s.leave(2)
	u.readBig()
	s.join(2)
	s.leave(3)
	u.readBig()
	s.join(3)
	s.small(u)
	u.readBig()
	s.closes()
}

// nothingLeft has a group leave, and looks whether its servers delete what they had: it is in no
// configuration any more, and is to be told all the same.
func nothingLeft(e *tester.Env) {
	s, u := bigLeaves(e)
	s.small(u)
	s.closes()
}

// nothingForgotten does as nothingKept while leaders and whole groups crash at some moment of each
// move. What was to be deleted when a server crashed must be deleted when it is back, and not
// before the shard is safe elsewhere.
func nothingForgotten(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e), maxState: 100})
	s.join(1)
	u := s.fillBig()
	for round := range 6 {
		from, to := 1+round%2, 2-round%2
		victim := s.groups.LeaderOf([]int{from, to}[round/2%2])
		group := s.groups.GroupOf(victim)
		crashed := s.CrashAtPersist(victim, 1+e.Rand().IntN(8))
		s.join(to)
		s.leave(from)
		e.Await(crashed, 300*time.Millisecond)
		if e.Rand().IntN(2) == 0 {
			s.CrashAll(s.groups.Members(group))
			s.Idle(100 * time.Millisecond)
			s.RestartAll(s.groups.Members(group))
		} else {
			s.Restart(victim)
		}
		u.readBig()
	}
	s.join(2) // the last round left 1
	s.small(u)
	u.readBig()
	s.closes()
}

// largeMoves moves large shards under a small maxraftstate, and restarts groups from their
// snapshots in the middle of it.
func largeMoves(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e), maxState: 1000})
	s.join(2)
	u := s.fillBig()
	for round := range 4 {
		group := 1 + round%2
		s.join(group)
		t := s.traffic(kit.Mix{Users: 2, Each: 10, Reads: 40, Puts: 20, Think: 50 * time.Millisecond})
		s.leave(3 - group)
		s.Idle(300 * time.Millisecond)
		crash := 1 + e.Rand().IntN(2)
		s.CrashAll(s.groups.Members(crash))
		s.RestartAll(s.groups.Members(crash))
		t.Finish()
		u.readBig()
	}
	s.closes()
}
