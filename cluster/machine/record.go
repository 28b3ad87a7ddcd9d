package machine

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Recorder writes down all entries that a member applies, in a file that survives the member: for
// those who judge a cluster. An entry that is applied again after a crash is there again.
type Recorder struct{ file *os.File }

// NewRecorder goes on with a file, or begins it.
func NewRecorder(name string) (*Recorder, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the record of what is applied: %w", err)
	}
	return &Recorder{f}, nil
}

// Apply notes an entry, in one write: a process that is killed leaves nothing half done.
func (r *Recorder) Apply(index int, ops [][]byte) {
	b := binary.AppendUvarint(nil, uint64(index))
	b = binary.AppendUvarint(b, uint64(len(ops)))
	for _, op := range ops {
		b = append(binary.AppendUvarint(b, uint64(len(op))), op...)
	}
	if _, err := r.file.Write(b); err != nil {
		panic("machine: the record of what is applied cannot be written: " + err.Error())
	}
}

// Entry is one that was applied.
type Entry struct {
	Index int
	Ops   [][]byte
}

// ReadRecord reads what a recorder has written.
func ReadRecord(name string) (all []Entry, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for {
		index, err := binary.ReadUvarint(r)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		e := Entry{Index: int(index)}
		var n, size uint64
		if err == nil {
			n, err = binary.ReadUvarint(r)
		}
		for i := uint64(0); i < n && err == nil; i++ {
			if size, err = binary.ReadUvarint(r); err == nil {
				op := make([]byte, size)
				_, err = io.ReadFull(r, op)
				e.Ops = append(e.Ops, op)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s behind the entry %d: %w", name, len(all), err)
		}
		all = append(all, e)
	}
}
