package engines

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"raftlab/internal/suite"
)

// Log is a file of runs that were compared, so that a comparison of many hours can be interrupted and go on. A nil Log
// knows nothing and keeps nothing. The file has one JSON object on each line; a last line that was cut off is dropped.
type Log struct {
	mu    sync.Mutex
	file  *os.File
	known map[logKey]logEntry
	found int
	err   error // of the first write that failed
}

// logKey is a run. The builds are in it: after a change of the code it is another run.
type logKey struct {
	Native string `json:"native"` // IDs of the binaries
	Wasm   string `json:"wasm"`
	Peer   string `json:"peer"`
	Case   string `json:"case"`
	Seed   uint64 `json:"seed"`
}

type logEntry struct {
	logKey
	NativeSide Side `json:"nativeSide"`
	WasmSide   Side `json:"wasmSide"`
}

// OpenLog opens the file, or makes it.
func OpenLog(path string) (*Log, error) {
	l := &Log{known: map[logKey]logEntry{}}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read what was compared before: %w", err)
	}
	valid := int64(0)
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		end := valid + int64(len(lines.Bytes())) + 1
		var e logEntry
		if end > int64(len(text)) || json.Unmarshal(lines.Bytes(), &e) != nil {
			break
		}
		l.known[e.logKey] = e
		valid = end
	}
	if l.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644); err == nil {
		err = l.file.Truncate(valid)
	}
	if err == nil {
		_, err = l.file.Seek(valid, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("open the file of what was compared: %w", err)
	}
	return l, nil
}

// Found is how many runs did not have to be made, because the file had them.
func (l *Log) Found() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.found
}

// Close closes the file. Its error says that runs are missing in it.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.err, l.file.Close()); err != nil {
		return fmt.Errorf("write the file of what was compared: %w", err)
	}
	return nil
}

// run returns what the log knows of p, or else makes the runs.
func (l *Log) run(ctx context.Context, engine suite.Engine, p Pair) (Result, bool) {
	if l == nil {
		return both(ctx, engine, p)
	}
	key := logKey{p.Native.Binary.ID, p.Wasm.Binary.ID, p.Peer, p.Case.ID(), p.Seed}
	l.mu.Lock()
	e, ok := l.known[key]
	if ok {
		l.found++
	}
	l.mu.Unlock()
	if ok {
		r := Result{Pair: p}
		r.Sides.Native, r.Sides.Wasm = e.NativeSide, e.WasmSide
		return r, true
	}
	r, ok := both(ctx, engine, p)
	if ok && r.Judged() {
		l.keep(logEntry{key, r.Sides.Native, r.Sides.Wasm})
	}
	return r, ok
}

func (l *Log) keep(e logEntry) {
	line, err := json.Marshal(e)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	if l.err == nil {
		l.err = err
	}
}
