package labrpc_test

import (
	"bytes"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
)

// Odd is a message whose own methods encode it, and do what they should not.
type Odd struct{ What string }

var (
	encodings atomic.Int32           // of odd messages
	kept      atomic.Pointer[[]byte] // what a decoder was given last
	never     chan int
)

func (o Odd) GobEncode() ([]byte, error) {
	switch n := encodings.Add(1); {
	case o.What == "panics":
		panic(o.What)
	case o.What == "exits":
		runtime.Goexit()
	case o.What == "blocks", o.What == "blocks the copy" && n > 2: // at first it is encoded twice, to measure it
		<-never
	}
	return []byte(o.What), nil
}

func (o *Odd) GobDecode(b []byte) error {
	kept.Store(&b)
	o.What = string(b)
	return nil
}

// Oddity serves odd messages.
type Oddity struct{}

func (*Oddity) Take(*Odd, *int)         {}
func (*Oddity) Plain(_ *string, n *int) { *n = 7 }
func (*Oddity) Give(_ *int, r *Odd)     { r.What = "exits" }

func oddWorld(duplicates bool) (*labrpc.Network, *labrpc.ClientEnd, *[]string) {
	rn, mistakes := labrpc.MakeNetwork(), &[]string{}
	rn.OnMistake(func(err error) { *mistakes = append(*mistakes, err.Error()) })
	rn.Duplicates(duplicates)
	end := rn.MakeEdge("end", 0, 1)
	server := labrpc.MakeServer()
	server.AddService(labrpc.MakeService(&Oddity{}))
	rn.AddServer(1, server)
	rn.MakeEdge("back", 1, 0)
	rn.Connect("end", 1)
	rn.Enable("end", true)
	return rn, end, mistakes
}

// Methods of messages run while nothing of the network is locked: one that never returns holds up
// its own call, and nobody else's.
func TestForeignEncoders(t *testing.T) {
	for _, what := range []string{"panics", "exits", "blocks", "blocks the copy"} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				never = make(chan int)
				rn, end, _ := oddWorld(true)
				for range 50 { // some of them are sent twice
					encodings.Store(0)
					go end.Call("Oddity.Take", Odd{what}, new(int))
					synctest.Wait()
				}
				var n int
				require.True(t, end.Call("Oddity.Plain", "x", &n))
				require.Equal(t, 7, n)
				close(never)
				rn.Cleanup()
				time.Sleep(time.Minute) // until all have ended
			})
		})
	}
}

// What a decoder keeps is not a window on later messages.
func TestForeignDecoderKeepsItsBytes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, end, _ := oddWorld(false)
		require.True(t, end.Call("Oddity.Take", Odd{"first message"}, new(int)))
		first := *kept.Load()
		require.True(t, end.Call("Oddity.Take", Odd{"other message"}, new(int)))
		require.True(t, bytes.Equal(first, []byte("first message")))
	})
}

// A reply whose encoder ends the handler's goroutine is reported, as other ends of a handler are.
func TestReplyThatExits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rn, end, mistakes := oddWorld(false)
		go end.Call("Oddity.Give", 1, &Odd{})
		time.Sleep(time.Second)
		synctest.Wait() // orders the report before the look at it
		require.Len(t, *mistakes, 1)
		require.Contains(t, (*mistakes)[0], "runtime.Goexit")
		rn.Cleanup()
		time.Sleep(time.Minute)
	})
}

type endless *endless

// A type of nothing but pointers is a mistake, and not a loop without end.
func TestEndlessPointers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, end, mistakes := oddWorld(false)
		var p endless
		p = &p
		require.False(t, end.Call("Oddity.Take", p, new(int)))
		require.Len(t, *mistakes, 1)
		require.Contains(t, (*mistakes)[0], "no value at the end of their pointers")
	})
}
