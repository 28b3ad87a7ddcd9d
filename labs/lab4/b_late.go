package lab4

import (
	"slices"
	"strings"
	"time"

	"raftlab/labrpc"
	"raftlab/tester"
)

// Part 4B: what is on its way for so long that it belongs to another journey when it arrives.

const (
	// thinLink is what links carry for a while, in bytes a second: enough for what groups say to
	// each other, and twelve seconds' worth of work for the shard.
	thinLink   = 8_000
	heavyValue = 100_000
	heavyWay   = heavyValue / thinLink * time.Second

	// seesChange is how long groups may take to look for a configuration and to ask for a shard.
	seesChange = 1500 * time.Millisecond

	// shortWay is the time that lightValue takes on such a link.
	lightValue = 13_000
	shortWay   = lightValue * time.Second / thinLink
)

// oldJourney has a shard go to group 2, back to group 1, and to group 2 again. On its first way to
// the leader of group 2 it is so heavy that it takes seconds; meanwhile another server of the group
// leads, to whom the links are as good as ever, and so the shard has come and gone when the first
// leader leads again. Now that one waits for the second journey of the shard, for group 1 is not
// told of it and goes on serving the shard, and what arrives is the first.
//
//	shard      group 1   -> 2            2 -> 1   written    -> 2
//	leader A   asks ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~> leads, waits: the old contents
//	leader B           asks, has it      gives it
//
// Whoever asks for nothing but "do I wait for this shard?" serves what it was two journeys ago.
func oldJourney(e *tester.Env) {
	s := serve(e, layout{groups: 2, reads: bySeed(e)})
	s.rounds(2, s.comesLate)
}

// rounds has both groups join, and goes through so many rounds, each with another shard of group 1.
func (s *service) rounds(many int, round func(shard int)) {
	s.join(1, 2)
	s.fill(allKeys)
	config := s.config()
	for shard, done := 0, 0; done < many; shard++ {
		if owner(config, shard) == 1 {
			round(shard)
			done++
		}
	}
	s.closes()
}

// comesLate is a round of oldJourney, for one shard of group 1.
func (s *service) comesLate(shard int) {
	key, u := keyOf(shard), s.user()
	write := func(where string) {
		value := s.Value()
		u.Must("append at "+where, func() { u.Append(key, value) })
	}
	u.Must("write a large value", func() { u.Put(key+"heavy", strings.Repeat("x", heavyValue)) })
	first := s.groups.LeaderOf(2)
	s.Network().Bandwidth(thinLink)
	s.move(shard, 2)
	s.env.Sleep(seesChange)
	arrives := s.env.Now() + heavyWay
	s.Network().Bandwidth(0)
	s.apartFrom(first)
	write("group 2")
	s.move(shard, 1)
	write("group 1")
	s.env.Sleep(time.Second) // group 2 hears that it may forget the shard
	if !s.leadsAgain(first, arrives-time.Second) {
		s.env.Note("server %d has not come to lead again", first)
		s.HealAll()
		return
	}
	s.Links(func(a, b int) bool { return !s.between(a, b, 0, 1) })
	s.move(shard, 2)
	s.env.Sleep(max(0, arrives+time.Second-s.env.Now()))
	r := s.user()
	done := r.Goes(func() { r.Get(key) })
	s.env.Sleep(time.Second)
	s.HealAll()
	r.EndsWithin(tester.ProgressLimit, done)
	write("group 2 again")
}

// apartFrom cuts a server off from its group, and waits for another one to lead.
func (s *service) apartFrom(server int) {
	s.leavesOut(server)
	rest := s.groups.Members(s.groups.GroupOf(server))
	s.LeaderAmong(slices.DeleteFunc(rest, func(i int) bool { return i == server }))
}

// leavesOut cuts a server off from its group, but from nobody else.
func (s *service) leavesOut(server int) {
	group := s.groups.GroupOf(server)
	s.Links(func(a, b int) bool {
		return !s.between(a, b, group, group) || a != server && b != server
	})
}

