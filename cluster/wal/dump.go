package wal

import (
	"fmt"
	"io"
	"strings"

	"raftlab/cluster/disk"
	"raftlab/internal/plain"
)

// Summary is what a log comes to.
type Summary struct {
	Segments, Groups int
	Torn             int64 // bytes at the end that a crash has left half written; opening the log cuts them off
	SnapshotIndex    int
	SnapshotBytes    int
	Entries          int // behind the snapshot
	StateBytes       int // header and entries, or what Save has stored
}

func (s Summary) String() string {
	text := fmt.Sprintf("%d segments, %d groups; snapshot up to index %d (%d bytes), %d entries behind it; %d bytes of state",
		s.Segments, s.Groups, s.SnapshotIndex, s.SnapshotBytes, s.Entries, s.StateBytes)
	if s.Torn > 0 {
		text += fmt.Sprintf("; the last group, %d bytes, was not written to its end, and will be cut off", s.Torn)
	}
	return text
}

// Verify reads a whole log, its snapshot included, and changes nothing. An error is what [Open]
// would refuse for.
func Verify(dir string) (Summary, error) { return walk(dir, nil) }

// Dump is [Verify], and writes one line for each group.
func Dump(w io.Writer, dir string) (Summary, error) {
	return walk(dir, func(s spot) {
		fmt.Fprintf(w, "%s %8d  group %-6d %s\n", s.file, s.offset, s.number, describe(s.group))
	})
}

func walk(dir string, visit func(spot)) (Summary, error) {
	fs, err := disk.Existing(dir)
	if err != nil {
		return Summary{}, err
	}
	f, err := scan(fs, visit)
	if err != nil {
		return Summary{}, err
	}
	if len(f.segments) == 0 {
		return Summary{}, fmt.Errorf("%s has no segments of a log", dir)
	}
	stored, snapshot, err := f.replay.stored()
	if err != nil {
		return Summary{}, &Damage{segmentName(f.segments[0].number), 0, err.Error()}
	}
	data, err := readSnapshot(fs, snapshot)
	if err != nil {
		return Summary{}, err
	}
	return Summary{Segments: len(f.segments), Groups: f.replay.groups, Torn: max(f.dirt-f.at, 0), SnapshotIndex: stored.SnapshotIndex,
		SnapshotBytes: len(data), Entries: len(stored.Entries), StateBytes: stored.StateSize()}, nil
}

// shown is how much of an entry a line shows, in bytes.
const shown = 60

func describe(g group) string {
	switch {
	case g.base != nil:
		return fmt.Sprintf("base: snapshot up to %d%s, %d entries behind it, header %x, %d bytes of whole state",
			g.base.index, fileOf(g.base.snapshot), g.base.entries, g.base.header, len(g.base.state))
	case g.save:
		return fmt.Sprintf("whole state, %d bytes%s", len(g.state), fileOf(g.snapshot))
	}
	var parts []string
	if g.update.Header != nil {
		parts = append(parts, fmt.Sprintf("header %x", g.update.Header))
	}
	if g.update.SnapshotIndex != 0 {
		parts = append(parts, fmt.Sprintf("snapshot up to %d%s", g.update.SnapshotIndex, fileOf(g.snapshot)))
	}
	if g.update.From != 0 {
		text := fmt.Sprintf("%d entries from %d", len(g.update.Entries), g.update.From)
		if len(g.update.Entries) > 0 {
			text += ": " + plain.Line(string(g.update.Entries[0]), shown)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func fileOf(r ref) string {
	if r.number == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s, %d bytes)", snapshotName(r.number), r.size)
}
