package rsm

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
	"raftlab/labrpc"
)

// talk is a script of answers; "" is none. It notes which server was asked.
func talk(ends []*labrpc.ClientEnd, asked *[]int, answers ...kvapi.Err) Send {
	return func(server *labrpc.ClientEnd) (kvapi.Err, bool) {
		for i, end := range ends {
			if end == server {
				*asked = append(*asked, i)
			}
		}
		answer := answers[0]
		answers = answers[1:]
		return answer, answer != ""
	}
}

func TestCourier(t *testing.T) {
	for name, c := range map[string]struct {
		answers []kvapi.Err
		asked   []int
		unsure  bool
		atLeast time.Duration
	}{
		"at once":                       {[]kvapi.Err{kvapi.OK}, []int{1}, false, 0},
		"at another":                    {[]kvapi.Err{kvapi.ErrWrongLeader, kvapi.OK}, []int{1, 2}, false, 0},
		"no answer may have been a Yes": {[]kvapi.Err{"", kvapi.OK}, []int{1, 2}, true, 0},
		"nor is it known":               {[]kvapi.Err{Unknown, kvapi.OK}, []int{1, 2}, true, 0},
		"a round in vain":               {[]kvapi.Err{kvapi.ErrWrongLeader, kvapi.ErrWrongLeader, kvapi.ErrWrongLeader, kvapi.OK}, []int{1, 2, 0, 1}, false, RoundPause},
		"an overloaded leader":          {[]kvapi.Err{kvapi.ErrTooManyRequests, kvapi.ErrTooManyRequests, kvapi.OK}, []int{1, 1, 1}, false, 3 * minBackoff / 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			ends := []*labrpc.ClientEnd{{}, {}, {}}
			courier := Courier{Servers: ends, Leader: 1}
			began := time.Now() // on the bubble's clock
			var asked []int
			answer, unsure := courier.ToLeader(talk(ends, &asked, c.answers...))
			require.Equal(t, kvapi.OK, answer, name)
			require.Equal(t, c.asked, asked, name)
			require.Equal(t, c.unsure, unsure, name)
			require.Equal(t, asked[len(asked)-1], courier.Leader, name)
			require.GreaterOrEqual(t, time.Since(began), c.atLeast, name)
		})
	}
}

func TestCourierToAnyone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := []*labrpc.ClientEnd{{}, {}, {}}
		courier := Courier{Servers: ends, Leader: 1, Turn: 1}
		var asked []int
		courier.ToAnyone(talk(ends, &asked, kvapi.OK))
		courier.ToAnyone(talk(ends, &asked, kvapi.ErrTooManyRequests, kvapi.OK))
		require.Equal(t, []int{2, 0, 1}, asked, "in turn, and an overloaded server is left alone")
		require.Equal(t, 1, courier.Leader, "nobody has said who leads")
	})
}

// A forgotten session is replaced by another one, but only if no try may have been executed in the
// first.
func TestSession(t *testing.T) {
	next := uint64(0)
	ids := []uint64{0, 1, 2} // the first try to open one fails
	open := func() uint64 { next++; return ids[next-1] }
	type write struct{ id, seq uint64 }
	var sent []write
	send := func(answer kvapi.Err, unsure bool) func(id, seq uint64) (kvapi.Err, bool) {
		return func(id, seq uint64) (kvapi.Err, bool) {
			sent = append(sent, write{id, seq})
			if id == 1 {
				return answer, unsure
			}
			return kvapi.OK, false
		}
	}
	var s Session
	require.True(t, s.Write(open, send(kvapi.OK, true)))
	require.True(t, s.Write(open, send(kvapi.OK, false)))
	require.True(t, s.Write(open, send(Expired, false)))
	require.Equal(t, []write{{1, 1}, {1, 2}, {1, 3}, {2, 1}}, sent, "a retry of what was not executed is the first write of another session")

	s = Session{ID: 1, Seq: 7}
	require.False(t, s.Write(open, send(Expired, true)), "it may have been executed before the session was forgotten")
	require.Equal(t, Session{ID: 1, Seq: 8}, s)
}

func TestAnEntryOfTheOwnTermOnce(t *testing.T) {
	var o ownTerm
	require.True(t, o.begin(3))
	require.False(t, o.begin(3))
	require.False(t, o.begin(2))
	o.failed(2)
	require.False(t, o.begin(3), "another term's failure")
	o.failed(3)
	require.True(t, o.begin(3))
	require.True(t, o.begin(4))
}
