package raftapi

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEmptyPersister(t *testing.T) {
	p := MakePersister()
	require.Equal(t, []byte{}, p.ReadRaftState(), "empty, and not nil")
	require.Equal(t, []byte{}, p.ReadSnapshot(), "empty, and not nil")
	require.Zero(t, p.RaftStateSize())
	require.Zero(t, p.SnapshotSize())
	require.Equal(t, Stored{}, p.Read())
}

// The form that students use, with the names of all years.
func TestSave(t *testing.T) {
	p := MakePersister()
	p.Save([]byte("state"), []byte("snap"))
	require.Equal(t, "state", string(p.ReadRaftState()))
	require.Equal(t, "snap", string(p.ReadSnapshot()))
	require.Equal(t, 5, p.RaftStateSize())
	require.Equal(t, 4, p.SnapshotSize())

	p.SaveRaftState([]byte("new state"))
	require.Equal(t, "new state", string(p.ReadRaftState()))
	require.Equal(t, "snap", string(p.ReadSnapshot()), "kept")

	p.Save([]byte("s"), nil)
	require.Empty(t, p.ReadSnapshot(), "nil clears the snapshot")

	p.SaveStateAndSnapshot([]byte("a"), []byte("b"))
	require.Equal(t, "a", string(p.ReadRaftState()))
	require.Equal(t, "b", string(p.ReadSnapshot()))
}

// Students encode into a buffer and use it again; readers may scribble on what they get.
func TestSaveCopies(t *testing.T) {
	p := MakePersister()
	state, snapshot := []byte("state"), []byte("snap")
	p.Save(state, snapshot)
	state[0], snapshot[0] = 'X', 'X'
	p.ReadRaftState()[1] = 'X'
	p.ReadSnapshot()[1] = 'X'
	require.Equal(t, "state", string(p.ReadRaftState()))
	require.Equal(t, "snap", string(p.ReadSnapshot()))
}

// What is written in increments is copied as well: nobody persists anything by changing what he has
// handed over or was given, without a write.
func TestWriteCopies(t *testing.T) {
	p := MakePersister()
	header, snapshot, entry := []byte("header"), []byte("snap"), []byte("entry")
	p.Write(Update{Header: header, SnapshotIndex: 1, Snapshot: snapshot, From: 2, Entries: [][]byte{entry}})
	header[0], snapshot[0], entry[0] = 'X', 'X', 'X'
	s := p.Read()
	s.Header[1], s.Snapshot[1], s.Entries[0][1] = 'X', 'X', 'X'
	require.Equal(t, Stored{Header: []byte("header"), SnapshotIndex: 1, Snapshot: []byte("snap"), Entries: [][]byte{[]byte("entry")}}, p.Read())
	p.Write(Update{Header: []byte{}})
	require.NotNil(t, p.Read().Header, "empty is not nothing")
}

// A copy is what survives a crash: whatever the old incarnation still writes does not reach it.
func TestCopyIsIndependent(t *testing.T) {
	p := MakePersister()
	p.Write(Update{Header: []byte("h"), From: 1, Entries: [][]byte{{1}, {2}, {3}}})
	q := p.Copy()
	p.Write(Update{Header: []byte("zombie"), From: 2, Entries: [][]byte{{9}}})
	require.Equal(t, Stored{Header: []byte("h"), Entries: [][]byte{{1}, {2}, {3}}}, q.Read())
	q.Write(Update{From: 3, Entries: [][]byte{{7}, {8}}})
	require.Equal(t, [][]byte{{1}, {9}}, p.Read().Entries)

	p.Save([]byte("state"), nil)
	require.Equal(t, "state", string(p.Copy().ReadRaftState()))
	require.Empty(t, p.Read().Entries, "Save replaces everything")
}

