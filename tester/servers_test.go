//go:build !wasip1

package tester_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// Echo is a service without a Raft peer: it says what it was told, and counts.
type Echo struct {
	me     int
	store  *raftapi.Persister
	killed atomic.Bool
}

func (s *Echo) Say(args *string, reply *string) { *reply = *args; s.store.SaveRaftState([]byte(*args)) }
func (s *Echo) Services() []any                 { return []any{s} }
func (s *Echo) Raft() raftapi.Raft              { return nil }
func (s *Echo) Kill()                           { s.killed.Store(true) }

func startEcho(me int, _ []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
	return &Echo{me: me, store: p}
}

// serve runs f as a case on n servers of the echo service.
func serve(t *testing.T, n int, f func(s *tester.Servers)) (record.Verdict, []record.Event) {
	t.Helper()
	return tester.RunInBubble(t, tester.Case{Part: "3A", Name: "Echo", Run: func(e *tester.Env) {
		f(e.NewServers(startEcho, n, tester.Options{}))
	}}, record.Params{Seed: 1})
}

// say calls all servers that the client knows, and returns how many have answered.
func say(cl *tester.Client, what string) (answers int) {
	for _, end := range cl.Ends() {
		reply := ""
		if end.Call("Echo.Say", &what, &reply) && reply == what {
			answers++
		}
	}
	return answers
}

func TestClientsReachServers(t *testing.T) {
	v, events := serve(t, 3, func(s *tester.Servers) {
		a, b := s.NewClient(), s.NewClient()
		e := s.Env()
		done := a.Go(func() {
			op := a.Invoke("say", "hello")
			a.Call(func() { say(a, "hello") })
			op.Return("done")
		})
		require.True(t, e.Await(done, time.Second))
		require.Equal(t, []int{1, 1, 1}, []int{s.Served(0), s.Served(1), s.Served(2)})
		require.Equal(t, 1, s.Writes(0))

		a.Reach(1)
		require.Equal(t, 1, say(a, "only 1"))
		require.Equal(t, 3, say(b, "everyone"), "other clients do not notice")
		a.ReachAll()
		a.Deafen()
		before := s.Served(0)
		require.Equal(t, 0, say(a, "no answer"))
		require.Equal(t, before+1, s.Served(0), "the request arrives")
		a.ReachAll()
		a.Deafen(0, 2)
		require.Equal(t, 1, say(a, "1 answers"))
		a.ReachAll()
		require.Equal(t, 3, say(a, "all"))

		s.Crash(2)
		require.Equal(t, 2, say(a, "two are left"))
		s.Restart(2)
		require.Equal(t, 3, say(a, "again"))
		s.Partition([]int{0}, []int{1, 2})
		require.Equal(t, 3, say(a, "links between servers are another matter"))
		require.Zero(t, s.PeerRPCs())
		require.Zero(t, s.PeerBytes())
		require.Len(t, a.EndsTo(0, 2), 2)

		var kinds []record.Kind
		for _, ev := range e.Story() {
			if ev.Kind == record.Invoke || ev.Kind == record.Return || ev.Kind == record.CrashPeer {
				kinds = append(kinds, ev.Kind)
			}
		}
		require.Equal(t, []record.Kind{record.Invoke, record.Return, record.CrashPeer}, kinds)
	})
	passes(t, v)
	for _, ev := range events {
		if ev.Kind == record.Invoke {
			require.Equal(t, record.FirstClient, ev.Peer)
			return
		}
	}
	t.Error("no invoke in the trace")
}

