package experiment

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
	"raftlab/labrpc"
)

func TestSteps(t *testing.T) {
	for text, want := range map[string]step{
		`do 3k9xq1 adopt {"Num":16,"Shards":[1,1],"Groups":{"1":["1-0"]}}`: {1, "adopt", 16},
		"do b02vvd install 0 6 do x settle 0 7":                            {1, "install", 6},
		"do b02vvd discard 3 12":                                           {1, "discard", 12},
		"do b02vvd settle 3 4":                                             {1, "settle", 4},
	} {
		got, ok := stepOf(1, text)
		require.True(t, ok, text)
		require.Equal(t, want, got)
	}
	for _, other := range []string{"", "read 9c4j7p", `do 3k9xq1 put 1z141z4 7 "x" "install 0 6"`, "do 3k9xq1 open 3 1z141z4"} {
		_, ok := stepOf(1, other)
		require.False(t, ok, other)
	}
	require.Panics(t, func() { stepOf(1, "do b02vvd settle 3 x") })
}

func TestUncovered(t *testing.T) {
	for _, c := range []struct {
		want  time.Duration
		spans []span
	}{
		{10, nil},
		{0, []span{{1, 5, 25}}},
		{4, []span{{1, 13, 18}, {1, 10, 11}, {1, 14, 15}}},
		{7, []span{{1, 0, 12}, {1, 19, 30}}},
		{10, []span{{1, 0, 5}, {1, 30, 40}}},
	} {
		require.Equal(t, c.want, uncovered(c.spans, 10, 20), "%v", c.spans)
	}
}

// Two moves as docs/life-of-a-shard-move.md tells them, with a clock that is set by hand.
func TestJournal(t *testing.T) {
	now := time.Duration(0)
	type configuration struct{ err kvapi.Err }
	type pulled struct{ err kvapi.Err }
	j := newJournal(func() time.Duration { return now }, &Insight{Reply: func(reply any) (told, brought bool) {
		c, isConfiguration := reply.(configuration)
		p, isPulled := reply.(pulled)
		return isConfiguration && c.err == kvapi.OK, isPulled && p.err == kvapi.OK
	}})
	calls := uint64(0)
	ask := func(from, to int, began, ended time.Duration, reply any) {
		calls++
		m := labrpc.Message{Kind: labrpc.Sent, From: from, To: to, N: calls, Bytes: 10}
		now = began
		j.message(&m, from, to)
		m.Kind, m.Reply, m.Bytes = labrpc.Replied, reply, 100
		now = ended
		j.message(&m, from, to)
	}
	entry := func(group int, at time.Duration, text string) {
		now = at
		j.entry(group, "do x "+text)
		now = at + 3
		j.entry(group, "do x "+text) // at the next server
	}
	news, none := configuration{kvapi.OK}, configuration{"ErrNotYet"}
	shard, refused := pulled{kvapi.OK}, pulled{"ErrNotReady"}

	// The old owner is first.
	j.begin()
	ask(1, 0, 10, 12, news)
	entry(1, 15, `adopt {"Num":6,`)
	ask(1, 0, 15, 17, none) // the old owner's tasks do not count
	ask(2, 0, 40, 42, none)
	ask(2, 0, 42, 44, news)
	entry(2, 50, `adopt {"Num":6,`)
	ask(2, 1, 50, 52, refused)
	ask(2, 1, 52, 54, shard)
	entry(2, 60, "install 0 6 ...")
	require.False(t, j.has(step{2, "settle", 6}))
	entry(2, 70, "settle 0 6")
	require.True(t, j.has(step{2, "settle", 6}))
	require.Equal(t, journey{without: 60 - 15, waiting: 40 - 15, travel: 60 - 52}, j.journey(1, 2, 6))

	// The new owner is first, asks in vain, and waits.
	j.begin()
	ask(1, 0, 100, 102, news)
	entry(1, 105, `adopt {"Num":7,`)
	ask(1, 2, 105, 107, refused)
	ask(2, 0, 110, 112, news)
	entry(2, 115, `adopt {"Num":7,`)
	ask(1, 2, 200, 202, shard)
	entry(1, 207, "install 0 7 ...")
	require.Equal(t, journey{without: 207 - 115, waiting: 200 - 115, travel: 207 - 200}, j.journey(2, 1, 7))

	ask(2, 2, 300, 301, nil)
	inside, between := j.traffic()
	require.Equal(t, tally{1, 110}, inside)
	require.Equal(t, tally{4, 440}, between, "without those to the controller")
}
