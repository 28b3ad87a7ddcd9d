package sim

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// The cache holds what took long to make:
//
//	keys/KEY.json    what a build made: KEY is the hash of all that went into it
//	wasm/ID.wasm     the test binary; ID is the hash of its content
//	native/ID/       its machine code, in wazero's own format
//	host/ID.test.exe a test binary for this machine
//	recipes/KEY.json how to make a test binary again after an edit
//	tmp/dir-N/       what a process needs for a while; it is locked for as long as that runs
//
// Files are written under another name and renamed, so that builds can go on at the same time.
// Beyond maxCache the binaries that were used longest ago are dropped.
const maxCache = 4 << 30 // bytes

// inUse is for how long after it was used last a binary is not dropped: others may be running it,
// and their next worker has to find it.
const inUse = time.Hour

// CacheDir is the directory of the cache: RAFTLAB_CACHE, or raftlab in the user's cache directory.
func CacheDir() (string, error) {
	if dir := os.Getenv("RAFTLAB_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for compiled binaries (set RAFTLAB_CACHE to a directory): %w", err)
	}
	return filepath.Join(dir, "raftlab"), nil
}

// cache is the directory, with its parts.
type cache struct{ dir string }

func openCache() (cache, error) {
	dir, err := CacheDir()
	if err != nil {
		return cache{}, err
	}
	c := cache{dir}
	for _, part := range []string{"keys", "wasm", "host", "native", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, part), 0o755); err != nil {
			return c, fmt.Errorf("make the cache in %s: %w; set RAFTLAB_CACHE to a directory in which raftlab may write", dir, err)
		}
	}
	c.sweepTemp()
	return c, nil
}

func (c cache) key(key string) string   { return filepath.Join(c.dir, "keys", key+".json") }
func (c cache) wasm(id string) string   { return filepath.Join(c.dir, "wasm", id+".wasm") }
func (c cache) host(id string) string   { return filepath.Join(c.dir, "host", id+".test.exe") }
func (c cache) native(id string) string { return filepath.Join(c.dir, "native", id) }

// find returns what an earlier build with the same key made, or nil.
func (c cache) find(key string) *Binary {
	text, err := os.ReadFile(c.key(key))
	if err != nil {
		return nil
	}
	b := parseKey(key, text)
	if b == nil || b.Overlay == "" { // an older raftlab made it
		return nil
	}
	b.Path, b.Cached = c.binary(b.ID), true
	if _, err := readBinary(b.Path); err != nil {
		return nil
	}
	b.used()
	return b
}

// hostPrefix begins the ID of a binary for this machine.
const hostPrefix = "host-"

// binary is the file of a test binary.
func (c cache) binary(id string) string {
	if strings.HasPrefix(id, hostPrefix) {
		return c.host(id)
	}
	return c.wasm(id)
}

// used notes that the binary is in use: what was used last is dropped last.
func (b *Binary) used() {
	now := time.Now()
	os.Chtimes(b.Path, now, now)
}

// store remembers b under key.
func (c cache) store(key string, b *Binary) error {
	text, err := sealed(key, b)
	if err != nil {
		return err
	}
	return replaceFile(c.key(key), text, filepath.Join(c.dir, "tmp"), "key-")
}

// replaceFile replaces a file in one step, by way of another one in the directory dir whose name
// follows pattern.
func replaceFile(name string, text []byte, dir, pattern string) error {
	temp, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		os.Remove(temp.Name())
	}
	return err
}

// prune drops the binaries that were used longest ago until the cache holds at most limit bytes,
// but none that may be in use, and never the one with id keep; and keys that lead nowhere.
func (c cache) prune(limit int64, keep string) {
	type entry struct {
		id   string
		used time.Time
		size int64
	}
	var list []entry
	var total int64
	names, _ := filepath.Glob(filepath.Join(c.dir, "wasm", "*.wasm"))
	programs, _ := filepath.Glob(c.host("*"))
	names = append(names, programs...)
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			continue
		}
		id := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".wasm"), ".test.exe")
		e := entry{id, info.ModTime(), info.Size() + dirSize(c.native(id))}
		list, total = append(list, e), total+e.size
	}
	sort.Slice(list, func(i, j int) bool { return list[i].used.Before(list[j].used) })
	for _, e := range list {
		if total <= limit {
			break
		}
		if e.id != keep && time.Since(e.used) > inUse {
			os.Remove(c.binary(e.id))
			os.RemoveAll(c.native(e.id))
			total -= e.size
		}
	}
	c.sweep()
	c.sweepRecipes()
}

// sweep removes keys without a binary.
func (c cache) sweep() {
	keys, _ := filepath.Glob(filepath.Join(c.dir, "keys", "*.json"))
	for _, name := range keys {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		b := parseKey(strings.TrimSuffix(filepath.Base(name), ".json"), text)
		if b == nil {
			os.Remove(name)
		} else if _, err := os.Stat(c.binary(b.ID)); os.IsNotExist(err) {
			os.Remove(name)
		}
	}
}

// sweepRecipes removes those that nobody has used for as long as the go command keeps what they
// name.
func (c cache) sweepRecipes() {
	names, _ := filepath.Glob(filepath.Join(c.dir, "recipes", "*.json")) // the pattern is fixed
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > maxExports {
			os.Remove(name)
		}
	}
}

// dirSize is the size of all files below dir, in bytes.
func dirSize(dir string) (size int64) {
	filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			if info, err := entry.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return size
}
