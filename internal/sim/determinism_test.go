package sim

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

func TestSameSeedSameRun(t *testing.T) {
	b := buildMini(t)
	const seeds = 8
	hashes := make([][]string, seeds)
	for _, workers := range []int{1, 2} {
		p := newPool(t, workers) // fresh processes
		for range 2 {
			for seed := range uint64(seeds) {
				r := p.Run(context.Background(), miniJob(b, "work", seed))
				require.Equal(t, record.Pass, r.Verdict.Outcome, r.Verdict.Message)
				hashes[seed] = append(hashes[seed], r.Hash)
			}
		}
	}
	seen := map[string]int{}
	for seed, of := range hashes {
		for _, h := range of {
			require.Equal(t, of[0], h, "seed %d", seed)
		}
		other, ok := seen[of[0]]
		require.False(t, ok, "seeds %d and %d give the same run", seed, other)
		seen[of[0]] = seed
	}
}

// TestOrderDependsOnSeed: who runs first is up to the seed, also where nothing in the program is
// random.
func TestOrderDependsOnSeed(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 2)
	orders := map[string]bool{}
	for seed := range uint64(20) {
		orders[p.Run(context.Background(), miniJob(b, "race", seed)).Hash] = true
	}
	t.Log(len(orders), "orders in 20 seeds")
	require.Greater(t, len(orders), 10)
}

// TestDecisionsAreApart: a goroutine that draws, selects, sets timers and has its turn more often
// than before leaves the decisions of all others as they were, and their order in all instants but
// those.
func TestDecisionsAreApart(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 1)
	orders := map[string]bool{}
	for seed := range uint64(6) {
		plain := p.Run(context.Background(), miniJob(b, "decisions", seed))
		require.Equal(t, record.Pass, plain.Verdict.Outcome, plain.Verdict.Message)
		j := miniJob(b, "decisions", seed)
		j.Env = []string{"EXTRA=1"}
		more := p.Run(context.Background(), j)
		require.Equal(t, plain.Hash, more.Hash, "seed %d", seed)
		orders[plain.Hash] = true
	}
	require.Len(t, orders, 6)
}

// TestGoroutinesSeeMapsInOrdersOfTheirOwn: the servers of a run are goroutines of one process, but
// who relies on the order of a map has to be found out as on several machines.
func TestGoroutinesSeeMapsInOrdersOfTheirOwn(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 2)
	for seed := range uint64(10) {
		v := p.Run(context.Background(), miniJob(b, "maps", seed)).Verdict
		require.Equal(t, record.Pass, v.Outcome, "seed %d: %s", seed, v.Message)
	}
}

// TestNoiseChangesNothing: printing maps and structs, making and ranging over maps, reading the
// clock, allocating, and collecting garbage leave the run as it is.
func TestNoiseChangesNothing(t *testing.T) {
	b := buildMini(t)
	p := newPool(t, 2)
	for seed := range uint64(6) {
		plain := p.Run(context.Background(), miniJob(b, "work", seed))
		require.Equal(t, record.Pass, plain.Verdict.Outcome, plain.Verdict.Message)
		for _, noise := range []struct {
			env    []string
			memory int64
		}{
			{[]string{"PRINT=1"}, 0},
			{[]string{"ALLOC=1"}, 0},
			{[]string{"ALLOC=1", "PRINT=1"}, 24 << 20},
			{[]string{"ALLOC=1"}, 28 << 20},
			{[]string{"ALLOC=1", "PRINT=1"}, 40 << 20},
		} {
			t.Run(fmt.Sprint(seed, noise), func(t *testing.T) {
				j := miniJob(b, "work", seed)
				j.Env, j.MemoryLimit = noise.env, noise.memory
				r := p.Run(context.Background(), j)
				t.Log(r.GCs, "collections", r.CPU)
				require.Equal(t, record.Pass, r.Verdict.Outcome, r.Verdict.Message)
				require.Empty(t, r.Notes)
				require.Equal(t, plain.Hash, r.Hash)
				require.Equal(t, plain.Idle, r.Idle)
				if noise.memory != 0 {
					require.NotZero(t, r.GCs)
				}
			})
		}
	}
}
