package shardgrp

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"raftlab/labs/kit"
	"raftlab/porcupine-tests/history"
	"raftlab/porcupine-tests/model"
	"raftlab/shardapi"
	"raftlab/tester"
)

// Part 4D: what is served while shards move, and what is kept when they have moved.

// elsewhere takes a group down whose shards are to move. The controller has to wait for it; shards
// that stay where they are, with groups that are well, are served meanwhile.
func elsewhere(e *tester.Env) {
	s := serve(e, layout{groups: 4})
	s.join(2, 3)
	u := s.fill()
	open := s.shut(3)
	to := s.with(4)
	done := s.first().changing(to)
	for range 2 {
		e.Sleep(500 * time.Millisecond)
		for shard, owner := range to.Shards {
			if owner != 3 && owner == s.now.Shards[shard] {
				value := s.Value()
				u.Must(fmt.Sprintf("append to shard %d, which stays with group %d, while group 3 is down", shard, owner), func() { u.Append(keyOf(shard), value) })
			}
		}
	}
	open()
	s.first().ends(done, "make "+text(to))
	s.now = to
	s.closes()
}

// whileJoining has clients read a shard that stays while eight groups join one by one, and wants a
// hundred reads in four seconds.
func whileJoining(e *tester.Env) {
	const reads, limit = 100, 4 * time.Second
	const stays = shardapi.NMoved - 1 // the last that spread takes from group 1
	s := serve(e, layout{groups: 9, each: 2})
	s.fill()
	stop, count := make(chan struct{}), atomic.Int64{}
	u := s.user()
	done := u.Goes(func() {
		for !kit.IsOver(stop) {
			u.Get(keyOf(stays))
			count.Add(1)
			e.Sleep(2 * time.Millisecond)
		}
	})
	e.Sleep(100 * time.Millisecond)
	began, before := e.Now(), count.Load()
	for group := 2; group <= 9; group++ {
		s.join(group)
	}
	e.Sleep(max(0, began+limit-e.Now()))
	got := count.Load() - before
	close(stop)
	u.EndsWithin(tester.ProgressLimit, done)
	if s.now.Shards[stays] == 1 && got < reads {
		s.Fail(tester.RuleTooSlow, nil, "shard %d never moved, and a client got %d reads of it done in the %v while eight groups joined; at least %d",
			stays, got, limit, reads)
	}
	s.settled()
	history.Judge(e, 0)
}

// The data of the case on what groups keep: three keys in each shard.
const (
	bigKeys  = 3
	bigValue = 1000 // bytes
	bigData  = shardapi.NMoved * bigKeys * bigValue
)

// bigKey is a key of shard i modulo their number.
func bigKey(i int) string {
	for n := 0; ; n++ {
		key := fmt.Sprintf("big%d-%d", i, n)
		if shardapi.HashedShardOf(key) == i%shardapi.NMoved {
			return key
		}
	}
}

// nothingKept moves large shards about and looks at what all servers have in the end.
func nothingKept(e *tester.Env) {
	s := serve(e, layout{maxState: 100})
	u := s.user()
	u.Must("write large values", func() {
		for i := range shardapi.NMoved * bigKeys {
			u.Put(bigKey(i), model.Value(fmt.Sprintf("%d ", i)+strings.Repeat("x", bigValue)))
		}
	})
	readBig := func() {
		u.Must("read the large values", func() {
			for i := range shardapi.NMoved * bigKeys {
				u.Get(bigKey(i))
			}
		})
	}
	s.join(2, 3)
	readBig()
	s.leave(1)
	readBig()
	s.join(1)
	s.leave(2)
	readBig()
	s.join(2)
	s.small(u)
	readBig()
	s.closes()
}

// small fails the case unless the servers come to have hardly more than the data in their
// persisters: one copy of each shard at each server of one group, and a few KB for each server.
// Servers that take their snapshots by what the log has grown need something to happen, so
// something does.
func (s *service) small(u user) {
	const slack = 4000 // bytes per server
	limit := s.layout.each*bigData + (s.N()-1)*slack
	bytes := func() (total int) {
		for i := 1; i < s.N(); i++ {
			total += s.PersistedSize(i) + s.SnapshotSize(i)
		}
		return total
	}
	for range 10 {
		if bytes() <= limit {
			return
		}
		value := s.Value()
		u.Must("write to all shards", func() {
			for _, key := range allKeys {
				u.Put(key, value)
			}
		})
		s.env.Sleep(time.Second)
	}
	s.Fail(tester.RuleLogTooLarge, nil, "%d bytes of data are in all groups together %d bytes on stable storage; at most %d, %d copies and %d bytes per server: "+
		"what a group has given away it is to delete", bigData, bytes(), limit, s.layout.each, slack)
}
