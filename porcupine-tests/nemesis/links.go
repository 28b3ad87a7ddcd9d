package nemesis

import "slices"

// links says whether a message gets from one server to another.
type links func(from, to int) bool

// ofLinks says whether the fault is one of links.
func (f Fault) ofLinks() bool {
	return slices.Contains(lanes[0].faults, f) || slices.Contains(lanes[5].faults, f)
}

// works says who hears whom under a fault of links. leader is the server that leads, or the one that plays it.
// A fault of one group's links leaves alone those of the others, and those between groups if it is not a wide one.
func (s Step) works(leader int) links {
	role := map[int]int{}
	for r, server := range s.Order {
		role[server] = r
	}
	loner := s.Order[0]
	if s.Fault == LeaderAlone {
		loner = leader
	}
	inside := s.inside(role, loner)
	return func(from, to int) bool {
		_, a := role[from]
		_, b := role[to]
		switch {
		case s.Groups != nil:
			return s.betweenGroups(from, to)
		case a && b, s.Wide:
			return inside(from, to)
		}
		return true
	}
}

// inside says who hears whom in a group.
func (s Step) inside(role map[int]int, loner int) links {
	n := len(s.Order)
	half := func(i int) bool { return role[i] < n/2 }
	switch s.Fault {
	case Halves:
		return func(from, to int) bool { return half(from) == half(to) }
	case Bridge:
		middle := s.Order[n/2]
		return func(from, to int) bool { return from == middle || to == middle || half(from) == half(to) }
	case Deaf:
		return func(from, to int) bool { return to != loner }
	case Mute:
		return func(from, to int) bool { return from != loner }
	case Ring:
		if n > 3 {
			return func(from, to int) bool {
				d := (role[from] - role[to] + n) % n
				return min(d, n-d) <= (n/2+1)/2 // a majority, with oneself in the middle
			}
		}
	}
	return func(from, to int) bool { return from != loner && to != loner }
}

// betweenGroups says who hears whom under a fault between groups.
func (s Step) betweenGroups(from, to int) bool {
	group := func(server int) int {
		return slices.IndexFunc(s.Groups, func(g []int) bool { return slices.Contains(g, server) })
	}
	one, center := 0, len(s.Groups)-1 // places in Groups
	a, b := group(from), group(to)
	switch s.Fault {
	case GroupAlone:
		return (a == one) == (b == one)
	case GroupMute:
		return a != one || b == one
	case Unguided:
		return min(a, b) != one || max(a, b) != center
	case Strangers:
		return a == b || max(a, b) == center
	default: // Sides
		half := s.Order[:len(s.Order)/2]
		return slices.Contains(half, from) == slices.Contains(half, to)
	}
}
