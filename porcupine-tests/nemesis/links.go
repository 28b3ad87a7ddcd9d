package nemesis

import (
	"slices"

	"raftlab/tester/topology"
)

// ofLinks says whether the fault is one of links.
func (f Fault) ofLinks() bool {
	return slices.Contains(lanes[0].faults, f) || slices.Contains(lanes[5].faults, f)
}

// works says who hears whom under a fault of links. leader is the server that leads, or the one
// that plays it. A fault of one group's links leaves alone those of the others, and those between
// groups if it is not a wide one.
func (s Step) works(leader int) topology.Links {
	switch s.Fault {
	case Alone, Deaf, Mute:
		return s.within(s.kind().Links(s.Order))
	case LeaderAlone:
		return s.within(topology.Alone(leader))
	case GroupAlone:
		return topology.GroupAlone(s.Groups)
	case GroupMute:
		return topology.GroupMute(s.Groups)
	case Unguided:
		return topology.Unguided(s.Groups)
	case Strangers:
		return topology.Strangers(s.Groups)
	}
	return s.kind().Links(s.Order)
}

// within has links of one server stay within its group, if they are not wide.
func (s Step) within(works topology.Links) topology.Links {
	return func(from, to int) bool {
		return !s.Wide && (!slices.Contains(s.Order, from) || !slices.Contains(s.Order, to)) || works(from, to)
	}
}
