package sim

import (
	"os"
	"path/filepath"
	"time"
)

// abandoned is the age at which a temporary file belongs to nobody any more.
const abandoned = time.Hour

// ownerFile is in each temporary directory. The process that uses the directory holds a lock on it,
// which the system takes away when the process ends, however that comes about.
const ownerFile = "owner"

// TempDir makes a temporary directory in the cache, and a function that removes it. If the process
// is killed before, the next one that builds something does.
func TempDir() (dir string, remove func(), err error) {
	store, err := openCache()
	if err != nil {
		return "", nil, err
	}
	return store.tempDir()
}

func (c cache) tempDir() (dir string, remove func(), err error) {
	if dir, err = os.MkdirTemp(filepath.Join(c.dir, "tmp"), "dir-"); err != nil {
		return "", nil, err
	}
	owner, err := os.Create(filepath.Join(dir, ownerFile))
	if err == nil && !tryLock(owner) {
		owner.Close() // the system has no such locks, and the directory is dropped by its age
		os.Remove(owner.Name())
	}
	return dir, func() {
		owner.Close()
		os.RemoveAll(dir)
	}, err
}

// sweepTemp removes what processes have left that do not run any more.
func (c cache) sweepTemp() {
	names, _ := filepath.Glob(filepath.Join(c.dir, "tmp", "*"))
	for _, name := range names {
		info, err := os.Stat(name)
		if err == nil && (time.Since(info.ModTime()) > abandoned && !owned(name) || orphaned(name)) {
			os.RemoveAll(name)
		}
	}
}

// owned reports whether a process uses the temporary directory.
func owned(dir string) bool {
	owner, err := os.Open(filepath.Join(dir, ownerFile))
	if err != nil {
		return false
	}
	defer owner.Close()
	return !tryLock(owner)
}

// orphaned reports whether the process that used the temporary directory has ended. A file that was
// made just now may not be locked yet.
func orphaned(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, ownerFile))
	return err == nil && time.Since(info.ModTime()) > time.Second && !owned(dir)
}
