package disk

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Fragile is a directory that can lose what was not synced, as a computer does without power.
// Everything is written to files at once, as into the system's page cache, and what it replaces is
// kept beside them in the folder .undo until it is synced. A process that is killed leaves both
// behind: whoever opens the directory again reads what was not synced, and may believe it. [Lose]
// then takes a random part of it away.
//
//	      write                          sync                      kill -9, Lose
//	file  [old old old] -> [new new new]                           [new old new]
//	undo                   [old old old] -> (nothing)
//
// It syncs nothing itself, so it keeps no promise against a real loss of power: it is for tests.
type Fragile struct {
	dir  Dir
	hook func(op, name string) error
	grow func(bytes int64) error

	mu    sync.Mutex
	files map[string]*undo // of files with writes that were not synced
	kept  int              // number of the last file that was put aside
}

// undo is what is kept of a file until it is synced.
type undo struct {
	f     *os.File
	at    int64
	dirty map[int64]bool // sectors that are in it
}

// nameOp is a change of names that was not synced.
type nameOp struct {
	Op   string `json:"op"`             // create, rename, remove
	Name string `json:"name"`           // as it is afterwards; of remove: as it was
	From string `json:"from,omitempty"` // of rename
	Kept string `json:"kept,omitempty"` // the file in .undo that was replaced or removed
}

const (
	undoDir   = ".undo"
	namesFile = "names"
	undoHead  = 8 + 2 // of a record: offset, and how many bytes of the sector existed
)

// OpenFragile returns the directory path as a [Fragile]. hook, if not nil, is called before each
// operation that changes something, with its name (create, rename, remove, write, allocate, sync,
// syncdir) and the file's; an error of it is the operation's.
func OpenFragile(path string, hook func(op, name string) error) (*Fragile, error) {
	dir, err := Open(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(path, undoDir), 0o755); err != nil {
		return nil, err
	}
	if hook == nil {
		hook = func(string, string) error { return nil }
	}
	d := &Fragile{dir: dir, hook: hook, grow: func(int64) error { return nil }, files: map[string]*undo{}}
	entries, err := os.ReadDir(d.undo())
	if err != nil {
		return nil, err
	}
	for _, e := range entries { // of a process that was killed
		if n, ok := strings.CutPrefix(e.Name(), "kept-"); ok {
			var number int
			fmt.Sscan(n, &number)
			d.kept = max(d.kept, number)
		}
		if name, ok := strings.CutPrefix(e.Name(), "data-"); ok {
			u, err := d.loadUndo(name)
			if err != nil {
				return nil, err
			}
			d.files[name] = u
		}
	}
	return d, nil
}

// Limit has grow asked before a file gets longer by so many bytes; an error of it is the
// operation's. It is called before the directory is used.
func (d *Fragile) Limit(grow func(bytes int64) error) { d.grow = grow }

func (d *Fragile) undo(names ...string) string {
	return filepath.Join(append([]string{d.dir.path, undoDir}, names...)...)
}

func (d *Fragile) loadUndo(name string) (*undo, error) {
	f, err := os.OpenFile(d.undo("data-"+name), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	u := &undo{f: f, dirty: map[int64]bool{}}
	records, err := readUndo(f)
	for _, r := range records {
		u.dirty[r.at/Sector] = true
		u.at += undoHead + Sector
	}
	return u, err
}

// undoRecord is one sector as it was.
type undoRecord struct {
	at  int64
	old []byte
}

// readUndo reads the records of a file. The last one may be incomplete: then it was not needed yet.
func readUndo(f io.Reader) (records []undoRecord, err error) {
	for {
		b := make([]byte, undoHead+Sector)
		if _, err := io.ReadFull(f, b); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return records, nil
		} else if err != nil {
			return nil, err
		}
		n := min(int(binary.LittleEndian.Uint16(b[8:])), Sector)
		records = append(records, undoRecord{int64(binary.LittleEndian.Uint64(b)), b[undoHead : undoHead+n]})
	}
}