// leadsAgain cuts whoever leads a server's group off from it until the server leads, and says
// whether it does in time.
func (s *service) leadsAgain(server int, until time.Duration) bool {
	group := s.groups.GroupOf(server)
	for s.env.Now() < until {
		s.HealAll()
		leader := s.groups.LeaderOf(group)
		if leader == server {
			return true
		}
		s.apartFrom(leader)
	}
	return false
}

// between says whether a link is one between servers of two groups.
func (s *service) between(a, b, one, other int) bool {
	x, y := s.groups.GroupOf(a), s.groups.GroupOf(b)
	return x == one && y == other || x == other && y == one
}

// leadsAgainSoon is oldJourney within two seconds, for those that do not wait for an answer any
// longer. Group 1 has seven servers, so whoever asks one after the other, and gives each of them a
// while, does wait that long for all of them.
func leadsAgainSoon(e *tester.Env) {
	s := serve(e, layout{groups: 2, first: 7, reads: bySeed(e)})
	s.rounds(4, s.comesSoon)
}

// comesSoon is a round of leadsAgainSoon, for one shard of group 1.
func (s *service) comesSoon(shard int) {
	key, value, u := keyOf(shard), s.Value(), s.user()
	u.Must("write a value", func() { u.Put(key+"light", strings.Repeat("x", lightValue)) })
	way := &journey{s: s, to: s.groups.LeaderOf(2), from: -1, begins: make(chan struct{})}
	s.Observe(way.look)
	s.Network().Bandwidth(thinLink)
	s.move(shard, 2)
	if !s.env.Await(way.begins, seesChange) {
		s.env.Note("shard %d is not under way to server %d", shard, way.to)
	}
	s.Observe(nil)
	arrives := s.env.Now() + shortWay
	s.Network().Bandwidth(0)
	s.Network().LongDelays(true) // who asks another server hears nothing for a while
	way.lonely(way.to, false)
	rest := slices.DeleteFunc(s.groups.Members(2), func(i int) bool { return i == way.to })
	second := s.LeaderAmong(rest)
	s.Network().LongDelays(false)
	u.Client.Reach(s.Others(way.to)...)
	u.Must("append at group 2", func() { u.Append(key, value) })
	s.Network().LongDelays(true)
	way.lonely(-1, true)
	s.move(shard, 1)
	s.move(shard, 2)
	s.env.Sleep(200 * time.Millisecond) // the first leader hears what the second has done
	way.lonely(second, true)
	s.env.Sleep(max(0, arrives+500*time.Millisecond-s.env.Now()))
	s.Network().LongDelays(false)
	s.HealAll()
	u.Client.ReachAll()
	u.Must("read at group 2", func() { u.Get(key) })
}

// journey is the way of a shard from a server of group 1 to one of group 2, whoever calls whom.
type journey struct {
	s      *service
	from   int // -1: not under way yet
	to     int
	begins chan struct{}
}

// look sees messages until the shard is in one.
func (j *journey) look(m *labrpc.Message) {
	if j.from >= 0 || m.Bytes < lightValue || m.Kind != labrpc.Sent && m.Kind != labrpc.Handled {
		return
	}
	other := m.From + m.To - j.to
	if (m.From == j.to || m.To == j.to) && j.s.groups.GroupOf(other) == 1 {
		j.from = other
		close(j.begins)
	}
}

// lonely cuts a server off from the rest of group 2, and group 1 off from the controller if deaf
// says so. Of group 1, the shard's way is the only one to the server that it goes to.
func (j *journey) lonely(server int, deaf bool) {
	s := j.s
	s.Links(func(a, b int) bool {
		switch {
		case s.between(a, b, 0, 1):
			return !deaf
		case s.between(a, b, 2, 2):
			return a != server && b != server
		case s.between(a, b, 1, 2) && (a == j.to || b == j.to):
			return a == j.from || b == j.from
		}
		return true
	})
}
