package labrpc_test

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
)

// A copy of an end is the same end: it does not outlive the other.
func TestCopiedEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		original := w.ends[0][1]
		first := *original
		second := first
		call := func(e *labrpc.ClientEnd) bool { return e.Call("Clerk.Echo", &Item{N: 1}, &Item{}) }
		for _, e := range []*labrpc.ClientEnd{original, &first, &second} {
			require.True(t, call(e))
		}
		w.Enable("0-1", false)
		late := *original
		for _, e := range []*labrpc.ClientEnd{original, &first, &second, &late} {
			require.False(t, call(e))
		}
		require.Equal(t, 3, w.clerks[1].count())

		*w.ends[0][0] = second // what the owner writes over its own end changes nobody else's
		require.False(t, call(w.ends[0][0]))
		w.Enable("0-1", true)
		require.True(t, call(&first))
		w.DeleteEnd("0-1")
		require.False(t, call(&first))
	})
}

// Quitter's handlers do not return.
type Quitter struct{ killed chan struct{} }

func (q *Quitter) Now(args int, reply *int)   { runtime.Goexit() }
func (q *Quitter) Later(args int, reply *int) { <-q.killed; runtime.Goexit() }

func TestHandlerThatExits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		var mistakes []error
		w.OnMistake(func(err error) { mistakes = append(mistakes, err) })
		q := &Quitter{make(chan struct{})}
		srv := labrpc.MakeServer()
		srv.AddService(labrpc.MakeService(q))
		w.AddServer(1, srv)
		answers := make(chan bool, 2)
		for _, method := range []string{"Quitter.Now", "Quitter.Later"} {
			go func() { answers <- w.ends[0][1].Call(method, 1, new(int)) }()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, mistakes, 1)
		require.Contains(t, mistakes[0].Error(), `labrpc/handle_test.go:45: Call("Quitter.Now"): the handler has called runtime.Goexit`)
		w.DeleteServer(1)
		close(q.killed) // a handler of a server that is gone may leave as it likes
		require.False(t, <-answers)
		require.False(t, <-answers)
		require.Len(t, mistakes, 1)
	})
}

func TestLongName(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		var said string
		w.OnMistake(func(err error) { said = err.Error() })
		require.False(t, w.ends[0][1].Call("Clerk."+strings.Repeat("A", 4<<20), 1, new(int)))
		require.Less(t, len(said), 4<<10)
	})
}