// note writes down a change of names, before it is made.
func (d *Fragile) note(op nameOp) error {
	f, err := os.OpenFile(d.undo(namesFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	return json.NewEncoder(f).Encode(op)
}

// placeFor says where in .undo a file is put aside, or "" if there is no such file.
func (d *Fragile) placeFor(name string) (kept string) {
	if _, err := os.Stat(d.dir.at(name)); err != nil {
		return ""
	}
	d.kept++
	return fmt.Sprintf("kept-%d", d.kept)
}

// move renames a file and the file of its old sectors.
func (d *Fragile) move(from, to, fromKey, toKey string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	os.Remove(d.undo("data-" + toKey))
	if u := d.files[toKey]; u != nil {
		u.f.Close()
	}
	delete(d.files, toKey)
	if err := os.Rename(d.undo("data-"+fromKey), d.undo("data-"+toKey)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if u := d.files[fromKey]; u != nil {
		d.files[toKey] = u
		delete(d.files, fromKey)
	}
	return nil
}

// Create implements [FS].
func (d *Fragile) Create(name string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.hook("create", name); err != nil {
		return nil, err
	}
	if err := d.note(nameOp{Op: "create", Name: name}); err != nil {
		return nil, err
	}
	f, err := d.dir.Create(name)
	if err != nil {
		return nil, err
	}
	return &fragileFile{File: f.(osFile), d: d, name: name}, nil
}

// Open implements [FS].
func (d *Fragile) Open(name string) (File, error) {
	f, err := d.dir.Open(name)
	if err != nil {
		return nil, err
	}
	return &fragileFile{File: f.(osFile), d: d, name: name}, nil
}

// Rename implements [FS]. It is for files that are not open: an open one keeps its old name here.
func (d *Fragile) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.hook("rename", to); err != nil {
		return err
	}
	op := nameOp{Op: "rename", Name: to, From: from, Kept: d.placeFor(to)}
	if err := d.note(op); err != nil {
		return err
	}
	if op.Kept != "" {
		if err := d.move(d.dir.at(to), d.undo(op.Kept), to, op.Kept); err != nil {
			return err
		}
	}
	return d.move(d.dir.at(from), d.dir.at(to), from, to)
}

// Remove implements [FS].
func (d *Fragile) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.hook("remove", name); err != nil {
		return err
	}
	op := nameOp{Op: "remove", Name: name, Kept: d.placeFor(name)}
	if op.Kept == "" {
		return d.dir.Remove(name) // which says that there is none
	}
	if err := d.note(op); err != nil {
		return err
	}
	return d.move(d.dir.at(name), d.undo(op.Kept), name, op.Kept)
}

// List implements [FS].
func (d *Fragile) List() ([]string, error) { return d.dir.List() }

// SyncDir implements [FS].
func (d *Fragile) SyncDir() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.hook("syncdir", ""); err != nil {
		return err
	}
	entries, err := os.ReadDir(d.undo())
	if err != nil {
		return err
	}
	if err := os.Remove(d.undo(namesFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for name, u := range d.files {
		if strings.HasPrefix(name, "kept-") {
			u.f.Close()
			delete(d.files, name)
		}
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "kept-") || strings.HasPrefix(e.Name(), "data-kept-") {
			os.Remove(d.undo(e.Name())) // if it stays, nothing refers to it
		}
	}
	return nil
}

type fragileFile struct {
	File osFile
	d    *Fragile
	name string
}

// ReadAt implements [File].
func (f *fragileFile) ReadAt(b []byte, at int64) (int, error) { return f.File.ReadAt(b, at) }

// Size implements [File].
func (f *fragileFile) Size() (int64, error) { return f.File.Size() }

// Close implements [File].
func (f *fragileFile) Close() error { return f.File.Close() }

// WriteAt implements [File]: the sectors as they were go into .undo first.
func (f *fragileFile) WriteAt(b []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.hook("write", f.name); err != nil {
		return 0, err
	}
	if err := f.grows(at + int64(len(b))); err != nil {
		return 0, err
	}
	if err := f.keep(at, int64(len(b))); err != nil {
		return 0, err
	}
	return f.File.WriteAt(b, at)
}

// grows asks whether the file may become so long.
func (f *fragileFile) grows(to int64) error {
	size, err := f.Size()
	if err != nil || to <= size {
		return err
	}
	return f.d.grow(to - size)
}

func (f *fragileFile) keep(at, n int64) error {
	u := f.d.files[f.name]
	if u == nil {
		var err error
		if u, err = f.d.loadUndo(f.name); err != nil {
			return err
		}
		f.d.files[f.name] = u
	}
	var records []byte
	for s := at / Sector; s*Sector < at+n; s++ {
		if u.dirty[s] {
			continue
		}
		u.dirty[s] = true
		record := make([]byte, undoHead+Sector)
		got, err := f.File.ReadAt(record[undoHead:], s*Sector)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		binary.LittleEndian.PutUint64(record, uint64(s*Sector))
		binary.LittleEndian.PutUint16(record[8:], uint16(got))
		records = append(records, record...)
	}
	n64, err := u.f.WriteAt(records, u.at)
	u.at += int64(n64)
	return err
}

// Allocate implements [File]. The length of a file counts as durable at once.
func (f *fragileFile) Allocate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.hook("allocate", f.name); err != nil {
		return err
	}
	if err := f.grows(size); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

// Sync implements [File]: what was written cannot be lost any more.
func (f *fragileFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.hook("sync", f.name); err != nil {
		return err
	}
	u := f.d.files[f.name]
	if u == nil {
		return nil
	}
	delete(f.d.files, f.name)
	u.f.Close()
	return os.Remove(f.d.undo("data-" + f.name))
}
