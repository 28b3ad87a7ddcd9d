package rsm

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func newState(limit int) *state[string, int] {
	return &state[string, int]{machine: &journal{}, sessions: newSessions[int](limit)}
}

// next applies c as the next entry.
func next(s *state[string, int], c command[string]) outcome[int] { return s.apply(s.applied+1, c) }

func TestAnOperationOfASessionIsExecutedOnce(t *testing.T) {
	s := newState(10)
	client := Client(next(s, command[string]{kind: opening}).index)
	require.Equal(t, Client(1), client)
	write := func(seq uint64, line string) outcome[int] {
		return next(s, command[string]{kind: once, client: client, seq: seq, op: line})
	}
	require.Equal(t, outcome[int]{index: 2, result: 1}, write(1, "a"))
	require.Equal(t, outcome[int]{index: 3, result: 1}, write(1, "a"), "a repetition has the result of the first")
	require.Equal(t, outcome[int]{index: 4, result: 2}, write(2, "b"))
	require.ErrorIs(t, write(1, "a").err, ErrStale)
	require.Equal(t, 3, next(s, command[string]{kind: plain, op: "b"}).result, "without a session nothing is a repetition")
	require.Equal(t, []string{"a", "b", "b"}, s.machine.(*journal).lines)

	next(s, command[string]{kind: barrier})
	require.Equal(t, 7, s.applied)
	require.Panics(t, func() { s.apply(9, command[string]{kind: barrier}) }, "a hole in the log")
}

func TestTheSnapshotHasTheSessions(t *testing.T) {
	s := newState(10)
	for range 3 {
		next(s, command[string]{kind: opening})
	}
	next(s, command[string]{kind: once, client: 2, seq: 5, op: "x"})

	again := newState(10)
	next(again, command[string]{kind: opening}) // restoring replaces everything
	again.restore(s.snapshot())
	require.Equal(t, 4, again.applied)
	require.Equal(t, s.snapshot(), again.snapshot(), "equal states have equal snapshots")

	result, ok := again.sessions.earlier(2, 5)
	require.True(t, ok)
	require.Equal(t, 1, result)
	require.Equal(t, 1, next(again, command[string]{kind: once, client: 2, seq: 5, op: "x"}).result)
	require.Equal(t, []string{"x"}, again.machine.(*journal).lines)
	require.Panics(t, func() { again.restore([]byte("rubbish")) })
}

func TestTheLeastRecentlyUsedSessionIsForgotten(t *testing.T) {
	run := func(s *state[string, int], restart bool) {
		next(s, command[string]{kind: opening}) // 1
		next(s, command[string]{kind: opening}) // 2
		next(s, command[string]{kind: once, client: 1, seq: 1, op: "one"})
		if restart {
			s.restore(s.snapshot()) // the order of use is a part of the state
		}
		next(s, command[string]{kind: opening}) // 4 replaces 2, which has been unused for longest
	}
	for _, restart := range []bool{false, true} {
		s := newState(2)
		run(s, restart)
		require.NoError(t, next(s, command[string]{kind: once, client: 1, seq: 1, op: "one"}).err)
		require.NoError(t, next(s, command[string]{kind: once, client: 4, seq: 1, op: "four"}).err)
		require.ErrorIs(t, next(s, command[string]{kind: once, client: 2, seq: 1, op: "two"}).err, ErrExpired)
		require.Equal(t, []string{"one", "four"}, s.machine.(*journal).lines, "what expired is not executed")
		require.Len(t, s.sessions.byID, 2)
	}
}

func TestLookingForAnEarlierResultIsNoUse(t *testing.T) {
	s := newState(2)
	next(s, command[string]{kind: opening})
	next(s, command[string]{kind: opening})
	s.sessions.earlier(1, 1) // only the log may decide who is forgotten
	next(s, command[string]{kind: opening})
	require.NotContains(t, s.sessions.byID, Client(1))
}

func TestCommandsAreReadable(t *testing.T) {
	codec := Codec[string]{
		Append: func(to []byte, op string) []byte { return append(to, op...) },
		Parse:  func(b []byte) (string, error) { return string(b), nil },
	}
	for text, c := range map[string]command[string]{
		"once zz 17 4 put x": {kind: once, id: 35*36 + 35, client: 17, seq: 4, op: "put x"},
		"do 1 ":              {kind: plain, id: 1},
		"open a":             {kind: opening, id: 10},
		"read b":             {kind: barrier, id: 11},
	} {
		require.Equal(t, text, c.encode(codec))
		back, err := decode(text, codec)
		require.NoError(t, err)
		require.Equal(t, c, back)
	}
	for _, broken := range []string{"", "do", "open !", "once 1 x 1 a", "once 1 1 x a", "what 1 a"} {
		_, err := decode(broken, codec)
		require.Error(t, err, "%q", broken)
	}
	gob := GobCodec[map[string]int]()
	c := command[map[string]int]{kind: plain, id: 7, op: map[string]int{"a b": 3}}
	back, err := decode(c.encode(gob), gob)
	require.NoError(t, err)
	require.Equal(t, c, back)
}
