package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"raftlab/internal/compare/experiment"
	"raftlab/internal/jsonlines"
)

// Log keeps what trials have measured, so that a command which was interrupted measures only the
// rest, and one that asks again for what is known has it at once. A trial is known by all that its
// numbers depend on: the source that was compiled, case, settings and seed. A nil Log knows
// nothing.
type Log struct {
	file  *jsonlines.File
	known map[string]entry
}

// entry is a line of the log.
type entry struct {
	Trial  string                `json:"trial"`
	Values []experiment.Measured `json:"values"`
	Hash   string                `json:"hash"`
}

// maxLog is how many bytes a log may have when it is opened. A larger one begins anew, since most
// of it is about source that is gone.
const maxLog = 16 << 20

// OpenLog opens the log at path, or makes it.
func OpenLog(path string) (*Log, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("begin the log of trials anew: %w", err)
		}
	}
	l := &Log{known: map[string]entry{}}
	var err error
	l.file, _, err = jsonlines.Open(path, "the log of trials", func(_ int, line []byte) (bool, error) {
		var e entry
		if json.Unmarshal(line, &e) != nil || e.Trial == "" {
			return false, nil // damaged: from here on it is measured again
		}
		l.known[e.Trial] = e
		return true, nil
	})
	return l, err
}

// Close closes the log. Its error says that something will have to be measured again.
func (l *Log) Close() error { return l.file.Close() }

// recall gives the trial what is known of it.
func (l *Log) recall(t *trial) bool {
	if l == nil {
		return false
	}
	e, ok := l.known[t.key()]
	if !ok {
		return false
	}
	t.hash, t.values = e.Hash, map[string]experiment.Measured{}
	for _, m := range e.Values {
		t.values[m.Metric] = m
	}
	return true
}

// keep notes what a trial has measured. One that has not ended well is not kept.
func (l *Log) keep(t *trial) {
	if l == nil || t.err != nil || len(t.values) != len(t.experiment.Metrics) {
		return
	}
	e := entry{Trial: t.key(), Hash: t.hash}
	for _, m := range t.experiment.Metrics {
		if t.values[m.Name].Short == failedTrial {
			return
		}
		e.Values = append(e.Values, t.values[m.Name])
	}
	l.file.Add(e)
}

func (t *trial) key() string {
	return strings.Join([]string{t.job.Binary.Source, t.job.Params.Case, t.point.Set, fmt.Sprint(t.seed)}, " ")
}
