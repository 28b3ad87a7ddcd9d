//go:build !wasip1

package tester_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/raftapi"
	"raftlab/tester"
)

const fsync = 5 * time.Millisecond

// A write takes the time of an fsync, and is not there before.
func TestFsyncTakesTime(t *testing.T) {
	tester.DiskInBubble(t)
	v, _ := play(t, 1, tester.Options{Fsync: fsync}, func(c cluster, th cast) {
		p, e := th.peer(0), c.Env()
		began := e.Now()
		p.store.Save([]byte("state"), nil)
		require.Equal(t, fsync, e.Now()-began)
		p.store.Write(raftapi.Update{Header: []byte("h"), From: 1, Entries: [][]byte{[]byte("one"), []byte("two")}})
		require.Equal(t, 2*fsync, e.Now()-began)
		require.Equal(t, 2, c.Writes(0))
		require.EqualValues(t, 5+1+3+3, c.WrittenBytes(0))

		began = e.Now()
		require.Equal(t, "state", string(p.store.ReadRaftState()))
		require.Equal(t, began, e.Now(), "reading takes no time")
	})
	passes(t, v)
}

// A disk with a bandwidth takes longer for more bytes.
func TestDiskBandwidth(t *testing.T) {
	tester.DiskInBubble(t)
	v, _ := play(t, 1, tester.Options{Fsync: fsync, DiskBandwidth: 1000}, func(c cluster, th cast) {
		e := c.Env()
		began := e.Now()
		th.peer(0).store.Save([]byte("twelve bytes"), nil)
		require.Equal(t, fsync+12*time.Millisecond, e.Now()-began)
	})
	passes(t, v)
}

// One disk does one thing at a time, and in order.
func TestWritesQueue(t *testing.T) {
	tester.DiskInBubble(t)
	v, _ := play(t, 2, tester.Options{Fsync: fsync}, func(c cluster, th cast) {
		e := c.Env()
		began := e.Now()
		var ended [4]time.Duration
		for i := range ended {
			e.Go(func() {
				e.Sleep(time.Duration(i) * time.Microsecond)
				th.peer(0).store.Write(raftapi.Update{From: i + 1, Entries: [][]byte{{byte(i)}}})
				ended[i] = e.Now() - began
			})
		}
		th.peer(1).store.Save([]byte("another peer has another disk"), nil)
		require.Equal(t, fsync, e.Now()-began)
		e.Wait()
		for i, at := range ended {
			require.Equal(t, time.Duration(i+1)*fsync, at)
		}
		require.Equal(t, [][]byte{{0}, {1}, {2}, {3}}, th.peer(0).store.Read().Entries)
	})
	passes(t, v)
}

// A crash loses what is not synced yet: all of it, and nothing else.
func TestCrashInFsync(t *testing.T) {
	for _, c := range []struct {
		after time.Duration // from the first of two writes to the crash
		kept  string
		lost  string
	}{
		{fsync / 2, "before", "writes that were not synced, and are lost: 2"},
		{fsync + fsync/2, "first", "writes that were not synced, and are lost: 1"},
		{3 * fsync, "second", ""},
	} {
		t.Run(c.kept, func(t *testing.T) {
			tester.DiskInBubble(t)
			v, events := play(t, 3, tester.Options{Fsync: fsync}, func(cl cluster, th cast) {
				p, e := th.peer(0), cl.Env()
				write := func(text string) {
					p.store.Write(raftapi.Update{Header: []byte(text), From: 1, Entries: [][]byte{[]byte(text)}})
				}
				write("before")
				e.Go(func() { write("first") })
				e.Go(func() {
					e.Sleep(time.Microsecond)
					write("second")
				})
				e.Sleep(c.after)
				cl.Crash(0)
				cl.Restart(0)
				e.Sleep(10 * fsync) // what the zombie was still writing does not come through
				stored := th.peer(0).store.Read()
				require.Equal(t, c.kept, string(stored.Header))
				require.Equal(t, [][]byte{[]byte(c.kept)}, stored.Entries)
			})
			passes(t, v)
			lost := ""
			for _, ev := range events {
				if ev.Kind == record.Note && ev.Peer == 0 {
					lost = ev.Text
				}
			}
			require.Equal(t, c.lost, lost)
		})
	}
}

// CrashAtPersist still means: right after the write is stored.
func TestCrashAtPersistOnADisk(t *testing.T) {
	tester.DiskInBubble(t)
	v, _ := play(t, 3, tester.Options{Fsync: fsync}, func(c cluster, th cast) {
		e := c.Env()
		crashed := c.CrashAtPersist(0, 2)
		began := e.Now()
		for i := range 3 {
			e.Go(func() {
				e.Sleep(time.Duration(i) * time.Microsecond)
				th.peer(0).store.Save(fmt.Append(nil, i), nil)
			})
		}
		require.True(t, e.Await(crashed, time.Second))
		require.Equal(t, 2*fsync, e.Now()-began)
		require.Equal(t, "1", string(c.CopyPersisted(0).ReadRaftState()))
	})
	passes(t, v)
}

// CrashInPersist means that the write is lost, with a disk and without.
func TestCrashInPersist(t *testing.T) {
	for _, took := range []time.Duration{0, fsync} {
		t.Run(took.String(), func(t *testing.T) {
			tester.DiskInBubble(t)
			v, _ := play(t, 3, tester.Options{Fsync: took}, func(c cluster, th cast) {
				p, e := th.peer(0), c.Env()
				crashed := c.CrashInPersist(0, 2)
				began := e.Now()
				for i := range 3 {
					e.Go(func() {
						e.Sleep(time.Duration(i) * time.Microsecond)
						p.store.Save(fmt.Append(nil, i), nil)
					})
				}
				require.True(t, e.Await(crashed, time.Second))
				require.Equal(t, max(took+took/2, time.Microsecond), e.Now()-began)
				c.Restart(0)
				require.Equal(t, "0", string(th.peer(0).store.ReadRaftState()))
				require.Equal(t, 1, c.Writes(0))
				require.False(t, e.Await(c.CrashInPersist(0, 1), 0))
				c.Crash(0)
				require.True(t, e.Await(c.CrashInPersist(0, 1), time.Second), "it is down already")
			})
			passes(t, v)
		})
	}
}

// In a bubble the model is off, unless a test knows better: peers write with their lock held.
func TestNoDiskInABubble(t *testing.T) {
	v, _ := play(t, 1, tester.Options{Fsync: fsync}, func(c cluster, th cast) {
		began := c.Env().Now()
		th.peer(0).store.Save([]byte("state"), nil)
		require.Equal(t, began, c.Env().Now())
		require.Equal(t, 1, c.Writes(0))
	})
	passes(t, v)
	require.Len(t, v.Warnings, 1)
	require.Contains(t, v.Warnings[0], "take no time")
}
