package rsm

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReadsShareRequestsThatBeginAfterThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		r := newRounds(func() (int, bool) {
			asked++
			index := asked // as of its beginning
			time.Sleep(10 * time.Millisecond)
			return index, true
		})
		done := make(chan struct{})
		go r.run(done)

		var group sync.WaitGroup
		read := func(want int) {
			group.Go(func() {
				index, ok := r.index(time.Second, done)
				require.True(t, ok)
				require.Equal(t, want, index)
			})
		}
		read(1)
		synctest.Wait()
		time.Sleep(5 * time.Millisecond) // the first request is under way, and too old for these:
		for range 10 {
			read(2)
		}
		synctest.Wait()
		group.Wait()
		require.Equal(t, 2, asked)

		time.Sleep(time.Second)
		require.Equal(t, 2, asked, "nobody waits, nobody is asked")
		close(done)
	})
}

func TestASlowRequestDoesNotHoldUpTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		first := true
		r := newRounds(func() (int, bool) {
			if first {
				first = false
				<-release
			}
			return 7, true
		})
		done := make(chan struct{})
		go r.run(done)
		go r.index(10*time.Second, done)
		synctest.Wait()

		start := time.Now()
		index, ok := r.index(10*time.Second, done)
		require.True(t, ok)
		require.Equal(t, 7, index)
		require.Equal(t, roundRetry, time.Since(start))
		close(release)
		close(done)
	})
}

func TestARequestThatFailsOrNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		done := make(chan struct{})
		fails := newRounds(func() (int, bool) { return 0, false })
		hangs := newRounds(func() (int, bool) { <-hang; return 0, false })
		go fails.run(done)
		go hangs.run(done)

		_, ok := fails.index(time.Second, done)
		require.False(t, ok)

		start := time.Now()
		_, ok = hangs.index(time.Second, done)
		require.False(t, ok)
		require.Equal(t, time.Second, time.Since(start))

		for range 3 * maxRounds { // no more than maxRounds of them are made
			go hangs.index(time.Second, done)
			time.Sleep(roundRetry)
		}
		require.Len(t, hangs.slots, maxRounds)

		go func() {
			_, ok := hangs.index(time.Hour, done)
			require.False(t, ok)
		}()
		synctest.Wait()
		close(done)
		close(hang)
	})
}
