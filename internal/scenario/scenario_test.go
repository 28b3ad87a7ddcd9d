package scenario

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// A scenario says the same after it was written and read again, and its comments go.
func TestReadAndWritten(t *testing.T) {
	s, err := Parse(`# the story
case 2C/Figure8
seed 7
leave out every fault   # but these
play crash 2 in cluster 1
  play   disconnect 1
leave out operation 4 of c1
lose request 17 of 0->2
lose reply 17 of 0->2
hold reply 3 of c1->0 for 812.000001ms
repeat request 9 of 2->0 after 40ms
leave alone 1 of 0->1
until 1.2s
`)
	require.NoError(t, err)
	again, err := Parse(s.String())
	require.NoError(t, err)
	require.Equal(t, s.String(), again.String())
	require.NotContains(t, s.String(), "#")
	require.Equal(t, "2C/Figure8", s.Case)
	require.EqualValues(t, 7, s.Seed)

	plays := func(key string) bool {
		k, err := ParseKey(key)
		require.NoError(t, err)
		require.Equal(t, key, k.String())
		return s.Plays(k, time.Second)
	}
	require.True(t, plays("crash 2 in cluster 1"))
	require.False(t, plays("crash 2"), "that is another one")
	require.True(t, plays("disconnect 1"))
	require.False(t, plays("operation 4 of c1"))
	require.True(t, plays("operation 4"))
	require.True(t, plays("operation 4 of c0"))
	require.False(t, s.Every(Loss, 0))
	require.True(t, s.Every(Pause, 1199*time.Millisecond))
	require.False(t, s.Every(Pause, 1200*time.Millisecond), "from then on all is as ever")
	require.False(t, s.Plays(Key{Operation, 4, 1, 0}, time.Hour), "but for what has a line")

	f := s.FateOf(Call{From: 0, To: 2, N: 17})
	require.True(t, f.LoseRequest && f.LoseReply)
	require.Equal(t, 812*time.Millisecond+time.Nanosecond, s.FateOf(Call{From: record.FirstClient + 1, N: 3}).Reply)
	require.Equal(t, 40*time.Millisecond, s.FateOf(Call{From: 2, N: 9}).Twice)
	require.Nil(t, s.FateOf(Call{From: 0, To: 2, N: 18}))
	require.Equal(t, []string{"leave alone 1 of 0->1"}, s.Unmatched(), "all else was asked for")
}

// What cannot be meant is refused, with the number of the line and what to write instead.
func TestRefused(t *testing.T) {
	for line, says := range map[string]string{
		"drop everything":                  "is no line of a scenario",
		"seed x":                           "is no seed",
		"until morning":                    "is no time",
		"leave out every storm":            "there are fault",
		"leave out crash":                  "names no fault",
		"leave out crash 0":                "count from 1",
		"play loss 1":                      "is no kind of faults",
		"lose request 17":                  "names no call",
		"lose request 17 of 0":             "is no way from a peer",
		"lose request 0 of 0->1":           "count from 1",
		"hold request 1 of 0->1 for x":     "such as 30ms",
		"hold request 1 of 0->1 for -1s":   "such as 30ms",
		"repeat request 1 of 0->1 for 1ms": "after",
		"play crash 1\nleave out crash 1":  "contradicts",
		"play operation 1 of 7":            "is no client",
	} {
		_, err := Parse("\n" + line)
		require.ErrorContains(t, err, says, line)
		require.ErrorContains(t, err, "line ", line)
	}
}

// A line that matches nothing is answered with what there was.
func TestInstead(t *testing.T) {
	s, err := Parse("leave out crash 99\nplay pause 1\nleave out operation 9 of c1\nlose reply 99 of 0->2\nhold request 1 of 1->c0 for 1s\nleave out crash 1 in cluster 1\n")
	require.NoError(t, err)
	lines := s.Unmatched()
	require.Len(t, lines, 6)
	require.Equal(t, "no crash; there are operation 1 to 2", func() string {
		s, err := Parse("play crash 1\n")
		require.NoError(t, err)
		s.Plays(Key{Operation, 1, record.None, 0}, 0)
		s.Plays(Key{Operation, 2, record.None, 0}, 0)
		return s.Instead("play crash 1")
	}())
	require.Equal(t, "no pause, and nothing else that has a number", s.Instead("play pause 1"))
	for n := 1; n <= 6; n++ {
		s.Plays(Key{Crash, n, record.None, 0}, 0)
	}
	s.Plays(Key{Operation, 1, 1, 0}, 0)
	s.FateOf(Call{From: 0, To: 2, N: 56})
	s.FateOf(Call{From: 0, To: 2, N: 55})
	var said []string
	for _, line := range s.Unmatched() {
		said = append(said, s.Instead(line))
	}
	require.Equal(t, []string{
		"crash 1 to 6",
		"no pause; there are crash 1 to 6, operation 1 of c1",
		"operation 1 of c1",
		"call 1 to 56 of 0->2",
		"no call of 1->c0",
		"no crash in cluster 1; there are crash 1 to 6, operation 1 of c1",
	}, said)
	require.Empty(t, s.Instead("seed 1"))
}
