package shardgrp

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"raftlab/shardapi"
	"raftlab/tester"
)

// boss is a controller. What it does stands in the trace as a note.
type boss struct {
	s      *service
	client *tester.Client
	mover  shardapi.Mover
}

// boss makes a new controller, which reaches everybody. It has not called Init yet.
func (s *service) boss() *boss {
	b := &boss{s: s, client: s.NewClient()}
	store, makeEnd := s.links(b.client)
	b.client.Make(func() { b.mover = s.made.New().Moved.Mover(store, makeEnd) })
	s.bosses = append(s.bosses, b)
	return b
}

// begins has a controller do something, and does not wait.
func (b *boss) begins(what string, f func()) <-chan struct{} {
	b.s.env.Note("controller %d is to %s", b.client.Number(), what)
	return b.client.Go(func() { b.client.Call(f) })
}

// does has a controller do something, and waits until it is done.
func (b *boss) does(what string, f func()) { b.ends(b.begins(what, f), what) }

// patience is the time within which a controller comes to its end once nothing is in its way. It
// may have dozens of messages to send, most of which want agreement; and on its way it may wait for
// one that was lost.
const patience = 3 * tester.ProgressLimit

// ends waits until a controller has done something.
func (b *boss) ends(done <-chan struct{}, what string) {
	if !b.s.env.Await(done, patience) {
		b.s.Fail(tester.RuleNoProgress, nil, "controller %d was to %s, which has not ended after %v, although nothing is in its way",
			b.client.Number(), what, patience)
	}
}

func (b *boss) inits() { b.does("take over (InitController)", b.mover.Init) }

// query asks for the present placement.
func (b *boss) query() (p shardapi.Placement) {
	b.does("ask for the placement (Query)", func() { p = b.mover.Query() })
	return p.Clone() // whoever keeps the one that it gave us may change it
}

// changing begins a change.
func (b *boss) changing(to shardapi.Placement) <-chan struct{} {
	return b.begins("make "+text(to), func() { b.mover.ChangeTo(to.Clone()) })
}

// changes makes a change, which nobody else hinders.
func (b *boss) changes(to shardapi.Placement) {
	b.ends(b.changing(to), "make "+text(to))
	b.s.now = to
}

// first is the controller that the case began with.
func (s *service) first() *boss { return s.bosses[0] }

// join has the first controller add groups.
func (s *service) join(groups ...int) { s.first().changes(s.with(groups...)) }

// leave has it take groups away.
func (s *service) leave(groups ...int) { s.first().changes(s.without(groups...)) }

// move has it give a shard to a group.
func (s *service) move(shard, group int) { s.first().changes(s.moved(shard, group)) }

// next is the placement after the present one, so far the same.
func (s *service) next() shardapi.Placement {
	p := s.now
	p.Num++
	p.Groups = maps.Clone(p.Groups)
	return p
}

// with is the next placement if these groups join.
func (s *service) with(groups ...int) shardapi.Placement {
	p := s.next()
	for _, group := range groups {
		p.Groups[group] = s.names(group)
	}
	return spread(p)
}

// without is the next placement if these groups leave.
func (s *service) without(groups ...int) shardapi.Placement {
	p := s.next()
	for _, group := range groups {
		delete(p.Groups, group)
	}
	return spread(p)
}

// moved is the next placement if a shard goes to a group.
func (s *service) moved(shard, group int) shardapi.Placement {
	p := s.next()
	p.Shards[shard] = group
	return p
}

// either is the next placement if a group joins that is no member, or one leaves that is.
func (s *service) either(group int) shardapi.Placement {
	if s.now.Groups[group] == nil {
		return s.with(group)
	}
	return s.without(group)
}

// spread gives shards of groups that are no members to others, and then evens out: no group has two
// more than another, and no shard moves that need not.
func spread(p shardapi.Placement) shardapi.Placement {
	members := slices.Sorted(maps.Keys(p.Groups))
	has := func(group int) (n int) {
		for _, owner := range p.Shards {
			if owner == group {
				n++
			}
		}
		return n
	}
	fewest := func() int { return slices.MinFunc(members, func(a, b int) int { return has(a) - has(b) }) }
	most := func() int { return slices.MaxFunc(members, func(a, b int) int { return has(a) - has(b) }) }
	for shard, owner := range p.Shards {
		if p.Groups[owner] == nil {
			p.Shards[shard] = fewest()
		}
	}
	for has(most()) > has(fewest())+1 {
		p.Shards[slices.Index(p.Shards[:], most())] = fewest()
	}
	return p
}

// text is a placement in a line.
func text(p shardapi.Placement) string {
	return fmt.Sprintf("placement %d (groups of shards: %v)", p.Num, p.Shards)
}

// changed lets groups come and go some times, while there is something to do; one group stays a
// member.
func (s *service) changed(times int, pause time.Duration) {
	for range times {
		group := 2 + s.env.Rand().IntN(s.layout.groups-1)
		s.first().changes(s.either(group))
		s.Idle(pause)
	}
}
