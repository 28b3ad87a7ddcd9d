package labrpc_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"raftlab/labrpc"
)

// ask calls from a function of its own.
func ask(e *labrpc.ClientEnd, n int) bool {
	var reply Item
	return e.Call("Clerk.Echo", Item{N: n}, &reply)
}

// TestPlaces: an observer that asks is told where a message comes from.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2, 1)
		told := map[labrpc.Kind][]string{}
		w.Observe(func(m *labrpc.Message) {
			for _, p := range m.Places() {
				assert.Positive(t, p.Line)
				told[m.Kind] = append(told[m.Kind], filepath.Base(p.File)+" "+p.Function)
			}
		})
		assert.True(t, ask(w.ends[0][1], 1))
		assert.Equal(t, []string{"place_test.go ask", "place_test.go TestPlaces.func1"}, told[labrpc.Sent][:2], "the innermost first")
		handler := []string{"labrpc_test.go (*Clerk).Echo"}
		assert.Equal(t, handler, told[labrpc.Delivered])
		assert.Equal(t, handler, told[labrpc.Handled])
		assert.Empty(t, told[labrpc.Replied])
		w.Cleanup()
	})
}

// TestPlacesOfNobody: a call in a go statement has no caller, and a method that is not there no place.
func TestPlacesOfNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2, 1)
		var many atomic.Int32
		w.Observe(func(m *labrpc.Message) { many.Add(int32(len(m.Places()))) })
		w.OnMistake(func(error) {})
		var reply Item
		go w.ends[0][1].Call("Clerk.None", Item{}, &reply)
		time.Sleep(time.Minute)
		assert.Zero(t, many.Load())
		w.Cleanup()
	})
}
