package disk

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Dir is an [FS] of the operating system.
type Dir struct{ path string }

// Open returns the directory path, which is made if it is not there.
func Open(path string) (Dir, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return Dir{}, err
	}
	if err := SyncDir(filepath.Dir(path)); err != nil {
		return Dir{}, err
	}
	return Dir{path}, nil
}

// Existing returns the directory path, which has to be there.
func Existing(path string) (Dir, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Dir{}, err
	}
	if !info.IsDir() {
		return Dir{}, fmt.Errorf("%s is no directory", path)
	}
	return Dir{path}, nil
}

// Create implements [FS].
func (d Dir) Create(name string) (File, error) {
	return wrap(os.OpenFile(d.at(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644))
}

// Open implements [FS].
func (d Dir) Open(name string) (File, error) { return wrap(os.OpenFile(d.at(name), os.O_RDWR, 0)) }

// Rename implements [FS].
func (d Dir) Rename(from, to string) error { return os.Rename(d.at(from), d.at(to)) }

// Remove implements [FS].
func (d Dir) Remove(name string) error { return os.Remove(d.at(name)) }

// List implements [FS].
func (d Dir) List() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// SyncDir implements [FS].
func (d Dir) SyncDir() error { return SyncDir(d.path) }

func (d Dir) at(name string) string { return filepath.Join(d.path, name) }

// SyncDir makes the names in a directory durable. Windows has no such call: there, names are a part
// of the file system's own journal.
func SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

type osFile struct{ *os.File }

func wrap(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Size implements [File].
func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Allocate implements [File].
func (f osFile) Allocate(size int64) error {
	if err := allocate(f.File, size); err != nil {
		return &fs.PathError{Op: fmt.Sprintf("reserving %d bytes for", size), Path: f.Name(), Err: err}
	}
	return nil
}

// Sync implements [File].
func (f osFile) Sync() error {
	if err := syncData(f.File); err != nil {
		return &fs.PathError{Op: "sync", Path: f.Name(), Err: err}
	}
	return nil
}

// writeZeros makes f size bytes long where the system has no call for it.
func writeZeros(f *os.File, size int64) error {
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(size-at, int64(len(zeros)))], at); err != nil {
			return err
		}
	}
	return nil
}
