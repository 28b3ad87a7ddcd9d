package disk

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, f File, at int64, text string) {
	t.Helper()
	_, err := f.WriteAt([]byte(text), at)
	require.NoError(t, err)
}

// content is what a file holds, or "-" if there is none.
func content(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if os.IsNotExist(err) {
		return "-"
	}
	require.NoError(t, err)
	return string(b)
}

// What is synced stays; what is not may go, sector by sector; names go from the newest on.
func TestLose(t *testing.T) {
	sector := func(c byte) string { return string(append(make([]byte, Sector-1), c)) }
	seen := map[string]bool{}
	for seed := range uint64(60) {
		dir := t.TempDir()
		d, err := OpenFragile(dir, nil)
		require.NoError(t, err)
		f, err := d.Create("a")
		require.NoError(t, err)
		write(t, f, 0, sector('1')+sector('2'))
		require.NoError(t, f.Sync())
		require.NoError(t, d.SyncDir())
		write(t, f, 0, sector('x')+sector('y'))
		d, err = OpenFragile(dir, nil) // kill -9: all is there
		require.NoError(t, err)
		require.Equal(t, sector('x')+sector('y'), content(t, dir, "a"))
		g, err := d.Create("b")
		require.NoError(t, err)
		write(t, g, 0, "new")
		require.NoError(t, g.Sync())
		require.NoError(t, d.Rename("b", "c"))

		_, _, err = Lose(dir, rand.New(rand.NewPCG(seed, 0)))
		require.NoError(t, err)
		a := content(t, dir, "a")
		seen[a[Sector-1:Sector]+a[2*Sector-1:]+" "+content(t, dir, "b")+content(t, dir, "c")] = true
		n, m, err := Lose(dir, rand.New(rand.NewPCG(seed, 0)))
		require.NoError(t, err)
		require.Zero(t, n+m, "lost once")
	}
	for _, contents := range []string{"12", "1y", "x2", "xy"} {
		for _, names := range []string{"--", "new-", "-new"} {
			require.Contains(t, seen, contents+" "+names)
		}
	}
	require.Len(t, seen, 12)
}

// A file that was replaced or removed comes back, with what it held when it was synced last.
func TestLostNamesComeBack(t *testing.T) {
	for seed := range uint64(20) {
		dir := t.TempDir()
		d, err := OpenFragile(dir, nil)
		require.NoError(t, err)
		for _, name := range []string{"a", "b"} {
			f, err := d.Create(name)
			require.NoError(t, err)
			write(t, f, 0, name)
			require.NoError(t, f.Sync())
		}
		require.NoError(t, d.SyncDir())
		require.NoError(t, d.Rename("a", "b"))
		require.NoError(t, d.Remove("b"))
		_, n, err := Lose(dir, rand.New(rand.NewPCG(seed, 0)))
		require.NoError(t, err)
		require.Equal(t, [][2]string{{"-", "-"}, {"-", "a"}, {"a", "b"}}[n], [2]string{content(t, dir, "a"), content(t, dir, "b")})

		d, err = OpenFragile(dir, nil)
		require.NoError(t, err)
		require.NoError(t, d.SyncDir())
		_, n, err = Lose(dir, rand.New(rand.NewPCG(seed, 0)))
		require.NoError(t, err)
		require.Zero(t, n)
	}
}

func TestDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	_, err := Existing(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	d, err := Open(dir)
	require.NoError(t, err)
	f, err := d.Create("f")
	require.NoError(t, err)
	require.NoError(t, f.Allocate(3<<20))
	size, err := f.Size()
	require.NoError(t, err)
	require.EqualValues(t, 3<<20, size)
	_, err = d.Create("f")
	require.ErrorIs(t, err, os.ErrExist)
	require.NoError(t, f.Close())
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	names, err := d.List()
	require.NoError(t, err)
	require.Equal(t, []string{"f"}, names)
	_, err = Existing(filepath.Join(dir, "f"))
	require.ErrorContains(t, err, "is no directory")

	l, err := Lock(dir)
	require.NoError(t, err)
	_, err = Lock(dir)
	require.ErrorContains(t, err, "in use by another process")
	require.NoError(t, l.Close())
}
