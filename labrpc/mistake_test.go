package labrpc_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
)

func TestMistakes(t *testing.T) {
	type unregistered struct{ X int }
	var n int
	cases := []struct {
		name   string
		call   func(end *labrpc.ClientEnd) bool
		method string
		says   string
	}{
		{"no such service", func(end *labrpc.ClientEnd) bool { return end.Call("Clark.Echo", Item{}, &Item{}) }, "Clark.Echo", `no service "Clark", it has Clerk`},
		{"no such method", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.Ecko", Item{}, &Item{}) }, "Clerk.Ecko", `no method "Ecko" that can be called from afar, it has ByValue, Echo,`},
		{"no dot", func(end *labrpc.ClientEnd) bool { return end.Call("Echo", Item{}, &Item{}) }, "Echo", `write it as "Raft.RequestVote"`},
		{"reply of the handler is no pointer", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.NoPointer", 1, &n) }, "Clerk.NoPointer", "its reply, a string, is no pointer"},
		{"handler has a result", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.HasResult", 1, &n) }, "Clerk.HasResult", "it has results"},
		{"reply is no pointer", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.Echo", Item{}, Item{}) }, "Clerk.Echo", "not a labrpc_test.Item: pass &reply"},
		{"reply is nil", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.Echo", Item{}, nil) }, "Clerk.Echo", "not nil"},
		{"reply is a nil pointer", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.Echo", Item{}, (*Item)(nil)) }, "Clerk.Echo", "not a nil *labrpc_test.Item"},
		{"no arguments", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.Echo", nil, &Item{}) }, "Clerk.Echo", "arguments are nil"},
		{"nil pointer as arguments", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.Echo", (*Item)(nil), &Item{}) }, "Clerk.Echo", "cannot send a nil *labrpc_test.Item"},
		{"wrong type of arguments", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.Echo", 5, &Item{}) }, "Clerk.Echo", "the arguments, a int, cannot be sent to a handler that takes a labrpc_test.Item"},
		{"wrong type of reply", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.Echo", Item{N: 1}, &n) }, "Clerk.Echo", "the reply, a labrpc_test.Item, cannot be sent to a caller who wants a int"},
		{"channel", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.Echo", make(chan int), &Item{}) }, "Clerk.Echo", "chan int"},
		{"not registered", func(end *labrpc.ClientEnd) bool { return end.Call("Clerk.Echo", Item{Any: unregistered{1}}, &Item{}) }, "Clerk.Echo", "call labgob.Register(labrpc_test.unregistered{})"},
		{"reply not registered", func(end *labrpc.ClientEnd) bool { var r any; return end.Call("Clerk.Secret", Item{}, &r) }, "Clerk.Secret", "labrpc_test.secret"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld(1, 1)
				var mistakes []error
				w.OnMistake(func(err error) { mistakes = append(mistakes, err) })
				d := took(func() { require.False(t, tc.call(w.ends[0][0])) })
				require.NotZero(t, d, "a loop around Call must not spin")
				require.Len(t, mistakes, 1)
				var m *labrpc.Mistake
				require.True(t, errors.As(mistakes[0], &m))
				require.Equal(t, tc.method, m.Method)
				require.Contains(t, m.What, tc.says)
				require.Regexp(t, `^labrpc/mistake_test.go:\d+$`, m.Caller)
				require.True(t, w.call(0, 0, "Echo", 1), "the network still works")
			})
		})
	}
}

// A goroutine that does nothing but call has nobody who called; the place is that of its go
// statement.
func TestMistakeOfAGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(1, 1)
		mistakes := make(chan error, 1)
		w.OnMistake(func(err error) { mistakes <- err })
		go w.ends[0][0].Call("Clerk.Ecko", Item{}, &Item{})
		var m *labrpc.Mistake
		require.ErrorAs(t, <-mistakes, &m)
		require.Regexp(t, `^labrpc/mistake_test.go:\d+$`, m.Caller)
		time.Sleep(time.Minute) // the call ends, too
	})
}

// Handler types that only the second server has: the mistake is found when the request arrives.
func TestMistakeFoundOnArrival(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(1, 1)
		var mistakes []error
		w.OnMistake(func(err error) { mistakes = append(mistakes, err) })
		srv := labrpc.MakeServer()
		w.AddServer(0, srv)
		go func() {
			time.Sleep(50 * time.Microsecond)
			srv.AddService(labrpc.MakeService(&Clerk{}))
		}()
		require.False(t, w.call(0, 0, "Echo", 1), "no service yet when the call is made")
		require.Len(t, mistakes, 1)
		require.Contains(t, mistakes[0].Error(), "it has none")
		require.Contains(t, fmt.Sprint(w.kinds(0, 0)), "dropped mistake")
	})
}

// Natively and without a harness: the real clock, and nobody who listens for mistakes.
func TestWithoutBubble(t *testing.T) {
	w := newWorld(2, 1)
	require.True(t, w.call(0, 1, "Echo", 1))
	stuck := make(chan bool)
	go func() { stuck <- w.call(0, 1, "Wait", 1) }()
	time.Sleep(20 * time.Millisecond)
	w.DeleteServer(1)
	require.False(t, <-stuck)
	require.False(t, w.ends[0][0].Call("Clerk.Nothing", 1, &Item{}), "the mistake is printed")
}
