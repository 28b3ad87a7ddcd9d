package raft

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"raftlab/labgob"
)

// The bytes on stable storage. Numbers are varints (encoding/binary).
//
//	header   currentTerm  votedFor  baseTerm
//	entry    term  kind  command
//
// Each entry is encoded on its own, so that it can be written and dropped on its own. A command is
// an "any"; gob takes care of all registered types, but a gob encoder made for one value
// sends a description of the type along, and costs some 50 us, native. The plain types that
// tests and simple services use are therefore written as they are.

// header is the part of the persistent state that is neither log nor snapshot.
type header struct {
	currentTerm, votedFor, baseTerm int
}

func encodeHeader(h header) []byte {
	b := make([]byte, 0, 3*binary.MaxVarintLen64)
	b = binary.AppendVarint(b, int64(h.currentTerm))
	b = binary.AppendVarint(b, int64(h.votedFor))
	return binary.AppendVarint(b, int64(h.baseTerm))
}

func decodeHeader(b []byte) (h header, err error) {
	for _, field := range []*int{&h.currentTerm, &h.votedFor, &h.baseTerm} {
		if *field, b, err = cutInt(b); err != nil {
			return header{}, err
		}
	}
	if len(b) != 0 {
		return header{}, fmt.Errorf("%d bytes too many", len(b))
	}
	return h, nil
}

// The kinds of commands.
const (
	commandNil    = iota // no bytes
	commandInt           // a varint
	commandString        // the bytes
	commandBytes         // the bytes
	commandGob           // a gobCommand
	commandNoOp          // a varint, NoOp's field
)

// gobCommand wraps a command, since gob tells the type only of an interface inside a struct.
type gobCommand struct{ Command any }

// encodeEntry panics if gob does not know the command's type: the entry could be neither stored
// nor sent.
func encodeEntry(e LogEntry) []byte { return appendEntry(nil, e) }

// appendEntry appends the encoded entry to b. Without an array it makes one of the size that is
// needed, if that can be said at once. A long command makes room for itself when it is appended, which
// does not clear first what it then fills, as make does.
func appendEntry(b []byte, e LogEntry) []byte {
	const long = 4096
	if n, ok := encodedSize(e); ok && n < long && cap(b) == 0 {
		b = make([]byte, 0, n)
	}
	b = binary.AppendVarint(b, int64(e.Term))
	switch c := e.Command.(type) {
	case nil:
		return append(b, commandNil)
	case int:
		return binary.AppendVarint(append(b, commandInt), int64(c))
	case string:
		return append(append(b, commandString), c...)
	case []byte:
		return append(append(b, commandBytes), c...)
	case NoOp:
		return binary.AppendVarint(append(b, commandNoOp), int64(c.Leader))
	}
	buf := bytes.NewBuffer(append(b, commandGob))
	if err := labgob.NewEncoder(buf).Encode(gobCommand{e.Command}); err != nil {
		panic(fmt.Sprintf("raft: cannot store a command of type %T (has it been given to labgob.Register?): %v", e.Command, err))
	}
	return buf.Bytes()
}

// encodedSize is how many bytes the encoded entry takes. It is not ok for what gob encodes: that is
// known afterwards only.
func encodedSize(e LogEntry) (n int, ok bool) {
	n = varintSize(e.Term) + 1 // term and kind
	switch c := e.Command.(type) {
	case nil:
		return n, true
	case int:
		return n + varintSize(c), true
	case string:
		return n + len(c), true
	case []byte:
		return n + len(c), true
	case NoOp:
		return n + varintSize(c.Leader), true
	}
	return 0, false
}

func varintSize(v int) int {
	var b [binary.MaxVarintLen64]byte
	return binary.PutVarint(b[:], int64(v))
}

func decodeEntry(b []byte) (e LogEntry, err error) {
	if e.Term, b, err = cutInt(b); err != nil {
		return LogEntry{}, err
	}
	if len(b) == 0 {
		return LogEntry{}, errShort
	}
	kind, b := b[0], b[1:]
	switch kind {
	case commandNil:
	case commandInt:
		e.Command, _, err = cutInt(b)
	case commandString:
		e.Command = string(b)
	case commandBytes:
		e.Command = append([]byte{}, b...)
	case commandGob:
		var c gobCommand
		err = labgob.NewDecoder(bytes.NewReader(b)).Decode(&c)
		e.Command = c.Command
	case commandNoOp:
		var noOp NoOp
		noOp.Leader, _, err = cutInt(b)
		e.Command = noOp
	default:
		err = fmt.Errorf("unknown kind of command %d", kind)
	}
	return e, err
}

var errShort = errors.New("it ends too early")

// cutInt reads a number off the front of b.
func cutInt(b []byte) (n int, rest []byte, err error) {
	v, size := binary.Varint(b)
	if size <= 0 {
		return 0, nil, errShort
	}
	return int(v), b[size:], nil
}

// spare are the arrays of entries that were encoded and are stored by now: the next ones are encoded
// there. The persister copies what it is given. A peer that allocates anew for each command spends
// more on that, and on the collector, than on all of Figure 2. Raft.mu guards it.
type spare struct {
	arrays [][]byte
	bytes  int
}

// maxSpare bounds spare, in bytes.
const maxSpare = 4 << 20

// take returns an empty slice, with or without an array.
func (s *spare) take() []byte {
	if len(s.arrays) == 0 {
		return nil
	}
	last := len(s.arrays) - 1
	b := s.arrays[last]
	s.arrays, s.bytes = s.arrays[:last], s.bytes-cap(b)
	return b[:0]
}

// give takes back what has been written.
func (s *spare) give(encoded [][]byte) {
	for _, b := range encoded {
		if s.bytes+cap(b) > maxSpare {
			return
		}
		s.arrays, s.bytes = append(s.arrays, b), s.bytes+cap(b)
	}
}

// size is about how many bytes e takes in a message or on stable storage.
func (e LogEntry) size() int {
	const more = 8 // term and kind
	switch c := e.Command.(type) {
	case nil, int, NoOp:
		return more
	case string:
		return more + len(c)
	case []byte:
		return more + len(c)
	}
	return len(encodeEntry(e))
}

// sizeOf is the size of all entries together.
func sizeOf(entries []LogEntry) (bytes int) {
	for _, e := range entries {
		bytes += e.size()
	}
	return bytes
}

// withinBytes returns as many of the entries as a message may carry, and at least one if there is
// any.
func withinBytes(entries []LogEntry) []LogEntry {
	bytes := 0
	for i, e := range entries {
		if bytes += e.size(); bytes > maxBytes && i > 0 {
			return entries[:i:i]
		}
	}
	return entries
}
