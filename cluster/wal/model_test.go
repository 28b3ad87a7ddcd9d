package wal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/disk"
	"raftlab/raftapi"
)

// change is one write of a peer.
type change struct {
	save            bool
	state, snapshot []byte
	update          raftapi.Update
}

func (c change) to(s raftapi.Storage) {
	if c.save {
		s.Save(c.state, c.snapshot)
	} else {
		s.Write(c.update)
	}
}

func blob(r *rand.Rand, most int) []byte {
	b := make([]byte, r.IntN(most))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// anyChange draws a write that is possible after what is stored.
func anyChange(r *rand.Rand, s raftapi.Stored, saves bool) change {
	if saves {
		c := change{save: true, state: blob(r, 300), snapshot: s.Snapshot}
		if r.IntN(4) == 0 {
			c.snapshot = blob(r, 900)
		}
		return c
	}
	var u raftapi.Update
	if r.IntN(3) == 0 {
		u.Header = blob(r, 20)
	}
	last := s.SnapshotIndex + len(s.Entries)
	if r.IntN(6) == 0 {
		u.SnapshotIndex = max(1, s.SnapshotIndex+r.IntN(8))
		u.Snapshot = blob(r, 1500)
	}
	if base := max(s.SnapshotIndex, u.SnapshotIndex); r.IntN(4) != 0 {
		u.From = max(base+1, last+1-r.IntN(3))
		if u.From > max(last, base)+1 {
			u.From = max(last, base) + 1
		}
		for range r.IntN(4) {
			u.Entries = append(u.Entries, blob(r, 120))
		}
	}
	return change{update: u}
}

// same compares what is stored; nothing and empty are the same.
func same(t *testing.T, want, got raftapi.Stored, msg ...any) {
	t.Helper()
	if !equal(want, got) {
		require.Equal(t, briefly(want), briefly(got), msg...)
	}
}

// briefly is enough to see where two differ.
func briefly(s raftapi.Stored) string {
	sum := func(b []byte) string { return fmt.Sprintf("%d bytes, CRC %08x", len(b), crc32.ChecksumIEEE(b)) }
	text := fmt.Sprintf("state %s\nheader %s\nsnapshot up to %d, %s\n", sum(s.State), sum(s.Header), s.SnapshotIndex, sum(s.Snapshot))
	for i, e := range s.Entries {
		text += fmt.Sprintf("entry %d, %s\n", s.SnapshotIndex+1+i, sum(e))
	}
	return text
}

func equal(a, b raftapi.Stored) bool {
	if string(a.State) != string(b.State) || string(a.Snapshot) != string(b.Snapshot) || string(a.Header) != string(b.Header) ||
		a.SnapshotIndex != b.SnapshotIndex || len(a.Entries) != len(b.Entries) {
		return false
	}
	for i := range a.Entries {
		if string(a.Entries[i]) != string(b.Entries[i]) {
			return false
		}
	}
	return true
}

var errPower = errors.New("the power is gone")

// small are options for tests: segments that are full soon, and a disk that ends the test's process
// with a panic.
func small(fs disk.FS) Options {
	return Options{FS: fs, SegmentSize: 4096, Reserve: 512, Fatal: func(err error) { panic(err) }}
}

func openSmall(t *testing.T, dir string) *Log {
	t.Helper()
	fs, err := disk.OpenFragile(dir, nil)
	require.NoError(t, err)
	l, err := Open(dir, small(fs))
	require.NoError(t, err)
	return l
}

// copyDir copies the files of a directory.
func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(to, "copy"), os.DirFS(from)))
	return filepath.Join(to, "copy")
}

// The log and the memory are told the same, and the log is opened again and again.
func TestLikeMemory(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		dir, memory := t.TempDir(), raftapi.NewMemory()
		l := openSmall(t, dir)
		for range 150 {
			c := anyChange(r, memory.Load(), seed%4 == 3)
			c.to(memory)
			c.to(l)
			require.Equal(t, memory.StateSize(), l.StateSize())
			require.Equal(t, memory.SnapshotSize(), l.SnapshotSize())
			if r.IntN(10) == 0 {
				require.NoError(t, l.Close())
				_, err := Verify(dir)
				require.NoError(t, err)
				l = openSmall(t, dir)
			}
			same(t, memory.Load(), l.Load(), "seed %d", seed)
		}
		require.NoError(t, l.Close())
	}
}
