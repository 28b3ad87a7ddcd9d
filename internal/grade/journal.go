package grade

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"raftlab/internal/jsonlines"
)

// openJournal opens the journal at path, and returns the runs in it that belong to key. A journal
// keeps the runs of a submission that is being graded, each from the moment it ended, so that
// whoever is killed goes on where they were. Its first line is the key, then there is a run on each
// line. When the grade is complete the [Record] takes its place.
func openJournal(path string, key Key) (*jsonlines.File, []Run, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, nil, fmt.Errorf("make a place for the journal of runs: %w", err)
	}
	var runs []Run
	journal, kept, err := jsonlines.Open(path, "the journal of runs", func(n int, line []byte) (bool, error) {
		if n == 0 {
			var k Key
			return json.Unmarshal(line, &k) == nil && k == key, nil // else it is of other code, or another framework
		}
		var r Run
		if json.Unmarshal(line, &r) != nil {
			return false, nil
		}
		runs = append(runs, r)
		return true, nil
	})
	if err != nil {
		return nil, nil, err
	}
	if kept == 0 {
		journal.Add(key)
	}
	return journal, runs, nil
}
