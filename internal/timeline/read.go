package timeline

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"raftlab/internal/record"
)

// Read reads a trace: one event as a JSON object per line (docs/trace.md). An error names the line.
func Read(r io.Reader) ([]record.Event, error) {
	var events []record.Event
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<16), 1<<26) // a decoded snapshot can be long
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		e := record.Event{Peer: record.None, Other: record.None}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return events, fmt.Errorf("trace line %d is not an event: %w", n, err)
		}
		events = append(events, e)
	}
	return events, lines.Err()
}
