package why

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// search is one over a run with an event each millisecond, in which what happens at 700 ms is
// fatal; before, every fourth run fails in any case.
func search(fatal time.Duration) *Search {
	s := &Search{Workers: 2, Run: func(_ context.Context, from time.Duration, salt uint64) Outcome {
		switch {
		case from >= fatal || salt%4 == 0:
			return Fails
		case salt%4 == 1:
			return Differs
		}
		return Passes
	}}
	for i := range 1000 {
		s.Times = append(s.Times, time.Duration(i)*time.Millisecond)
	}
	return s
}

func TestFindsTheJump(t *testing.T) {
	s := search(700 * time.Millisecond)
	steps := 0
	s.Progress = func([]Point) { steps++ }
	before, after, ok := Jump(s.Curve(context.Background()))
	require.True(t, ok)
	require.Equal(t, Point{699 * time.Millisecond, 8, 8, 32}, before)
	require.Equal(t, Point{700 * time.Millisecond, 32, 0, 32}, after)
	require.Positive(t, steps)
	low, high := before.Interval()
	require.InDelta(t, 0.13, low, 0.01)
	require.InDelta(t, 0.42, high, 0.01)
}

func TestNoJump(t *testing.T) {
	curve := search(0).Curve(context.Background())
	_, _, ok := Jump(curve)
	require.False(t, ok, "it fails from the start")
	require.Equal(t, 1.0, curve[0].Share())

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.Empty(t, search(1).Curve(ctx))
}