// The picture at Update: a snapshot up to 3, entries 4 to 7.
func TestWrite(t *testing.T) {
	entries := func(indices ...int) (es [][]byte) {
		for _, i := range indices {
			es = append(es, []byte{byte(i)})
		}
		return es
	}
	for _, c := range []struct {
		name     string
		update   Update
		snapshot int
		entries  [][]byte
	}{
		{"nothing", Update{}, 3, entries(4, 5, 6, 7)},
		{"append", Update{From: 8, Entries: entries(8, 9)}, 3, entries(4, 5, 6, 7, 8, 9)},
		{"replace a suffix", Update{From: 6, Entries: entries(60)}, 3, entries(4, 5, 60)},
		{"truncate", Update{From: 6}, 3, entries(4, 5)},
		{"truncate all", Update{From: 4}, 3, nil},
		{"compact", Update{SnapshotIndex: 5}, 5, entries(6, 7)},
		{"compact all", Update{SnapshotIndex: 7}, 7, nil},
		{"snapshot beyond the log", Update{SnapshotIndex: 9}, 9, nil},
		{"snapshot and nothing else", Update{SnapshotIndex: 5, From: 6}, 5, nil},
		{"snapshot and new entries", Update{SnapshotIndex: 5, From: 7, Entries: entries(70)}, 5, append(entries(6), entries(70)...)},
		{"same snapshot again", Update{SnapshotIndex: 3}, 3, entries(4, 5, 6, 7)},
		{"back, with no entries left", Update{SnapshotIndex: 1, From: 2}, 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := MakePersister()
			p.Write(Update{SnapshotIndex: 3, Snapshot: []byte("old"), From: 4, Entries: entries(4, 5, 6, 7)})
			c.update.Snapshot = []byte("new")
			p.Write(c.update)
			s := p.Read()
			require.Equal(t, c.snapshot, s.SnapshotIndex)
			require.Equal(t, len(c.entries), len(s.Entries))
			for i := range c.entries {
				require.Equal(t, c.entries[i], s.Entries[i])
			}
			want := "new"
			if c.update.SnapshotIndex == 0 {
				want = "old"
			}
			require.Equal(t, want, string(s.Snapshot))
			require.Equal(t, s.StateSize(), p.RaftStateSize())
		})
	}
}

func TestHolesAreRefused(t *testing.T) {
	p := MakePersister()
	p.Write(Update{SnapshotIndex: 3, From: 4, Entries: [][]byte{{4}, {5}}})
	require.PanicsWithValue(t,
		"raftapi: Persister.Write from index 7, but what is stored is a snapshot up to 3 and 2 entries after it",
		func() { p.Write(Update{From: 7, Entries: [][]byte{{7}}}) })
	require.Panics(t, func() { p.Write(Update{From: 3, Entries: [][]byte{{3}}}) }, "inside the snapshot")
	require.Panics(t, func() { p.Write(Update{SnapshotIndex: 1}) }, "entries 2 and 3 would be missing")
	p.Write(Update{From: 6, Entries: [][]byte{{6}}}) // a refused write leaves the lock free
}

// The size is kept up to date, not counted: it must never drift from what is stored.
func TestSizeAfterRandomWrites(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		p := MakePersister()
		for range 100 {
			s := p.Read()
			last := s.SnapshotIndex + len(s.Entries)
			var u Update
			if r.IntN(3) == 0 {
				u.Header = make([]byte, r.IntN(20))
			}
			if r.IntN(4) == 0 {
				u.SnapshotIndex = s.SnapshotIndex + r.IntN(5)
				u.Snapshot = make([]byte, r.IntN(100))
			}
			if base := max(s.SnapshotIndex, u.SnapshotIndex); r.IntN(2) == 0 {
				u.From = base + 1 + r.IntN(max(last-base, 0)+1)
				for range r.IntN(4) {
					u.Entries = append(u.Entries, make([]byte, r.IntN(50)))
				}
			}
			p.Write(u)
			require.Equal(t, p.Read().StateSize(), p.RaftStateSize())
			require.Equal(t, p.RaftStateSize(), p.Copy().RaftStateSize())
			require.Equal(t, len(p.Read().Snapshot), p.SnapshotSize())
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	p := MakePersister()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 100 {
				p.Write(Update{Header: []byte{byte(i)}, From: 1, Entries: [][]byte{{1}, {2}}})
				p.Read()
				p.Copy()
				p.RaftStateSize()
			}
		})
	}
	all.Wait()
	require.Len(t, p.Read().Entries, 2)
}

func TestReached(t *testing.T) {
	Reached("nobody listens")
	var heard []string
	OnReached(func(s string) { heard = append(heard, s) })
	defer OnReached(nil)
	Reached("a split vote")
	require.Equal(t, []string{"a split vote"}, heard)
}

// Appending costs the same at the end of any log.
func BenchmarkAppend(b *testing.B) {
	for _, length := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("log=%d", length), func(b *testing.B) {
			p := MakePersister()
			p.Write(Update{From: 1, Entries: make([][]byte, length)})
			entry := [][]byte{make([]byte, 20)}
			for i := range b.N {
				p.Write(Update{From: length + 1 + i, Entries: entry})
			}
		})
	}
}

// A copy of the struct is the same persister.
func TestCopiedByValue(t *testing.T) {
	p := MakePersister()
	q := *p
	q.Save([]byte("state"), []byte("snap"))
	require.Equal(t, "state", string(p.ReadRaftState()))
	*p = *MakePersister() // whoever does that has another one from now on; nobody else has
	require.Empty(t, p.ReadRaftState())
	require.Equal(t, "state", string(q.ReadRaftState()))
}
