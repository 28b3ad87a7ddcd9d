package replica

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/transport"
)

// gate is a way to another member that is slow at first. It answers by what is there.
type gate struct {
	open  chan struct{} // closed when messages get through
	there *Member

	mu   sync.Mutex
	sent []int // operations in each message
}

func (g *gate) Ask(method string, args, to any) (transport.Outcome, error) {
	if method != "Member.Do" {
		return transport.NotSent, nil
	}
	g.mu.Lock()
	g.sent = append(g.sent, len(args.(*Passed).Ops))
	g.mu.Unlock()
	<-g.open
	g.there.Do(args.(*Passed), to.(*Answers))
	return transport.Answered, nil
}

func (g *gate) messages() []int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.sent)
}

// What comes in while messages are on their way shares the next one, and everybody gets the own
// result. A few are sent without waiting for each other.
func TestPassedOnTogether(t *testing.T) {
	patient := func(c *Config) { c.Patience = 20 * time.Second }
	leader := startPuppet(t, patient)
	leader.puppet.mu.Lock()
	leader.leads, leader.puppet.commit = true, true
	leader.puppet.mu.Unlock()
	g := &gate{open: make(chan struct{}), there: &Member{leader.Server}}
	follower := startPuppet(t, patient, g)
	follower.hint.Store(1)
	var all sync.WaitGroup
	execute := func(i int) {
		result, _, err := follower.Execute(context.Background(), fmt.Appendf(nil, "<%d>", i))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("done <%d>", i), string(result))
	}
	for i := range maxPassing {
		all.Go(func() { execute(i) })
		require.Eventually(t, func() bool { return len(g.messages()) == i+1 }, 5*time.Second, time.Millisecond)
	}
	for i := range 200 {
		all.Go(func() { execute(maxPassing + i) })
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	_, _, err := follower.Execute(ctx, []byte("nobody waits"))
	require.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool { return len(follower.passing[1]) == 201 }, 5*time.Second, time.Millisecond)
	close(g.open)
	all.Wait()
	require.Equal(t, []int{1, 1, 1, 1, 201}, g.messages())
}

// Who does not lead executes none of what was passed on, and says so of each.
func TestPassedToAFollower(t *testing.T) {
	s := startPuppet(t, func(c *Config) { c.Patience = 20 * time.Second })
	var answers Answers
	(&Member{s.Server}).Do(&Passed{[][]byte{[]byte("a"), nil, []byte("b")}}, &answers)
	require.Len(t, answers.All, 3)
	for i := range 3 {
		require.ErrorIs(t, outcomeOf(transport.Answered, answers.All, i).err, ErrNotExecuted)
	}
	require.ErrorIs(t, outcomeOf(transport.Answered, answers.All, 3).err, ErrUnknown, "an answer is missing")
	require.ErrorIs(t, outcomeOf(transport.Unknown, nil, 0).err, ErrUnknown)
}
