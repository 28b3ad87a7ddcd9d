package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"raftlab/cluster/disk"
)

// Damage is what makes a log unusable. It is not what a crash leaves behind.
type Damage struct {
	File   string
	Offset int64
	What   string
}

func (d *Damage) Error() string {
	return fmt.Sprintf("the log is damaged: %s, offset %d: %s. No crash does that, so nothing is repaired: the peer "+
		"could have forgotten what it has promised. Keep the directory for a look at it (raftlab cluster wal dump), and "+
		"do not start this member with an empty one", d.File, d.Offset, d.What)
}

const (
	segmentSuffix  = ".wal"
	snapshotSuffix = ".snap"
	partSuffix     = ".part" // of a file that is being made; nothing refers to it
)

func segmentName(number uint64) string  { return fmt.Sprintf("%016x%s", number, segmentSuffix) }
func snapshotName(number uint64) string { return fmt.Sprintf("%016x%s", number, snapshotSuffix) }

// segment is what has to be known of a segment that is not written to any more.
type segment struct {
	number  uint64
	highest int // index of the highest log entry in it
}

// found is what a directory holds.
type found struct {
	segments  []segment
	snapshots []uint64 // all that are there, whether needed or not
	parts     []string

	replay replay
	salt   uint64 // of the last segment
	size   int64  // its size
	at     int64  // where the next group goes in it
	number uint64 // of the next group
	chain  uint32 // CRC of the last group
	dirt   int64  // if not 0: the end is torn, and has to be zeroed from at to here
}

// spot is a group in its place.
type spot struct {
	file   string
	offset int64
	frame
	group
}

// scan reads everything in a directory and changes nothing. visit, if not nil, sees each group.
func scan(fs disk.FS, visit func(spot)) (*found, error) {
	names, err := fs.List()
	if err != nil {
		return nil, err
	}
	f := &found{}
	for _, name := range names {
		digits, suffix, _ := strings.Cut(name, ".")
		number, err := strconv.ParseUint(digits, 16, 64)
		switch suffix = "." + suffix; {
		case strings.HasSuffix(suffix, partSuffix):
			f.parts = append(f.parts, name)
		case err == nil && suffix == segmentSuffix && name == segmentName(number):
			f.segments = append(f.segments, segment{number: number})
		case err == nil && suffix == snapshotSuffix && name == snapshotName(number):
			f.snapshots = append(f.snapshots, number)
		}
	}
	slices.SortFunc(f.segments, func(a, b segment) int { return int(int64(a.number - b.number)) })
	if len(f.segments) == 0 && len(f.snapshots) > 0 {
		return nil, &Damage{snapshotName(f.snapshots[0]), 0, "there are snapshots, but no segment of the log"}
	}
	for i := range f.segments {
		if err := f.scanSegment(fs, i, visit); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *found) scanSegment(fs disk.FS, i int, visit func(spot)) error {
	s := &f.segments[i]
	name := segmentName(s.number)
	data, err := readAll(fs, name)
	if err != nil {
		return fmt.Errorf("reading the segment %s of the log: %w", name, err)
	}
	h, err := decodeHeader(data)
	switch {
	case err != nil:
		return &Damage{name, 0, err.Error()}
	case h.number != s.number:
		return &Damage{name, 0, fmt.Sprintf("its header says that it is segment %x", h.number)}
	case int64(len(data)) < h.size:
		return &Damage{name, int64(len(data)), fmt.Sprintf("it ends here, and had %d bytes before anything was written to it", h.size)}
	case i == 0:
		f.number, f.chain = h.first, h.chain
	case s.number != f.segments[i-1].number+1:
		return &Damage{name, 0, "the segment before it is missing"}
	case h.first != f.number || h.chain != f.chain:
		return &Damage{name, 0, fmt.Sprintf("it begins with group %d after the CRC %08x, but the segment before ends with group %d and %08x",
			h.first, h.chain, f.number-1, f.chain)}
	}
	f.salt, f.size, f.at = h.salt, int64(len(data)), headerSize
	for {
		fr, err := decodeFrame(h.salt, data[f.at:])
		if err != nil {
			return f.ends(i, name, data, err)
		}
		g, err := f.take(fr)
		if err != nil {
			return &Damage{name, f.at, fmt.Sprintf("group %d: %v", fr.number, err)}
		}
		if n := len(g.update.Entries); n > 0 {
			s.highest = max(s.highest, g.update.From+n-1)
		}
		if visit != nil {
			visit(spot{name, f.at, fr, g})
		}
		f.at += fr.size
	}
}

// take puts a sound group behind those before.
func (f *found) take(fr frame) (g group, err error) {
	if fr.number != f.number || fr.prev != f.chain {
		return g, fmt.Errorf("it follows the CRC %08x, but group %d with the CRC %08x should be followed here", fr.prev, f.number-1, f.chain)
	}
	if g, err = decodeGroup(fr.payload); err != nil {
		return g, err
	}
	if err := f.replay.apply(g); err != nil {
		return g, err
	}
	f.number, f.chain = fr.number+1, fr.crc
	return g, nil
}

// ends judges the place behind the last sound group of a segment: the end, a group that was being
// written in a crash, or damage.
func (f *found) ends(i int, name string, data []byte, why error) error {
	if f.at == headerSize {
		return &Damage{name, f.at, "its base cannot be read: " + why.Error()} // a segment has its name only with its base
	}
	dirt := lastNonZero(data[f.at:])
	if dirt == 0 {
		return nil
	}
	if i < len(f.segments)-1 {
		return &Damage{name, f.at, fmt.Sprintf("%v, and the log goes on in another segment", why)}
	}
	if at, number, ok := soundGroup(f.salt, data, f.at+alignment); ok {
		return &Damage{name, f.at, fmt.Sprintf("%v, and group %d behind it, at %d, is sound", why, number, at)}
	}
	f.dirt = f.at + dirt
	return nil
}

// lastNonZero is how far b has to be zeroed to be all zero.
func lastNonZero(b []byte) int64 {
	n := len(b)
	for n > 0 && b[n-1] == 0 {
		n--
	}
	return int64(n)
}

// soundGroup looks for a group of this segment anywhere from an offset on.
func soundGroup(salt uint64, data []byte, from int64) (at int64, number uint64, ok bool) {
	for at := from; at+frameHead <= int64(len(data)); at += alignment {
		if binary.LittleEndian.Uint32(data[at:]) != groupMagic {
			continue
		}
		if fr, err := decodeFrame(salt, data[at:]); err == nil {
			return at, fr.number, true
		}
	}
	return 0, 0, false
}

func readAll(fs disk.FS, name string) ([]byte, error) {
	file, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	if _, err := file.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data, nil
}
