// Package jsonlines keeps a file of JSON objects, one on each line, to which a long work adds what
// it has done. A process that is killed at any instant loses at most the line that it was writing:
// what was cut off counts as not written, and is dropped when the file is opened again.
package jsonlines

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// File is such a file, open for adding lines. Its methods may be called at the same time.
type File struct {
	what string // for errors

	mu   sync.Mutex
	file *os.File
	err  error // of the first write that failed
}

// Open opens the file at path, or makes it, and returns how many lines it keeps. what names it in
// errors: "the log of runs". take is called with each whole line and its number, from 0; if it
// returns false, that line and all behind it are dropped. An error of take is returned as it is,
// and leaves the file as it was.
func Open(path, what string, take func(n int, line []byte) (bool, error)) (f *File, kept int, err error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("read %s: %w", what, err)
	}
	if stranger(text) {
		return nil, 0, fmt.Errorf("%s is not %s: name another file", path, what)
	}
	valid := 0
	for line := range bytes.Lines(text) {
		if line[len(line)-1] != '\n' {
			break // cut off in the middle of a write
		}
		ok, err := take(kept, line)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			break
		}
		valid += len(line)
		kept++
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", what, err)
	}
	if err = file.Truncate(int64(valid)); err == nil {
		_, err = file.Seek(int64(valid), 0)
	}
	if err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("write %s: %w", what, err)
	}
	return &File{what: what, file: file}, kept, nil
}

// stranger reports whether text is a single line without an end, and not the beginning of an object:
// a file of somebody else, which must not be taken for a line that was cut off.
func stranger(text []byte) bool {
	begin := []byte("{\"")
	return !bytes.ContainsRune(text, '\n') && !bytes.HasPrefix(text, begin[:min(len(text), len(begin))])
}

// Add writes v as the next line. If that fails, Close says so.
func (f *File) Add(v any) {
	line, err := json.Marshal(v)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		_, err = f.file.Write(append(line, '\n'))
	}
	if f.err == nil {
		f.err = err
	}
}

// Close closes the file. Its error says that lines are missing in it.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := errors.Join(f.err, f.file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", f.what, err)
	}
	return nil
}