// What servers say to each other is counted apart from what clients ask them.
func TestPeersAreCountedApart(t *testing.T) {
	v, _ := tester.RunInBubble(t, tester.Case{Part: "3A", Name: "Peers", Run: func(e *tester.Env) {
		var ends []*labrpc.ClientEnd
		s := e.NewServers(func(me int, own []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
			if me == 0 {
				ends = own
			}
			return startEcho(me, own, p)
		}, 2, tester.Options{})
		say(s.NewClient(), "from a client")
		call := func(text string) int64 {
			before := s.PeerBytes()
			reply := ""
			require.True(t, ends[1].Call("Echo.Say", &text, &reply))
			return s.PeerBytes() - before
		}
		var seen []labrpc.Kind
		bytes := 0
		s.Observe(func(m *labrpc.Message) {
			seen = append(seen, m.Kind)
			if m.Kind == labrpc.Sent || m.Kind == labrpc.Replied {
				bytes += m.Bytes
			}
			require.Equal(t, [2]int{0, 1}, [2]int{m.From, m.To})
		})
		say(s.NewClient(), "clients' messages are not observed")
		short := call("x")
		require.Equal(t, []labrpc.Kind{labrpc.Sent, labrpc.Delivered, labrpc.Handled, labrpc.Replied}, seen)
		require.Equal(t, int(short), bytes)
		s.Observe(nil)
		require.Equal(t, 2*99, int(call(strings.Repeat("x", 100))-short), "there and back")
		require.Equal(t, 2, s.PeerRPCs())
		require.Len(t, seen, 4)
	}}, record.Params{Seed: 1})
	passes(t, v)
}

// What a clerk returns is no longer than the trace can hold, or it would be read as something else.
func TestAnswerThatIsTooLong(t *testing.T) {
	v, _ := serve(t, 1, func(s *tester.Servers) {
		cl := s.NewClient()
		<-cl.Go(func() { cl.Invoke("get", `"x"`).Return(strings.Repeat("x", 1<<20+1)) })
	})
	breaks(t, v, tester.RuleWrongAnswer, "client 0 has asked for get, and the answer has 1048577 bytes")
}

// Blob takes what is too large for a message.
func (p *puppet) Blob(*[]byte, *OddReply) {}

func TestMessageThatIsTooLarge(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c *tester.Cluster, th *theatre) {
		blob := make([]byte, 65<<20)
		th.peer(0).ends[1].Call("puppet.Blob", &blob, &OddReply{})
	})
	breaks(t, v, tester.RuleTooManyBytes, "and one may have 67108864")
}

// The code under test names situations itself; there are not more of them than anybody reads.
func TestSituationsAreBounded(t *testing.T) {
	v, _ := serve(t, 1, func(s *tester.Servers) {
		for i := range 2000 {
			raftapi.Reached(fmt.Sprint(i, strings.Repeat("x", 1<<12)))
		}
	})
	passes(t, v)
	require.Len(t, v.Reached, 500)
	require.Less(t, len(strings.Join(v.Reached, "")), 500*200)
}

// A panic of a clerk is the clerk's.
func TestPanicInAClerk(t *testing.T) {
	v, _ := serve(t, 1, func(s *tester.Servers) {
		cl := s.NewClient()
		<-cl.Go(func() { cl.Call(func() { var none *Echo; none.me++ }) })
	})
	require.Equal(t, record.Crash, v.Outcome, v.Message)
}

// extendable is a puppet with extensions.
type extendable struct {
	*puppet
	rate  float64
	names []string
}

func (x *extendable) Extend(names ...string) error {
	x.names = names
	for _, name := range names {
		if name != raftapi.PreVote {
			return errors.New("no " + name)
		}
	}
	return nil
}

func (x *extendable) DriftClock(rate float64) { x.rate = rate }

