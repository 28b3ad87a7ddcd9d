//go:build !wasip1

package tester_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// The values with which a call can panic so that whoever prints them is in trouble.
type (
	quitter  struct{} // ends the goroutine that asks
	thrower  struct{} // panics when it is asked
	sleeper  struct{} // never answers
	talker   struct{} // answers without end
	stringer struct{} // is no error
	painter  struct{} // prints itself
	lacker   struct{} // looks like a missing extension
)

func (quitter) Error() string              { runtime.Goexit(); return "" }
func (thrower) Error() string              { panic(thrower{}) }
func (sleeper) Error() string              { select {} }
func (talker) Error() string               { return strings.Repeat("bla ", 1<<20) }
func (stringer) String() string            { runtime.Goexit(); return "" }
func (painter) Format(fmt.State, rune)     { runtime.Goexit() }
func (lacker) Error() string               { runtime.Goexit(); return "" }
func (lacker) Lacks() string               { runtime.Goexit(); return "" }
func (quitter) Format(fmt.State, rune)     { runtime.Goexit() }
func (quitter) GobEncode() ([]byte, error) { runtime.Goexit(); return nil, nil }

// The ways in which a call may not return. Each has to be seen, whatever recover says of it.
var departures = map[string]func(){
	"exit":            runtime.Goexit,
	"panic with nil":  func() { panic(nil) },
	"panic with text": func() { panic("text") },
	"exit in defer":   func() { defer runtime.Goexit(); panic("text") },
	"panic in exit":   func() { defer func() { panic("text") }(); runtime.Goexit() },
	"recovered exit":  func() { defer func() { recover() }(); runtime.Goexit() },
	"quitter":         func() { panic(quitter{}) },
	"thrower":         func() { panic(thrower{}) },
	"sleeper":         func() { panic(sleeper{}) },
	"talker":          func() { panic(talker{}) },
	"stringer":        func() { panic(stringer{}) },
	"painter":         func() { panic(painter{}) },
	"wrapped":         func() { panic(errors.Join(quitter{})) },
}

// everyDeparture runs f for each of them, with both meanings of panic(nil).
func everyDeparture(t *testing.T, f func(t *testing.T, leave func())) {
	for _, debug := range []string{"", "panicnil=1"} {
		t.Setenv("GODEBUG", debug)
		for name, leave := range departures {
			t.Run(name+debug, func(t *testing.T) { f(t, leave) })
		}
	}
}

// crashes checks that a run was ended as a crash of the code under test, with few words.
func crashes(t *testing.T, v record.Verdict) {
	t.Helper()
	require.Equal(t, record.Crash, v.Outcome, "%s: %s\n%s", v.Rule, v.Message, v.Stack)
	require.Less(t, len(v.Message), 8<<10)
	require.NotEmpty(t, v.Message)
}

// asked is a peer that is asked for an extension.
type asked struct {
	*puppet
	answer func()
}

func (a asked) Extend(...string) error   { return nil }
func (a asked) HasExtension(string) bool { a.answer(); return true }

func TestPeerThatDoesNotReturn(t *testing.T) {
	everyDeparture(t, func(t *testing.T, leave func()) {
		for what, f := range map[string]func(c cluster, th cast){
			"Start": func(c cluster, th cast) {
				th.peer(1).start = func(any) (int, int, bool) { leave(); return 0, 0, false }
				c.Propose(1, "x")
			},
			"GetState": func(c cluster, th cast) {
				th.peer(1).state = func() (int, bool) { leave(); return 0, false }
				c.State(1)
			},
			"GetState of a goroutine": func(c cluster, th cast) {
				th.peer(1).state = func() (int, bool) { leave(); return 0, false }
				c.Env().Go(func() { c.State(1) })
			},
			"Snapshot": func(c cluster, th cast) {
				th.peer(1).snap = func(int, []byte) { leave() }
				th.peer(1).command(1, "x")
				settle(c)
			},
			"Kill":            func(c cluster, th cast) { th.peer(1).kill = leave; c.Crash(1) },
			"Kill at the end": func(c cluster, th cast) { th.peer(1).kill = leave },
			"Make":            func(c cluster, th cast) { th.prepare = func(*puppet) { leave() }; c.Restart(1) },
			"HasExtension": func(c cluster, th cast) {
				c.Env().NewCluster(func([]*labrpc.ClientEnd, int, *raftapi.Persister, chan raftapi.ApplyMsg) raftapi.Raft {
					return asked{&puppet{killed: make(chan struct{})}, leave}
				}, 1, tester.Options{CatchUp: 1})
			},
			"Kill in a crash": func(c cluster, th cast) {
				th.peer(1).kill = leave
				crashed := c.CrashAtPersist(1, 1)
				th.peer(1).store.Save(nil, nil)
				c.Env().Await(crashed, time.Second)
			},
		} {
			t.Run(what, func(t *testing.T) {
				v, _ := play(t, 3, tester.Options{SnapshotEvery: 1}, f)
				crashes(t, v)
			})
		}
	})
}

