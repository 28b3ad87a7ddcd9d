package shrink

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
)

// fewFromBelow is how many runs are made of nothing, of one thing, of two, of three, before a search
// from above begins anew.
const fewFromBelow = 150

// turns is how often that search begins anew.
const turns = 3

// smaller goes on where [Search.minimize] has ended. What nothing can be taken away from need not be
// the smallest run: with a fault less the case hits another leader, and two other faults may do. So
// runs of few things are made from below, and the search from above begins anew with these things in
// another order. The runs do not depend on how many are made at once.
func (s *Search) smaller(ctx context.Context, from []Thing) {
	s.best = s.kept
	left := fewFromBelow
	size := 0
	for ; size < len(s.best); size++ {
		sets := subsets(from, size, left)
		if sets == nil {
			break
		}
		left -= len(sets)
		if s.firstOf(ctx, sets) {
			break
		}
	}
	s.smallest = size >= len(s.best) && ctx.Err() == nil
	for turn := range turns {
		if s.smallest || len(s.best) < 2 || ctx.Err() != nil {
			break
		}
		s.kept = slices.Clone(from)
		if turn == 0 {
			slices.Reverse(s.kept)
		} else {
			random := rand.New(rand.NewPCG(uint64(turn), 0))
			random.Shuffle(len(s.kept), func(i, j int) { s.kept[i], s.kept[j] = s.kept[j], s.kept[i] })
		}
		if s.alternate(ctx) && len(s.kept) < len(s.best) {
			s.best = s.kept
		}
	}
	s.kept = s.best
}

// alternate is minimize with everything in one line: whole kinds are not left out first.
func (s *Search) alternate(ctx context.Context) bool {
	for ctx.Err() == nil {
		changed := s.reduce(ctx, func(Thing) bool { return true })
		if !changed && ctx.Err() == nil {
			changed = s.reducePairs(ctx)
		}
		if !changed {
			return ctx.Err() == nil
		}
	}
	return false
}

// firstOf tries sets of things, and takes the first that fails as the whole run did.
func (s *Search) firstOf(ctx context.Context, sets [][]Thing) bool {
	for len(sets) > 0 && ctx.Err() == nil {
		n := min(s.Workers, len(sets))
		results := make([]tried, n)
		var all sync.WaitGroup
		for i, set := range sets[:n] {
			all.Go(func() { results[i] = s.try(ctx, set) })
		}
		all.Wait()
		if k := slices.IndexFunc(results, func(t tried) bool { return t.ok }); k >= 0 {
			s.accept(sets[k], results[k])
			s.best = s.kept
			s.tell()
			return true
		}
		s.tell()
		sets = sets[n:]
	}
	return false
}

// subsets are all of a size, or nil if there are more than most.
func subsets(of []Thing, size, most int) (sets [][]Thing) {
	n := 1
	for i := range size {
		if n = n * (len(of) - i) / (i + 1); n > most {
			return nil
		}
	}
	var choose func(from int, chosen []Thing)
	choose = func(from int, chosen []Thing) {
		if len(chosen) == size {
			sets = append(sets, slices.Clone(chosen))
			return
		}
		for i := from; i < len(of); i++ {
			choose(i+1, append(chosen, of[i]))
		}
	}
	choose(0, nil)
	return sets
}
