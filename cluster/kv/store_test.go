package kv

import (
	"errors"
	"os"
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

// apply applies a log entry.
func (s *store) apply(index int, ops ...Op) (results []Result) {
	var all [][]byte
	for _, o := range ops {
		all = append(all, o.encode())
	}
	for _, b := range s.Apply(index, all, true) {
		r, err := decodeResult(b)
		if err != nil {
			panic(err)
		}
		results = append(results, r)
	}
	return results
}

// one applies a log entry with one operation.
func (s *store) one(o Op) Result { return s.apply(s.applied+1, o)[0] }

func TestOperations(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), 10)
	for _, c := range []struct {
		op   Op
		want Result
	}{
		{Op{Kind: Append, Key: "x", Value: "a"}, Result{Err: kvapi.OK, Version: 1}},
		{Op{Kind: Append, Key: "x", Value: "b"}, Result{Err: kvapi.OK, Version: 2}},
		{Op{Kind: PutIf, Key: "x", Value: "c", Version: 1}, Result{Err: kvapi.ErrVersion, Version: 2}},
		{Op{Kind: PutIf, Key: "x", Value: "c", Version: 2}, Result{Err: kvapi.OK, Version: 3}},
		{Op{Kind: PutIf, Key: "new", Value: "c", Version: 2}, Result{Err: kvapi.ErrNoKey}},
		{Op{Kind: PutIf, Key: "new", Version: 0}, Result{Err: kvapi.OK, Version: 1}},
		{Op{Kind: Put, Key: "", Value: "empty key"}, Result{Err: kvapi.OK, Version: 1}},
	} {
		require.Equal(t, c.want, s.one(c.op), "%+v", c.op)
	}
	require.Equal(t, 7, s.Applied())
	require.Equal(t, Result{Err: kvapi.ErrNoKey}, s.read("none"))
	require.Equal(t, Result{Err: kvapi.OK, Value: "c", Version: 3}, s.read("x"))
	require.Equal(t, Result{Err: kvapi.OK, Version: 1}, s.read("new"))
	require.Equal(t, Result{Err: kvapi.OK, Value: "empty key", Version: 1}, s.read(""))
}

// A write of a session is applied once, however often it stands in the log.
func TestSessions(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), 3)
	both := s.apply(1, Op{Kind: Open}, Op{Kind: Open})
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

// The applied index is committed with the data: what was not committed comes again from the log,
// whole.
func TestCommit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s, err := openStore(file, 10)
	require.NoError(t, err)
	s.apply(1, Op{Kind: Append, Key: "x", Value: "1"})
	require.NoError(t, s.Commit())
	s.apply(2, Op{Kind: Append, Key: "x", Value: "2"}, Op{Kind: Append, Key: "x", Value: "3"})
	require.NoError(t, s.close()) // as after kill -9: the transaction is gone
	s = openTest(t, file, 10)
	value, _ := s.get("x")
	require.Equal(t, "1", value)
	require.Equal(t, 1, s.applied)
	s.apply(2, Op{Kind: Append, Key: "x", Value: "2"}, Op{Kind: Append, Key: "x", Value: "3"})
	value, _ = s.get("x")
	require.Equal(t, "123", value)
}

// The file that is sent is the database as it was committed last, sessions and all; it takes
// another one's place.
func TestCopyAndReplace(t *testing.T) {
	dir := t.TempDir()
	a, b := openTest(t, filepath.Join(dir, "a"), 10), openTest(t, filepath.Join(dir, "b"), 10)
	id := a.one(Op{Kind: Open}).Session
	a.one(Op{Kind: Append, Key: "x", Value: "1", Session: id, Seq: 1})
	require.NoError(t, a.Commit())
	want := a.hash()
	a.one(Op{Kind: Append, Key: "x", Value: "later"})
	b.one(Op{Kind: Put, Key: "old", Value: "gone"})
	copied := filepath.Join(dir, "copy")
	index, err := a.CopyTo(copied)
	require.NoError(t, err)
	require.Equal(t, 2, index)

	require.NoError(t, b.Replace(func() error { return os.Rename(copied, filepath.Join(dir, "b")) }))
	require.Equal(t, want, b.hash())
	require.Equal(t, 2, b.Applied())
	require.Equal(t, 1, b.sessions)
	require.Equal(t, Result{Err: kvapi.OK, Version: 1}, b.one(Op{Kind: Append, Key: "x", Value: "1", Session: id, Seq: 1}), "the session came along")
	require.NotEqual(t, want, b.hash(), "another index")
	broken := errors.New("broken")
	require.ErrorIs(t, a.Replace(func() error { return broken }), broken)
	require.NoError(t, a.reopen())
}

func FuzzOp(f *testing.F) {
	f.Add(Op{Kind: PutIf, Key: "k", Value: "v", Version: 3, Session: 4, Seq: 5}.encode())
	f.Add(Result{Err: ErrStale, Version: 3, Session: 9}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := decodeOp(b); err == nil {
			again, err := decodeOp(o.encode())
			require.NoError(t, err)
			require.Equal(t, o, again)
		}
		if r, err := decodeResult(b); err == nil {
			again, err := decodeResult(r.encode())
			require.NoError(t, err)
			require.Equal(t, r, again)
		}
	})
}
