package mutation

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"raftlab/internal/jsonlines"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// Log is an engine that writes down every result, and when asked for the same run again, in another
// process perhaps, reads it instead of running it. A run is a function of binary, case and seed, so
// that nothing is lost by that. It is how a soak of many hours is interrupted and resumed.
//
// The file has one JSON object per line: first a [logHeader], then a [logEntry] for each run.
type Log struct {
	engine suite.Engine
	lines  *jsonlines.File

	mu    sync.Mutex
	known map[runKey]sim.Result
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
	lines, kept, err := jsonlines.Open(path, "the log of runs", func(n int, line []byte) (bool, error) {
		if n == 0 {
			return true, checkHeader(line, path, build)
		}
		return true, l.take(n, line, path)
	})
	if err != nil {
		return nil, err
	}
	if kept == 0 {
		lines.Add(logHeader{logSchema, build})
	}
	l.lines = lines
	return l, nil
}

// checkHeader says what is wrong with the first line of a log.
func checkHeader(line []byte, path, build string) error {
	var h logHeader
	if json.Unmarshal(line, &h) != nil || h.Schema != logSchema {
		return fmt.Errorf("%s is not a log of `raftlab mutants`; name another file", path)
	}
	if h.Build != build {
		return fmt.Errorf("%s has results of another build (%s, now %s): cases, peers or Go release have changed; name another file or delete it", path, h.Build, build)
	}
	return nil
}

// take takes in a run.
func (l *Log) take(n int, line []byte, path string) error {
	var e logEntry
	if err := json.Unmarshal(line, &e); err != nil {
		return fmt.Errorf("%s: line %d is not a run (%w); delete that line, and its run is made again, or name another file", path, n+1, err)
	}
	l.known[e.runKey] = sim.Result{CPU: e.CPU, Hash: e.Hash,
		Verdict: record.Verdict{Outcome: e.Outcome, Rule: e.Rule, Message: e.Message, Time: e.Time}}
	return nil
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
	l.lines.Add(logEntry{key, v.Outcome, v.Rule, v.Message, v.Time, r.CPU, r.Hash})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[key] = sim.Result{CPU: r.CPU, Hash: r.Hash, Verdict: record.Verdict{Outcome: v.Outcome, Rule: v.Rule, Message: v.Message, Time: v.Time}}
	return r
}

// Close closes the file. Its error says that results are missing in it.
func (l *Log) Close() error { return l.lines.Close() }
