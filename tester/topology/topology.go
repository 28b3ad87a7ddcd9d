// Package topology has networks that are neither whole nor as they should be: who hears whom, once
// for all cases, swarms and fault plans. Each is made for servers in the order of their roles;
// orders are drawn from the seed. Drawn for five, in the order 0 to 4:
//
//	halves  0 1 | 2 3 4   bridge  0   3     ring  0---1       star  1   2      chain  0-1-2-3-4
//	                              |\ /|          /     \             \ /
//	alone   0 | 1 2 3 4           | 2 |         4       2             0        deaf   0 --> all
//	                              |/ \|          \     /             / \
//	                              1   4           3---'             3   4      mute   all --> 0
//
// On a bridge, a ring and a star of three and more a leader can win and commit, but some servers
// see a majority and some do not, and no two agree on who is alive.
//
// Whoever is in no order is not concerned: such links work.
package topology

// Links says whether a message gets from one server to another.
type Links func(from, to int) bool

// by makes links of roles: works is asked for two that have one, and not for a server and itself.
func by(order []int, works func(a, b, n int) bool) Links {
	role := map[int]int{}
	for r, server := range order {
		role[server] = r
	}
	n := len(order)
	return func(from, to int) bool {
		a, concerned := role[from]
		b, both := role[to]
		return !concerned || !both || a == b || works(a, b, n)
	}
}

// Halves is two groups that do not hear each other; the first is the smaller one.
func Halves(order []int) Links {
	return by(order, func(a, b, n int) bool { return (a < n/2) == (b < n/2) })
}

// Bridge is two halves that share one server, which is in the middle of the order.
func Bridge(order []int) Links {
	return by(order, func(a, b, n int) bool {
		middle := n / 2
		return a == middle || b == middle || (a < middle) == (b < middle)
	})
}

// Ring lets each server hear its two neighbours only. Among three all are neighbours; a ring of so
// few is a [Chain], because otherwise it would not be broken at all.
func Ring(order []int) Links {
	if len(order) < 4 {
		return Chain(order)
	}
	return by(order, func(a, b, n int) bool { d := (a - b + n) % n; return d == 1 || d == n-1 })
}

// WideRing lets each server hear just enough of its neighbours, on either side, to see a majority;
// no two see the same. For so few that this is all, it is a [Chain].
func WideRing(order []int) Links {
	if len(order) < 4 {
		return Chain(order)
	}
	return by(order, func(a, b, n int) bool {
		d := (a - b + n) % n
		return min(d, n-d) <= (n/2+1)/2
	})
}

// Chain lets each server hear those beside it in the order, and the ends hear one each.
func Chain(order []int) Links {
	return by(order, func(a, b, _ int) bool { return a-b == 1 || b-a == 1 })
}

// Star lets everybody hear the first server only, and it everybody.
func Star(order []int) Links { return by(order, func(a, b, _ int) bool { return a == 0 || b == 0 }) }

// Alone is one server without links.
func Alone(loner int) Links {
	return func(from, to int) bool { return from != loner && to != loner || from == to }
}

// Mute is one server that hears everybody, and is heard by nobody.
func Mute(loner int) Links { return func(from, to int) bool { return from != loner || from == to } }

// Deaf is one server that is heard by everybody, and hears nobody.
func Deaf(loner int) Links { return func(from, to int) bool { return to != loner || from == to } }
