package raft

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMajority(t *testing.T) {
	for _, c := range []struct {
		reached []int
		want    int
	}{
		{[]int{7}, 7},
		{[]int{3, 7}, 3},
		{[]int{7, 3, 5}, 5},
		{[]int{9, 9, 0}, 9},
		{[]int{2, 9, 9, 4}, 4},
		{[]int{0, 0, 9, 9, 9}, 9},
		{[]int{0, 0, 0, 9, 9}, 0},
	} {
		n := 0
		got := majority(append([]int(nil), c.reached...), func(a, b int) int { return a - b })
		for _, r := range c.reached {
			if r >= got {
				n++
			}
		}
		require.Equal(t, c.want, got, "%v", c.reached)
		require.Greater(t, 2*n, len(c.reached), "%v", c.reached)
	}
}

// The leader counts itself, with what it has reached now, and once.
func TestMajoritiesCountTheLeaderOnce(t *testing.T) {
	now := time.Unix(1000, 0)
	before := func(d time.Duration) time.Time { return now.Add(-d) }
	all := []*progress{newProgress(0, 5, 9), newProgress(1, 5, 9), newProgress(2, 5, 9)}
	const me = 1
	beginContacts(all, before(time.Hour))
	require.Equal(t, before(time.Hour), majorityLast(all, me, now), "elected then")
	require.Zero(t, majorityMade(all, me, now), "nobody has answered a call")
	require.Zero(t, majorityRead(all, me, 7))

	all[0].contact.answered(callStart{read: 4, at: before(time.Minute)}, before(time.Second))
	require.Equal(t, before(time.Second), majorityLast(all, me, now))
	require.Equal(t, before(time.Minute), majorityMade(all, me, now))
	require.Equal(t, 4, majorityRead(all, me, 7))

	all[0].contact.answered(callStart{read: 3, at: before(time.Hour)}, now) // overtaken by the other
	require.Equal(t, now, majorityLast(all, me, now))
	require.Equal(t, before(time.Minute), majorityMade(all, me, now), "what was learned from a newer call stays")
	require.Equal(t, 4, majorityRead(all, me, 7))
}

// Whatever comes in, and in whatever order, the invariant holds and matchIndex does not go back.
func TestProgressKeepsItsInvariant(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		last := draw.IntN(20)
		f := newProgress(1, 5, last)
		require.False(t, f.lacks(last), "it is assumed to have all")
		for range 50 {
			match := f.matchIndex
			switch draw.IntN(4) {
			case 0:
				last++
			case 1:
				index := draw.IntN(last + 1)
				require.Equal(t, index >= match, f.matched(index))
			case 2:
				if prev := draw.IntN(last + 1); f.refusedNews(prev) {
					f.refused(1 + draw.IntN(prev))
					require.LessOrEqual(t, f.nextIndex, prev, "it goes back")
				}
			case 3:
				if f.mayCall() {
					f.sent()
					require.True(t, f.awaiting)
				} else {
					f.returned()
				}
			}
			require.GreaterOrEqual(t, f.matchIndex, match)
			require.Less(t, f.matchIndex, f.nextIndex)
			require.LessOrEqual(t, f.nextIndex, last+1)
			require.Equal(t, f.nextIndex <= last, f.lacks(last))
			require.LessOrEqual(t, f.inFlight, maxInFlight)
		}
	}
}

func TestARefusalIsNewsOnce(t *testing.T) {
	f := newProgress(1, 5, 9)
	require.True(t, f.refusedNews(9))
	f.refused(4)
	require.Equal(t, 4, f.nextIndex)
	require.False(t, f.refusedNews(9), "the second refusal of the same entries")
	require.True(t, f.matched(6))
	require.Equal(t, 7, f.nextIndex)
	require.False(t, f.refusedNews(6), "it has them")
	f.refused(2)
	require.Equal(t, 7, f.nextIndex, "never to what is known to match")
}
