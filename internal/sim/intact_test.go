package sim

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// TestDamagedCache: whatever happens to a file of the cache, it is made anew, and runs go as
// before.
func TestDamagedCache(t *testing.T) {
	b, c := miniAlone(t)
	only := func(pattern string) string {
		names, err := filepath.Glob(filepath.Join(c.dir, pattern))
		require.NoError(t, err)
		require.Len(t, names, 1, pattern)
		return names[0]
	}
	native := filepath.Join("native", b.ID, "wazero-*", "*")
	type damage func(text []byte) []byte
	cutShort := func(text []byte) []byte { return text[:len(text)/2] }
	oneBit := func(text []byte) []byte { text[len(text)*2/3] ^= 1; return text }
	// What finds it is a hash each time. Making the file anew is dear, so that the second way to
	// damage it is tried on one kind only.
	for _, file := range []struct {
		what, pattern string
		damage        damage
	}{
		{"cut short", "keys/*", cutShort},
		{"one bit", "keys/*", oneBit},
		{"cut short", "wasm/*", cutShort},
		{"one bit", native, oneBit},
		{"cut short", filepath.Join("native", b.ID, sumsFile), cutShort},
	} {
		t.Run(file.what+" "+filepath.Dir(file.pattern), func(t *testing.T) {
			name := only(file.pattern)
			good, err := os.ReadFile(name)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(name, file.damage(slices.Clone(good)), 0o644))
			again := buildMini(t)
			require.Equal(t, b.ID, again.ID)
			p := newPool(t, 1)
			r := p.Run(context.Background(), miniJob(again, "pass", 1))
			require.Equal(t, record.Pass, r.Verdict.Outcome, r.Verdict.Message)
			is, err := os.ReadFile(only(file.pattern))
			require.NoError(t, err)
			require.True(t, string(good) == string(is), "the file was not made anew")
		})
	}
}

// miniAlone is the small guest with its machine code, in a cache that has nothing else. The guest is a
// copy of what other tests have built.
func miniAlone(t *testing.T) (*Binary, cache) {
	t.Helper()
	b, from := buildMini(t), mustCache(t)
	keys, err := filepath.Glob(from.key("*"))
	require.NoError(t, err)
	t.Setenv("RAFTLAB_CACHE", t.TempDir())
	c := mustCache(t)
	wasm, err := os.ReadFile(b.Path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(c.wasm(b.ID), wasm, 0o644))
	for _, name := range keys {
		text, err := os.ReadFile(name)
		key := strings.TrimSuffix(filepath.Base(name), ".json")
		is := parseKey(key, text)
		if err != nil || is == nil || is.ID != b.ID {
			continue
		}
		is.Path = c.wasm(b.ID)
		require.NoError(t, c.store(key, is))
		if again := buildMini(t); again.Cached {
			require.NoError(t, makeNative(context.Background(), again)) // not copied: others may have run the rest
			return again, c
		}
		require.NoError(t, os.Remove(c.key(key))) // an older build made the same
	}
	require.Fail(t, "no key leads to the guest that was just built")
	return nil, c
}

// A key that leads to another binary than the one that was built for it is not believed.
func TestKeyOfAnother(t *testing.T) {
	c := cache{t.TempDir()}
	for _, part := range []string{"keys", "wasm", "tmp"} {
		require.NoError(t, os.Mkdir(filepath.Join(c.dir, part), 0o755))
	}
	wasm := []byte("a module")
	b := &Binary{ID: contentID(wasm), Overlay: "of this raftlab"}
	require.NoError(t, os.WriteFile(c.wasm(b.ID), wasm, 0o644))
	require.NoError(t, c.store("one", b))
	require.NotNil(t, c.find("one"))
	require.NoError(t, os.Rename(c.key("one"), c.key("two")))
	require.Nil(t, c.find("two"))
}

// What killed processes have left goes, and what is in use stays.
func TestSweepTemp(t *testing.T) {
	t.Setenv("RAFTLAB_CACHE", t.TempDir())
	c := mustCache(t)
	used, remove, err := c.tempDir()
	require.NoError(t, err)
	left := filepath.Join(c.dir, "tmp", "dir-left")
	old := filepath.Join(c.dir, "tmp", "key-old")
	require.NoError(t, os.Mkdir(left, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(left, ownerFile), nil, 0o644))
	require.NoError(t, os.WriteFile(old, nil, 0o644))
	then := time.Now().Add(-2 * abandoned)
	for _, name := range []string{filepath.Join(left, ownerFile), left, old, filepath.Join(used, ownerFile), used} {
		require.NoError(t, os.Chtimes(name, then, then))
	}
	mustCache(t)
	require.NoDirExists(t, left)
	require.NoFileExists(t, old)
	f, err := os.Open(used)
	require.NoError(t, err)
	defer f.Close()
	if tryLock(f) { // the system has locks
		require.DirExists(t, used)
	}
	remove()
	require.NoDirExists(t, used)
}
