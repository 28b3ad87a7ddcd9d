//go:build !wasip1

package tester_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// actor is a server whose Raft peer is a puppet of its group.
type actor struct{ *puppet }

func (a actor) Services() []any    { return []any{a.puppet} }
func (a actor) Raft() raftapi.Raft { return a.puppet }

// playGroups runs f on groups of puppets; the one with number i among all of them is th.peer(i),
// and calls itself by its place in its group.
func playGroups(t *testing.T, sizes []int, f func(g *tester.Groups, th *theatre)) record.Verdict {
	t.Helper()
	v, _ := traceGroups(t, sizes, f)
	return v
}

// traceGroups is playGroups for those who want to see the last events, too.
func traceGroups(t *testing.T, sizes []int, f func(g *tester.Groups, th *theatre)) (record.Verdict, []record.Event) {
	t.Helper()
	th := &theatre{puppets: map[int]*puppet{}}
	return tester.RunInBubble(t, tester.Case{Part: "4B", Name: "Puppets", Run: func(e *tester.Env) {
		f(e.NewGroups(func(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
			first := 0
			for _, size := range sizes {
				if me < first+size {
					break
				}
				first += size
			}
			a := actor{&puppet{me: me - first, ends: ends[first:], store: p, killed: make(chan struct{})}}
			th.mu.Lock()
			defer th.mu.Unlock()
			th.puppets[me] = a.puppet
			return a
		}, sizes, tester.Options{}), th)
		e.Sleep(time.Second)
	}}, record.Params{Seed: 1})
}

func TestEachGroupHasItsLeader(t *testing.T) {
	v := playGroups(t, []int{3, 2, 3}, func(g *tester.Groups, th *theatre) {
		require.Equal(t, []int{3, 4}, g.Members(1))
		require.Equal(t, []int{0, 0, 0, 1, 1, 2, 2, 2, -1}, []int{g.GroupOf(0), g.GroupOf(1), g.GroupOf(2), g.GroupOf(3),
			g.GroupOf(4), g.GroupOf(5), g.GroupOf(6), g.GroupOf(7), g.GroupOf(8)})
		for _, i := range []int{1, 4, 5} {
			th.peer(i).lead(3)
			th.peer(i).heartbeat(0, 3)
		}
		require.Equal(t, []int{1, 4, 5}, []int{g.LeaderOf(0), g.LeaderOf(1), g.LeaderOf(2)})
		th.peer(6).grant = true // 6 is the second of its group, and votes for the first and for nobody else
		require.True(t, th.peer(5).askForVote(1, 4))
		require.True(t, th.peer(5).askForVote(1, 4))
	})
	passes(t, v)
}

func TestTwoLeadersInOneGroup(t *testing.T) {
	v := playGroups(t, []int{3, 3}, func(g *tester.Groups, th *theatre) {
		th.peer(0).lead(3)
		th.peer(3).heartbeat(1, 3)
		th.peer(5).lead(3)
		g.LeaderOf(1)
	})
	breaks(t, v, tester.RuleTwoLeaders, "peers 3 and 5 both lead term 3")
}

func TestTwoVotesInOneGroup(t *testing.T) {
	v := playGroups(t, []int{3, 3}, func(g *tester.Groups, th *theatre) {
		th.peer(3).grant = true
		th.peer(4).askForVote(0, 7)
		th.peer(5).askForVote(0, 7)
	})
	breaks(t, v, tester.RuleTwoVotes, "peer 3 voted in term 7 for peer 4, and then for peer 5")
}

// Who is in which group is told by what breaks, and by the last events, however long the run was.
func TestGroupsAreNamed(t *testing.T) {
	v, events := traceGroups(t, []int{1, 2}, func(g *tester.Groups, th *theatre) {
		for range 10_000 {
			g.Env().Note("hum")
		}
		g.LeaderOf(1)
	})
	for i, name := range []string{"controller", "group 1", "group 1"} {
		require.Equal(t, record.Event{Time: events[i].Time, Kind: record.Start, Peer: i, Other: record.None, Text: name}, events[i])
	}
	breaks(t, v, tester.RuleNoLeader, "none of peers [1 2] (group 1) leads")
}
