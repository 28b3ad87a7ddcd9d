package loop

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Files looks whether Go files in some directories change, or below them: what is in them, and not
// when they were written. A save that changes nothing is none. Tests, and what an editor keeps
// beside a file, have names that Go passes over, and so does this.
type Files struct {
	dirs []string
	read map[string]content // what was read last
}

// content is what a file has in it, and how it looked then.
type content struct {
	size     int64
	modified time.Time
	sum      uint64
}

// In looks at these directories.
func In(dirs ...string) *Files { return &Files{dirs: dirs, read: map[string]content{}} }

// State is a number that changes when one of the files does.
func (f *Files) State() uint64 {
	h := fnv.New64a()
	for _, dir := range f.dirs {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real // a walk does not follow it
		}
		filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			switch hidden := strings.HasPrefix(entryName(entry), ".") || strings.HasPrefix(entryName(entry), "_"); {
			case err != nil: // it has just gone
			case entry.IsDir() && hidden && name != dir:
				return fs.SkipDir
			case entry.IsDir() || hidden || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			default:
				if sum, ok := f.sum(name); ok {
					fmt.Fprintln(h, name, sum)
				}
			}
			return nil
		})
	}
	return h.Sum64()
}

func entryName(entry fs.DirEntry) string {
	if entry == nil { // the directory itself is not there
		return ""
	}
	return entry.Name()
}

// sum is that of what is in a file, which is read if it looks other than before.
func (f *Files) sum(name string) (uint64, bool) {
	info, err := os.Stat(name) // it may be a link
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	known, ok := f.read[name]
	if ok && known.size == info.Size() && known.modified.Equal(info.ModTime()) {
		return known.sum, true
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, false
	}
	h := fnv.New64a()
	h.Write(text)
	f.read[name] = content{info.Size(), info.ModTime(), h.Sum64()}
	return h.Sum64(), true
}
