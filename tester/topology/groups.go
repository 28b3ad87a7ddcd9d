package topology

import "slices"

// Links between the servers of several groups. The groups come in the order of their roles; the
// last is the one that all others depend on, C.
//
//	group alone  1 | C 2 3       unguided  1   C         strangers   1   2
//	(group mute:                            \ / \                      \ /
//	 1 <-- C 2 3)                            2---3                      C

// among makes links of groups: works is asked for the places of two in the list.
func among(groups [][]int, works func(a, b, center int) bool) Links {
	group := func(server int) int {
		return slices.IndexFunc(groups, func(g []int) bool { return slices.Contains(g, server) })
	}
	return func(from, to int) bool { return works(group(from), group(to), len(groups)-1) }
}

// GroupAlone is the first group on one side, and all others on the other.
func GroupAlone(groups [][]int) Links {
	return among(groups, func(a, b, _ int) bool { return (a == 0) == (b == 0) })
}

// GroupMute is the first group not heard by the others, and hearing them.
func GroupMute(groups [][]int) Links {
	return among(groups, func(a, b, _ int) bool { return a != 0 || b == 0 })
}

// Unguided is the first group and the last without links to each other.
func Unguided(groups [][]int) Links {
	return among(groups, func(a, b, center int) bool { return min(a, b) != 0 || max(a, b) != center })
}

// Strangers are groups that hear the last one, and no other.
func Strangers(groups [][]int) Links {
	return among(groups, func(a, b, center int) bool { return a == b || max(a, b) == center })
}

// Sides is two sides that do not hear each other. Whoever is on neither hears both.
func Sides(one, other []int) Links {
	return func(from, to int) bool {
		return !(slices.Contains(one, from) && slices.Contains(other, to) || slices.Contains(other, from) && slices.Contains(one, to))
	}
}
