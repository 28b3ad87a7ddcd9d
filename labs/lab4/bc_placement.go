package lab4

import (
	"time"

	"raftlab/labs/kit"
	"raftlab/labs/sharded"
	"raftlab/shardapi"
	"raftlab/tester"
)

// placement is what a case knows of the latest configuration without asking for it: from what the
// chief has done. How a controller spreads shards is its own affair, so a join and a leave say who
// the members are and no more.
type placement struct {
	members map[int]bool
	owners  [shardapi.NShards]int // 0: not known
	since   time.Duration         // virtual time of the last change, or of the end of all faults
}

func (p *placement) joins(groups []int) {
	for _, group := range groups {
		if !p.members[group] {
			p.members[group] = true
			p.owners = [shardapi.NShards]int{}
		}
	}
}

func (p *placement) leaves(groups []int) {
	for _, group := range groups {
		if p.members[group] {
			delete(p.members, group)
			p.owners = [shardapi.NShards]int{}
		}
	}
}

func (p *placement) moves(shard, group int) {
	if p.members[group] {
		p.owners[shard] = group
	}
}

// shows takes over what the controller has shown.
func (p *placement) shows(c shardapi.Config) {
	for shard := range p.owners {
		if group := owner(c, shard); p.members[group] {
			p.owners[shard] = group
		}
	}
}

// heard is the time within which all servers of a controller have the latest configuration, if
// nothing ever happened to them: some heartbeats.
const heard = time.Second

// settled reports whether a new clerk learns of the latest configuration, whichever server of the
// controller it asks. Before that it may ask one that is behind, and then a group that had the shard
// before and has not heard either.
func (s *service) settled() bool {
	quiet := s.env.Now() - s.chief.knows.since
	return quiet >= handOver || quiet >= heard && s.Undisturbed()
}

// all are the groups of the service, without its controller.
func (s *service) all() (groups []int) {
	for group := sharded.Controller + 1; group < len(s.sizes); group++ {
		groups = append(groups, group)
	}
	return groups
}

// placed fails the case if what a new user has read, one key of each shard, came from elsewhere than
// the groups that have the shards: a service that keeps everything in one place moves nothing, and
// would pass most cases.
func (s *service) placed(list []kit.Reading) {
	p := s.chief.knows
	var members, asked []int
	for _, group := range s.all() {
		if p.members[group] {
			members = append(members, group)
		}
	}
	known := false
	for shard, r := range list {
		switch owner := p.owners[shard]; {
		case owner != 0:
			known = true
			s.ReadFrom(r, shard, owner)
		case len(members) > 0:
			s.ReadFrom(r, shard, members...)
		}
		asked = kit.Union(asked, r.Asked)
	}
	if !known && len(members) > 1 && len(asked) < 2 {
		s.Fail(tester.RuleNotEarned, nil, "groups %v are members; a new client has read a key of each shard, and nobody has asked any group but %v: "+
			"all answers came from there", members, asked)
	}
}
