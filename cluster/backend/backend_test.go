package backend

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// manual is options under which the file is committed only when the test says so.
var manual = Options{Interval: time.Hour, Limit: 1 << 30}

func open(t *testing.T, path string, o Options) *Backend {
	t.Helper()
	b, err := Open(path, o)
	require.NoError(t, err)
	return b
}

func put(b *Backend, pairs ...string) {
	tx := b.Begin()
	for i := 0; i < len(pairs); i += 2 {
		tx.Put(Key, []byte(pairs[i]), []byte(pairs[i+1]))
	}
	tx.End()
}

func content(tx *ReadTx) map[string]string {
	all := map[string]string{}
	tx.Range(Key, nil, nil, func(k, v []byte) bool {
		all[string(k)] = string(v)
		return true
	})
	return all
}

func now(b *Backend) map[string]string {
	tx := b.Read()
	defer tx.Close()
	return content(tx)
}

// What a transaction writes is seen when it ends, and not by readers that have begun before.
func TestVisibleAtEnd(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "db"), manual)
	put(b, "a", "1")
	before := b.Read()
	tx := b.Begin()
	tx.Put(Key, []byte("a"), []byte("2"))
	tx.Put(Key, []byte("b"), []byte("2"))
	require.Equal(t, "2", string(tx.Get(Key, []byte("a"))), "it sees what it writes")
	require.Equal(t, map[string]string{"a": "1"}, now(b))
	tx.Delete(Key, []byte("b"))
	require.Nil(t, tx.Get(Key, []byte("b")))
	tx.End()
	require.Equal(t, map[string]string{"a": "2"}, now(b))
	b.ForceCommit()
	put(b, "c", "3")
	tx = b.Begin()
	tx.Delete(Key, []byte("a")) // which is in the file
	tx.End()
	require.Equal(t, map[string]string{"c": "3"}, now(b), "a deletion is seen without a commit")
	require.Equal(t, map[string]string{"a": "1"}, content(before))
	before.Close()
	require.NoError(t, b.Close())
}

// A crash finds the file at the end of some transaction, and at the one whose number is in it.
func TestCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	r := rand.New(rand.NewPCG(1, 1))
	n := 0
	for range 10 {
		b := open(t, path, Options{Interval: time.Hour, Limit: 7})
		tx := b.Read()
		fmt.Sscan(string(tx.Get(Meta, []byte("n"))), &n)
		for i := range 3 { // all keys of a transaction, or none
			require.Equal(t, fmt.Sprint(n), string(append([]byte{}, tx.Get(Key, []byte{byte(i)})...))+map[bool]string{true: "0"}[n == 0])
		}
		tx.Close()
		for range r.IntN(30) {
			n++
			tx := b.Begin()
			for i := range 3 {
				tx.Put(Key, []byte{byte(i)}, []byte(fmt.Sprint(n)))
			}
			tx.Put(Meta, []byte("n"), []byte(fmt.Sprint(n)))
			tx.End()
			if r.IntN(10) == 0 {
				b.ForceCommit()
			}
		}
		require.NoError(t, b.Abandon())
		n = 0
	}
}

// Whatever is done to it, the database is the map that it should be.
func TestLikeMap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	b := open(t, path, Options{Interval: time.Millisecond, Limit: 50})
	model := map[string]string{}
	r := rand.New(rand.NewPCG(2, 2))
	key := func() string { return fmt.Sprintf("%02d", r.IntN(40)) }
	for step := range 600 {
		switch r.IntN(12) {
		case 0:
			b.ForceCommit()
		case 1:
			if step%10 == 0 {
				require.NoError(t, b.Defrag())
			}
		case 2:
			if step%20 == 0 {
				require.NoError(t, b.Close())
				b = open(t, path, Options{Interval: time.Millisecond, Limit: 50})
			}
		default:
			tx := b.Begin()
			for range r.IntN(4) {
				if k := key(); r.IntN(3) == 0 {
					tx.Delete(Key, []byte(k))
					delete(model, k)
				} else {
					model[k] = fmt.Sprint(step)
					tx.Put(Key, []byte(k), []byte(model[k]))
				}
			}
			tx.End()
			b.Throttle()
		}
		require.Equal(t, model, now(b))
		from, end, want := key(), key(), 0
		for k := range model {
			if k >= from && k < end {
				want++
			}
		}
		tx, got := b.Read(), 0
		tx.Range(Key, []byte(from), []byte(end), func([]byte, []byte) bool { got++; return true })
		tx.Close()
		require.Equal(t, want, got)
	}
	require.NoError(t, b.Close())
}

// Another database takes the place of this one, and of what waits.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, filepath.Join(dir, "a"), manual), open(t, filepath.Join(dir, "b"), manual)
	put(a, "x", "1")
	put(b, "y", "2")
	b.ForceCommit()
	put(b, "z", "3")
	seen := ""
	require.NoError(t, a.CopyTo(filepath.Join(dir, "copy"), func(get func(Bucket, []byte) []byte) { seen = string(get(Key, []byte("x"))) }))
	require.Equal(t, "1", seen, "what waits is stored first")
	reader := b.Read()
	done := make(chan error, 1)
	go func() {
		done <- b.Replace(func() error { return os.Rename(filepath.Join(dir, "copy"), filepath.Join(dir, "b")) })
	}()
	require.Equal(t, map[string]string{"y": "2", "z": "3"}, content(reader))
	reader.Close()
	require.NoError(t, <-done)
	require.Equal(t, map[string]string{"x": "1"}, now(b))
	ours, err := b.Hash()
	require.NoError(t, err)
	theirs, err := a.Hash()
	require.NoError(t, err)
	require.Equal(t, theirs, ours)
	require.NoError(t, b.Close())
	require.NoError(t, a.Close())
}

// A database that is none, or shorter than it says, is refused with what to do; it is not touched.
func TestSound(t *testing.T) {
	name := filepath.Join(t.TempDir(), "data.db")
	require.NoError(t, Sound(name), "it is not there yet")
	b, err := Open(name, Options{})
	require.NoError(t, err)
	require.NoError(t, b.Close())
	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, Sound(name))
	zeros := append(make([]byte, 8192), whole[8192:]...)
	for what, text := range map[string][]byte{"short": whole[:9000], "very short": whole[:10], "zeros": zeros, "text": []byte("hello")} {
		require.NoError(t, os.WriteFile(name, text, 0o644))
		_, err := Open(name, Options{})
		require.ErrorContains(t, err, "opening the database "+name, what)
		require.ErrorContains(t, err, "put back the file as it was", what)
		left, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, text, left, what)
	}
	require.NoError(t, os.Remove(name))
	require.NoError(t, os.Mkdir(name, 0o755))
	require.ErrorContains(t, Sound(name), "it is no regular file")
	require.NoError(t, os.Remove(name))
	require.NoError(t, os.WriteFile(name, nil, 0o644))
	require.NoError(t, Sound(name), "one that is being made")
}
