//go:build !wasip1

package tester_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/tester"
)

// Puppets that exchange just as many messages as a majority needs earn their pass; with one less
// they do not.
func TestNotEarned(t *testing.T) {
	elect := func(th cast, leader, term int, voters ...int) {
		for _, v := range voters {
			th.peer(v).grant = true
			th.peer(leader).askForVote(v, term)
		}
		th.peer(leader).lead(term)
	}
	for name, c := range map[string]struct {
		n       int
		message string // "": it passes
		play    func(c cluster, th cast)
	}{
		"a leader by itself": {3, "peer 0 leads term 1; by then leaders of 1 terms needed the votes of 1 other peers each", func(c cluster, th cast) {
			th.peer(0).lead(1)
			c.State(0)
		}},
		"a leader by votes": {3, "", func(c cluster, th cast) { elect(th, 0, 1, 1); c.State(0) }},
		"one vote of two": {5, "at least 4 messages received, but there were 2", func(c cluster, th cast) {
			elect(th, 0, 1, 1)
			c.State(0)
		}},
		"two votes of two": {5, "", func(c cluster, th cast) { elect(th, 0, 1, 1, 2); c.State(0) }},
		"votes that were refused": {3, "it has asked for votes and needs those of 1 other peers, but 0 granted theirs", func(c cluster, th cast) {
			th.peer(0).askForVote(1, 1)
			th.peer(0).askForVote(2, 1)
			th.peer(0).lead(1)
			c.State(0)
		}},
		"one voter, asked twice": {5, "but 1 granted theirs", func(c cluster, th cast) { elect(th, 0, 1, 1, 1); c.State(0) }},
		"its own vote only":      {3, "there were 0", func(c cluster, th cast) { elect(th, 0, 1, 0, 0, 0); c.State(0) }},
		"votes for the first of two leaders": {3, "leaders of 2 terms", func(c cluster, th cast) {
			elect(th, 0, 1, 1)
			c.State(0)
			th.peer(1).lead(2)
			c.State(1)
		}},
		"one peer": {1, "", func(c cluster, th cast) {
			th.peer(0).lead(1)
			c.State(0)
			th.peer(0).command(1, "x")
		}},
		"applied by agreement of nobody": {3, "peer 0 applies \"x\" at index 1", func(c cluster, th cast) { th.peer(0).command(1, "x") }},
		"applied by messages that came before": {3, "since it was proposed only 0 have received any message", func(c cluster, th cast) {
			elect(th, 0, 1, 1, 2)
			propose(c, th, 1)
			for i := range 3 {
				th.peer(i).command(1, "x")
			}
		}},
		"applied by a message that got no answer": {3, "only 1 have received", func(c cluster, th cast) {
			elect(th, 0, 1, 1)
			propose(c, th, 1)
			c.Cut(1, 0)
			th.peer(0).heartbeat(1, 1)
			th.peer(0).command(1, "x")
		}},
		"applied by a majority": {3, "", func(c cluster, th cast) {
			elect(th, 0, 1, 1)
			propose(c, th, 1)
			th.peer(0).heartbeat(1, 1)
			for i := range 3 {
				th.peer(i).command(1, "x")
			}
		}},
		"applied on the way of another leader": {3, "", func(c cluster, th cast) {
			elect(th, 0, 1, 1)
			propose(c, th, 1)
			elect(th, 1, 2, 2)
			th.peer(1).heartbeat(2, 2)
			propose(c, th, 1)
			th.peer(2).command(1, "x")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			th := &theatre{}
			v, _ := tester.RunEarned(t, tester.Case{Part: "2A", Name: "Puppets", Run: func(e *tester.Env) {
				cl := e.NewCluster(th.make, c.n, tester.Options{})
				c.play(cl, th)
				settle(cl)
			}}, record.Params{Seed: 1})
			if c.message == "" {
				passes(t, v)
			} else {
				breaks(t, v, tester.RuleNotEarned, c.message)
			}
		})
	}
}

// A clerk that answers by itself, out of what it has seen before perhaps, asks nobody.
func TestAnswersTakeARequest(t *testing.T) {
	for _, asks := range []bool{true, false} {
		v, _ := tester.RunEarned(t, tester.Case{Part: "1A", Name: "Echo", Run: func(e *tester.Env) {
			s := e.NewServers(startEcho, 1, tester.Options{})
			cl, other := s.NewClient(), s.NewClient()
			require.True(t, e.Await(cl.Go(func() {
				for first := true; first || asks; first = false {
					op := cl.Invoke("say", "hello")
					cl.Call(func() { say(cl, "hello") })
					op.Asked("say hello")
					if op.Return("done"); !first {
						return
					}
				}
				op := cl.Invoke("say", "hello")
				cl.Call(func() { say(other, "hello") }) // what another client asks is none of its business
				op.Asked("say hello again")
				op.Return("done")
			}), time.Second))
		}}, record.Params{Seed: 1})
		if asks {
			passes(t, v)
		} else {
			breaks(t, v, tester.RuleNotEarned, "say hello again was answered, but since it was asked no request of that client has reached a server")
		}
	}
}

// propose has peer 0 take a command for an index.
func propose(c cluster, th cast, index int) {
	th.peer(0).start = func(any) (int, int, bool) { return index, 1, true }
	c.Propose(0, "x")
}

// Servers that answer clients, and never each other.
func TestAnswersNotEarned(t *testing.T) {
	for n, outcome := range map[int]record.Outcome{1: record.Pass, 3: record.Fail} {
		v, _ := tester.RunEarned(t, tester.Case{Part: "3A", Name: "Echo", Run: func(e *tester.Env) {
			cl := e.NewServers(startEcho, n, tester.Options{}).NewClient()
			require.True(t, e.Await(cl.Go(func() {
				op := cl.Invoke("say", "hello")
				cl.Call(func() { say(cl, "hello") })
				op.Return("done")
			}), time.Second))
		}}, record.Params{Seed: 1})
		require.Equal(t, outcome, v.Outcome, v.Message)
		if n == 3 {
			breaks(t, v, tester.RuleNotEarned, "clients had 1 answers")
		}
	}
}
