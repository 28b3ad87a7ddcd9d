package labrpc_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A call in flight at an end that is stranded is told false, and a later one never returns; other
// ends do not notice.
func TestStrand(t *testing.T) {
	defer func() {
		require.Contains(t, fmt.Sprint(recover()), "blocked goroutines remain", "one stands still")
	}()
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		var stood atomic.Int32
		told := make(chan bool, 1)
		go func() {
			told <- w.call(0, 1, "Slow", 1)
			defer func() { told <- true }() // nobody gets there
			w.call(0, 1, "Echo", 2)
		}()
		time.Sleep(10 * time.Millisecond)
		w.Strand("0-1", func() { stood.Add(1) })
		require.False(t, <-told)
		time.Sleep(time.Minute)
		require.Empty(t, told)
		require.EqualValues(t, 1, stood.Load())
		require.Equal(t, []string{"sent", "delivered", "dropped end disabled", "handled"}, w.kinds(0, 1))
		require.True(t, w.call(0, 0, "Echo", 3))
		require.True(t, w.call(1, 0, "Echo", 4))
		synctest.Wait()
	})
}
