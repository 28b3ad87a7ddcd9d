package grade

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// journal keeps the runs of a submission that is being graded, each from the moment it ended, so that whoever is
// killed goes on where they were. Its first line is the key, then there is a run on each line. A last line that was
// cut off counts as not written. When the grade is complete the [Record] takes its place.
type journal struct {
	mu   sync.Mutex
	file *os.File
	err  error // of the first write that failed
}

// openJournal opens the journal at path, and returns the runs in it that belong to key.
func openJournal(path string, key Key) (*journal, []Run, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("read what ran before: %w", err)
	}
	runs, valid := readJournal(text, key)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("keep what ran: %w", err)
	}
	j := &journal{file: f}
	if err := f.Truncate(int64(valid)); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("keep what ran: %w", err)
	}
	if _, err := f.Seek(int64(valid), 0); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("keep what ran: %w", err)
	}
	if valid == 0 {
		j.add(key)
	}
	return j, runs, nil
}

// readJournal returns the runs, and how many bytes of the text are right.
func readJournal(text []byte, key Key) (runs []Run, valid int) {
	for line := range bytes.Lines(text) {
		if line[len(line)-1] != '\n' {
			break
		}
		if valid == 0 {
			var k Key
			if json.Unmarshal(line, &k) != nil || k != key {
				return nil, 0 // of other code, or another framework
			}
		} else {
			var r Run
			if json.Unmarshal(line, &r) != nil {
				break
			}
			runs = append(runs, r)
		}
		valid += len(line)
	}
	return runs, valid
}

// add writes one line.
func (j *journal) add(v any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	text, err := json.Marshal(v)
	if err == nil {
		_, err = j.file.Write(append(text, '\n'))
	}
	if err != nil && j.err == nil {
		j.err = fmt.Errorf("keep what ran: %w", err)
	}
}

// close ends the journal, and says what could not be written.
func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return errors.Join(j.err, j.file.Close())
}
