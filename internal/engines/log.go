package engines

import (
	"context"
	"encoding/json"
	"sync"

	"raftlab/internal/jsonlines"
	"raftlab/internal/suite"
)

// Log is a file of runs that were compared, so that a comparison of many hours can be interrupted
// and go on. A nil Log knows nothing and keeps nothing.
type Log struct {
	lines *jsonlines.File

	mu    sync.Mutex
	known map[logKey]logEntry
	found int
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
	lines, _, err := jsonlines.Open(path, "the file of what was compared", func(_ int, line []byte) (bool, error) {
		var e logEntry
		if json.Unmarshal(line, &e) != nil {
			return false, nil
		}
		l.known[e.logKey] = e
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	l.lines = lines
	return l, nil
}

// Found is how many runs did not have to be made, because the file had them.
func (l *Log) Found() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.found
}

// Close closes the file. Its error says that runs are missing in it.
func (l *Log) Close() error { return l.lines.Close() }

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
		l.lines.Add(logEntry{key, r.Sides.Native, r.Sides.Wasm})
	}
	return r, ok
}