func TestExtensions(t *testing.T) {
	run := func(p record.Params, o tester.Options, able bool) (record.Verdict, []*extendable) {
		var peers []*extendable
		th := &theatre{}
		v, _ := tester.RunInBubble(t, tester.Case{Part: "2E", Name: "Puppets", Run: func(e *tester.Env) {
			c := e.NewCluster(func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
				if !able {
					return th.make(ends, me, p, ch)
				}
				x := &extendable{puppet: th.make(ends, me, p, ch).(*puppet)}
				peers = append(peers, x)
				return x
			}, 2, o)
			if able {
				c.DriftClock(1, 1.5)
				c.Restart(1)
			}
		}}, p)
		return v, peers
	}
	pre := []string{raftapi.PreVote}

	v, peers := run(record.Params{Seed: 1}, tester.Options{}, true)
	passes(t, v)
	require.Nil(t, peers[0].names, "not called without need")
	require.Zero(t, peers[0].rate)
	require.Equal(t, 1.5, peers[1].rate)
	require.Equal(t, 1.5, peers[2].rate, "after a restart, too")

	v, peers = run(record.Params{Seed: 1, With: pre}, tester.Options{Extensions: pre}, true)
	passes(t, v)
	require.Equal(t, pre, peers[0].names)

	one := tester.Options{ExtensionsOf: func(i int) []string { return pre[:i] }}
	v, peers = run(record.Params{Seed: 1, With: []string{raftapi.Lease}}, one, true)
	passes(t, v)
	require.Nil(t, peers[0].names)
	require.Equal(t, pre, peers[1].names)

	v, _ = run(record.Params{Seed: 1, With: []string{raftapi.Lease}}, tester.Options{}, true)
	breaks(t, v, tester.RuleMissing, "no lease")
	v, _ = run(record.Params{Seed: 1}, tester.Options{Extensions: pre}, false)
	breaks(t, v, tester.RuleMissing, "Extend")
	v, _ = run(record.Params{Seed: 1, With: pre}, tester.Options{}, false)
	passes(t, v)
	require.Contains(t, v.Warnings[0], "prevote")
}

func TestInconclusive(t *testing.T) {
	v, _ := serve(t, 1, func(s *tester.Servers) { s.Env().Inconclusive("cannot tell %d", 7) })
	require.Equal(t, record.Inconclusive, v.Outcome)
	require.Equal(t, "cannot tell 7", v.Message)
}

// lacking is what a server panics with whose peer lacks an extension.
type lacking struct{ error }

func (lacking) Lacks() string { return "sight" }

func TestServersThatLackAnExtension(t *testing.T) {
	v, _ := tester.RunInBubble(t, tester.Case{Part: "3C", Name: "Sees", Run: func(e *tester.Env) {
		e.NewServers(func(int, []*labrpc.ClientEnd, *raftapi.Persister) tester.Server {
			panic(lacking{errors.New("it cannot see")})
		}, 3, tester.Options{})
	}}, record.Params{Seed: 1})
	breaks(t, v, tester.RuleMissing, "it cannot see")
}

// What a peer cannot have, and says so, is not checked; a claim that is not understood is none.
func TestServersThatCannotHaveAnExtension(t *testing.T) {
	start := func(err error) record.Verdict {
		v, _ := tester.RunInBubble(t, tester.Case{Part: "3C", Name: "Sees", Run: func(e *tester.Env) {
			e.NewServers(func(int, []*labrpc.ClientEnd, *raftapi.Persister) tester.Server { panic(err) }, 3, tester.Options{})
		}}, record.Params{Seed: 1})
		return v
	}
	v := start(&kvapi.MissingExtension{Extension: "sight", Cause: fmt.Errorf("peer: %w", &raftapi.Unavailable{Extension: "sight", Why: "it has no eyes"})})
	require.Equal(t, record.NotChecked, v.Outcome)
	require.Equal(t, string(tester.RuleMissing), v.Rule)
	require.Contains(t, v.Message, "sight, which the peer cannot have: it has no eyes")
	breaks(t, start(&kvapi.MissingExtension{Extension: "sight", Cause: (*raftapi.Unavailable)(nil)}), tester.RuleMissing, "sight")
	v = start(&raftapi.Unavailable{Extension: "sight"})
	require.Equal(t, record.Crash, v.Outcome, "nobody has asked for it")
}

// A paused server answers when it goes on, and not before; a crash ends the pause.
func TestPause(t *testing.T) {
	v, _ := serve(t, 3, func(s *tester.Servers) {
		cl := s.NewClient()
		for _, end := range []func(){
			func() { s.Resume(1) },
			func() { s.Crash(1); s.Restart(1); say(cl, "you too") },
			s.Mend,
		} {
			require.Equal(t, 3, say(cl, "good morning"))
			s.Pause(1)
			answers := 0
			done := cl.Go(func() { answers = say(cl, "who is there") })
			require.False(t, s.Env().Await(done, time.Minute))
			end()
			require.True(t, s.Env().Await(done, time.Second))
			require.GreaterOrEqual(t, answers, 2)
		}
	})
	passes(t, v)
}
