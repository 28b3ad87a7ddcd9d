package kv

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
)

func openTest(t *testing.T, file string, sessions int) *store {
	t.Helper()
	s, err := openStore(file, sessions)
	require.NoError(t, err)
	t.Cleanup(func() { s.close() })
	return s
}

// one applies a log entry with one operation.
func (s *store) one(o Op) Result { return s.apply(s.applied+1, []Op{o})[0] }

func TestOperations(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), 10)
	for _, c := range []struct {
		op   Op
		want Result
	}{
		{Op{Kind: Get, Key: "x"}, Result{Err: kvapi.ErrNoKey}},
		{Op{Kind: Append, Key: "x", Value: "a"}, Result{Err: kvapi.OK, Version: 1}},
		{Op{Kind: Append, Key: "x", Value: "b"}, Result{Err: kvapi.OK, Version: 2}},
		{Op{Kind: Get, Key: "x"}, Result{Err: kvapi.OK, Value: "ab", Version: 2}},
		{Op{Kind: PutIf, Key: "x", Value: "c", Version: 1}, Result{Err: kvapi.ErrVersion, Version: 2}},
		{Op{Kind: PutIf, Key: "x", Value: "c", Version: 2}, Result{Err: kvapi.OK, Version: 3}},
		{Op{Kind: PutIf, Key: "new", Value: "c", Version: 2}, Result{Err: kvapi.ErrNoKey}},
		{Op{Kind: PutIf, Key: "new", Version: 0}, Result{Err: kvapi.OK, Version: 1}},
		{Op{Kind: Get, Key: "new"}, Result{Err: kvapi.OK, Version: 1}},
		{Op{Kind: Put, Key: "", Value: "empty key"}, Result{Err: kvapi.OK, Version: 1}},
		{Op{Kind: Get, Key: ""}, Result{Err: kvapi.OK, Value: "empty key", Version: 1}},
		{Op{Kind: Barrier}, Result{Err: kvapi.OK}},
	} {
		require.Equal(t, c.want, s.one(c.op), "%+v", c.op)
	}
	require.Equal(t, 12, s.applied)
}

// A write of a session is applied once, however often it stands in the log.
func TestSessions(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), 3)
	both := s.apply(1, []Op{{Kind: Open}, {Kind: Open}})
	a, b := both[0].Session, both[1].Session
	require.NotEqual(t, a, b)
	add := func(session, seq uint64) Result {
		return s.one(Op{Kind: Append, Key: "x", Value: "1", Session: session, Seq: seq})
	}
	require.Equal(t, Result{Err: kvapi.OK, Version: 1}, add(a, 1))
	require.Equal(t, Result{Err: kvapi.OK, Version: 2}, add(a, 2))
	require.Equal(t, Result{Err: kvapi.OK, Version: 2}, add(a, 2), "the same answer")
	require.Equal(t, ErrStale, add(a, 1).Err)
	require.Equal(t, Result{Err: kvapi.OK, Version: 3}, add(b, 1))
	require.Equal(t, Result{Err: kvapi.OK, Version: 4}, add(a, 3))

	for range 2 { // b has been unused for longest: it goes when there is a fourth
		require.Equal(t, kvapi.OK, s.one(Op{Kind: Open}).Err)
	}
	require.Equal(t, ErrExpired, add(b, 2).Err)
	require.Equal(t, kvapi.OK, add(a, 4).Err)
	value, _ := s.get("x")
	require.Equal(t, "11111", value)
}

// The applied index is committed with the data: what was not committed comes again from the log, whole.
func TestCommit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s, err := openStore(file, 10)
	require.NoError(t, err)
	s.apply(1, []Op{{Kind: Append, Key: "x", Value: "1"}})
	require.NoError(t, s.commit())
	s.apply(2, []Op{{Kind: Append, Key: "x", Value: "2"}, {Kind: Append, Key: "x", Value: "3"}})
	require.NoError(t, s.close()) // as after kill -9: the transaction is gone
	s = openTest(t, file, 10)
	value, _ := s.get("x")
	require.Equal(t, "1", value)
	require.Equal(t, 1, s.applied)
	s.apply(2, []Op{{Kind: Append, Key: "x", Value: "2"}, {Kind: Append, Key: "x", Value: "3"}})
	value, _ = s.get("x")
	require.Equal(t, "123", value)
}

func TestSnapshot(t *testing.T) {
	dir := t.TempDir()
	a, b := openTest(t, filepath.Join(dir, "a"), 10), openTest(t, filepath.Join(dir, "b"), 10)
	id := a.one(Op{Kind: Open}).Session
	a.one(Op{Kind: Append, Key: "x", Value: "1", Session: id, Seq: 1})
	b.one(Op{Kind: Put, Key: "old", Value: "gone"})
	require.NotEqual(t, a.hash(), b.hash())
	snapshot := a.snapshot()
	index, err := snapshotIndex(snapshot)
	require.NoError(t, err)
	require.Equal(t, 2, index)
	require.NoError(t, b.restore(snapshot))
	require.Equal(t, a.hash(), b.hash())
	require.Equal(t, 1, b.sessions)
	require.Equal(t, Result{Err: kvapi.OK, Version: 1}, b.one(Op{Kind: Append, Key: "x", Value: "1", Session: id, Seq: 1}), "the session came along")
	require.NotEqual(t, a.hash(), b.hash(), "another index")

	before := b.hash()
	for cut := range snapshot {
		require.Error(t, b.restore(snapshot[:cut]), "cut at %d", cut)
	}
	require.Equal(t, before, b.hash(), "a broken snapshot changes nothing")
}

// A crash in the middle of a restore finds the old database or the new one: there is one commit.
func TestRestoreIsOneCommit(t *testing.T) {
	dir := t.TempDir()
	a, b := openTest(t, filepath.Join(dir, "a"), 10), openTest(t, filepath.Join(dir, "b"), 10)
	a.one(Op{Kind: Put, Key: "x", Value: "1"})
	b.one(Op{Kind: Put, Key: "old", Value: "gone"})
	require.NoError(t, b.commit())
	before := b.tx.ID()
	require.NoError(t, b.restore(a.snapshot()))
	require.Equal(t, before+1, b.tx.ID())
}

func FuzzBatch(f *testing.F) {
	f.Add(batch{7, []Op{{Kind: PutIf, Key: "k", Value: "v", Version: 3, Session: 4, Seq: 5}, {Kind: Barrier}}}.encode())
	f.Add(batch{}.encode())
	f.Fuzz(func(t *testing.T, text string) {
		b, err := decodeBatch(text)
		if err != nil {
			return
		}
		again, err := decodeBatch(b.encode())
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}

func FuzzSnapshot(f *testing.F) {
	s, err := openStore(filepath.Join(f.TempDir(), "db"), 10)
	require.NoError(f, err)
	s.one(Op{Kind: Open})
	s.one(Op{Kind: Put, Key: "x", Value: "1"})
	f.Add(s.snapshot())
	require.NoError(f, s.close())
	f.Fuzz(func(t *testing.T, b []byte) {
		rows := 0
		if _, err := snapshotIndex(b); err == nil {
			require.NoError(t, eachRow(b, func(int, string, string) error { rows++; return nil }))
			require.Positive(t, rows)
		}
	})
}
