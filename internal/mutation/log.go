package mutation

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
	"time"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// Log is an engine that writes down every result, and when asked for the same run again, in another
// process perhaps, reads it instead of running it. A run is a function of binary, case and seed, so
// that nothing is lost by that. It is how a soak of many hours is interrupted and resumed.
//
// The file has one JSON object per line: first a [logHeader], then a [logEntry] for each run. A last
// line that was cut off is dropped.
type Log struct {
	engine suite.Engine

	mu    sync.Mutex
	file  *os.File
	known map[runKey]sim.Result
	err   error // of the first write that failed
}

const logSchema = "raftlab/mutants-log/v1"

// logHeader says what the results in a log are results of.
type logHeader struct {
	Schema string `json:"schema"`
	Build  string `json:"build"` // ID of the binary
}

type runKey struct {
	Subject  string `json:"subject"`
	Case     string `json:"case"`
	Seed     uint64 `json:"seed"`
	Contract string `json:"contract,omitempty"`
}

// logEntry is one run.
type logEntry struct {
	runKey
	Outcome record.Outcome `json:"outcome"`
	Rule    string         `json:"rule,omitempty"`
	Message string         `json:"message,omitempty"`
	Time    time.Duration  `json:"time"`
	CPU     time.Duration  `json:"cpu"`
	Hash    string         `json:"hash"`
}

// OpenLog opens or creates the log at path for runs of the binary with the ID build, which engine
// executes. A log of another build is an error: its results say nothing about this one.
func OpenLog(path, build string, engine suite.Engine) (*Log, error) {
	l := &Log{engine: engine, known: map[runKey]sim.Result{}}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading what ran before: %w", err)
	}
	valid, err := l.read(text, path, build)
	if err != nil {
		return nil, err
	}
	if l.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, fmt.Errorf("opening the log of runs: %w", err)
	}
	err = l.file.Truncate(int64(valid))
	if err == nil {
		_, err = l.file.Seek(int64(valid), 0)
	}
	if err == nil && valid == 0 {
		err = l.write(logHeader{logSchema, build})
	}
	if err != nil {
		l.file.Close()
		return nil, fmt.Errorf("writing the log of runs: %w", err)
	}
	return l, nil
}

// read takes in what the file holds and returns how many bytes of it are whole lines.
func (l *Log) read(text []byte, path, build string) (valid int, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		end := valid + len(lines.Bytes()) + 1
		if end > len(text) {
			break // cut off in the middle of a write
		}
		if valid == 0 {
			var h logHeader
			if json.Unmarshal(lines.Bytes(), &h) != nil || h.Schema != logSchema {
				return 0, fmt.Errorf("%s is not a log of `raftlab mutants`; name another file", path)
			}
			if h.Build != build {
				return 0, fmt.Errorf("%s has results of another build (%s, now %s): cases, peers or Go release have changed; name another file or delete it", path, h.Build, build)
			}
			valid = end
			continue
		}
		var e logEntry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return 0, fmt.Errorf("%s: a line that is not a run (%w); name another file or delete it", path, err)
		}
		l.known[e.runKey] = sim.Result{CPU: e.CPU, Hash: e.Hash,
			Verdict: record.Verdict{Outcome: e.Outcome, Rule: e.Rule, Message: e.Message, Time: e.Time}}
		valid = end
	}
	return valid, nil
}

// Known returns how many runs the log had when it was opened, and has got since.
func (l *Log) Known() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.known)
}

// Run implements [suite.Engine].
func (l *Log) Run(ctx context.Context, j sim.Job) sim.Result {
	key := runKey{j.Env[0][len(peerVariable)+1:], j.Params.Case, j.Params.Seed, j.Params.Contract}
	l.mu.Lock()
	r, ok := l.known[key]
	l.mu.Unlock()
	if ok {
		return r
	}
	r = l.engine.Run(ctx, j)
	v := r.Verdict
	if !judged(v) {
		return r // an interruption, or something to try again
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.write(logEntry{key, v.Outcome, v.Rule, v.Message, v.Time, r.CPU, r.Hash}); err != nil && l.err == nil {
		l.err = err
	}
	l.known[key] = sim.Result{CPU: r.CPU, Hash: r.Hash, Verdict: record.Verdict{Outcome: v.Outcome, Rule: v.Rule, Message: v.Message, Time: v.Time}}
	return r
}

func (l *Log) write(v any) error {
	line, err := json.Marshal(v)
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	return err
}

// Close closes the file. Its error says that results are missing in it.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.err, l.file.Close()); err != nil {
		return fmt.Errorf("writing the log of runs: %w", err)
	}
	return nil
}