func TestClerkThatDoesNotReturn(t *testing.T) {
	everyDeparture(t, func(t *testing.T, leave func()) {
		for what, f := range map[string]func(s *tester.Servers, cl *tester.Client){
			"call": func(s *tester.Servers, cl *tester.Client) { <-cl.Go(func() { cl.Call(leave) }) },
			"unasked": func(s *tester.Servers, cl *tester.Client) {
				cl.Go(func() { cl.Call(leave) })
				s.Env().Sleep(time.Second)
			},
			"at once": func(s *tester.Servers, cl *tester.Client) { cl.Call(leave) },
			"made":    func(s *tester.Servers, cl *tester.Client) { cl.Make(leave) },
		} {
			t.Run(what, func(t *testing.T) {
				v, _ := serve(t, 3, func(s *tester.Servers) { f(s, s.NewClient()) })
				crashes(t, v)
			})
		}
	})
}

func TestServiceThatDoesNotStart(t *testing.T) {
	everyDeparture(t, func(t *testing.T, leave func()) {
		v, _ := tester.RunInBubble(t, tester.Case{Part: "3A", Name: "Puppets", Run: func(e *tester.Env) {
			e.NewServers(func(int, []*labrpc.ClientEnd, *raftapi.Persister) tester.Server { leave(); return nil }, 3, tester.Options{})
		}}, record.Params{Seed: 1})
		crashes(t, v)
	})
}

// A case of ours that is left by a mistake of ours has not passed either.
func TestCaseThatDoesNotReturn(t *testing.T) {
	everyDeparture(t, func(t *testing.T, leave func()) {
		for what, f := range map[string]func(e *tester.Env){
			"case":      func(e *tester.Env) { leave() },
			"goroutine": func(e *tester.Env) { e.Go(leave) },
		} {
			t.Run(what, func(t *testing.T) {
				v, _ := tester.RunInBubble(t, tester.Case{Part: "2A", Name: "Left", Run: f}, record.Params{Seed: 1})
				require.Equal(t, record.FrameworkError, v.Outcome, v.Message)
			})
		}
	})
}

func TestMissingExtensionThatCannotSpeak(t *testing.T) {
	v, _ := serve(t, 3, func(s *tester.Servers) { s.NewClient().Make(func() { panic(lacker{}) }) })
	breaks(t, v, tester.RuleMissing, "lacker")
}

func TestNothingIsMade(t *testing.T) {
	v, _ := tester.RunInBubble(t, tester.Case{Part: "2A", Name: "None", Run: func(e *tester.Env) {
		e.NewCluster(func([]*labrpc.ClientEnd, int, *raftapi.Persister, chan raftapi.ApplyMsg) raftapi.Raft { return nil }, 3, tester.Options{})
	}}, record.Params{Seed: 1})
	crashes(t, v)
	require.Contains(t, v.Message, "Make of peer 0 returned nil")
}

// A client whose goroutine has not come to its end has not done what the case is about.
func TestClientThatIsNotDone(t *testing.T) {
	v, _ := serve(t, 3, func(s *tester.Servers) { cl := s.NewClient(); cl.Go(func() { cl.Call(func() { select {} }) }) })
	require.Equal(t, record.FrameworkError, v.Outcome, v.Message)
	require.Contains(t, v.Message, "client 0")
	v, _ = serve(t, 3, func(s *tester.Servers) {
		cl := s.NewClient()
		cl.Go(func() { cl.Call(func() { select {} }) })
		cl.Close()
	})
	passes(t, v)
}

// Commands come back as values without methods: whoever prints or compares them hears of nobody.
func TestCommandsAreText(t *testing.T) {
	v, events := play(t, 1, tester.Options{}, func(c cluster, th cast) {
		type pair struct {
			A int
			B fmt.Formatter
		}
		mutable := []int{1, 2, 3}
		for i, command := range []any{painter{}, &pair{7, painter{}}, mutable, map[string]quitter{"a": {}}, time.Second} {
			th.peer(0).command(i+1, command)
		}
		settle(c)
		mutable[0] = 9
		_, command := c.Applied(2)
		require.Contains(t, fmt.Sprint(command), "A:7")
		_, command = c.Applied(3)
		require.Contains(t, fmt.Sprint(command), "[1 2 3]")
		require.True(t, command == command)
	})
	passes(t, v)
	require.NotEmpty(t, events)
}
