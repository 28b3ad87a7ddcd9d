package rsm

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"raftlab/labgob"
)

// kind is what a command in the log is for.
type kind string

const (
	plain   kind = "do"   // an operation without a session: applied as often as it stands in the log
	once    kind = "once" // an operation of a session: applied at most once
	opening kind = "open" // the beginning of a session
	barrier kind = "read" // nothing: its place in the log is what counts (a read through the log)
	many    kind = "many" // several of the others, but for openings (batch.go)
)

// command is what a replica puts into the log.
type command[O any] struct {
	kind kind

	// id is different for each proposal that any server ever makes, also for the same operation. It
	// tells the server that made it, when an entry is applied, whose wait is over. Neither
	// the index can do that (another leader may have put another entry there) nor a counter
	// (it starts again after a crash, while an old entry may yet come).
	id uint64

	client Client // once: the session
	seq    uint64 // once: the number of the operation in it, from 1
	op     O      // plain, once

	parts []command[O] // many: each with an id of its own
	text  string       // encoded, if it has been
}

// Codec writes operations as bytes and reads them. [GobCodec] does it for any type that gob can
// encode; an own one can be shorter, faster, and readable in traces.
type Codec[O any] struct {
	Append func(to []byte, op O) []byte
	Parse  func(b []byte) (O, error)
}

// GobCodec returns a codec that uses labgob. Types that stand behind interfaces in O must have been
// given to labgob.Register. Append panics for what gob cannot encode.
func GobCodec[O any]() Codec[O] {
	return Codec[O]{
		Append: func(to []byte, op O) []byte {
			buf := bytes.NewBuffer(to)
			if err := labgob.NewEncoder(buf).Encode(&op); err != nil {
				panic(fmt.Sprintf("rsm: cannot encode an operation of type %T: %v", op, err))
			}
			return buf.Bytes()
		},
		Parse: func(b []byte) (op O, err error) {
			err = labgob.NewDecoder(bytes.NewReader(b)).Decode(&op)
			return op, err
		},
	}
}

// encode writes c as a string, since every peer can store and send strings as they are, and they
// can be read in a trace:
//
//	kind  id      client  seq  operation
//	once  3k9xq1  17      4    append "x" "1"
//	open  b02vvd
//	read  9c4j7p
func (c command[O]) encode(codec Codec[O]) string {
	if c.text != "" {
		return c.text
	}
	b := append([]byte(c.kind), ' ')
	b = strconv.AppendUint(b, c.id, 36)
	switch c.kind {
	case once:
		b = strconv.AppendUint(append(b, ' '), uint64(c.client), 10)
		b = strconv.AppendUint(append(b, ' '), c.seq, 10)
		b = codec.Append(append(b, ' '), c.op)
	case plain:
		b = codec.Append(append(b, ' '), c.op)
	case many:
		b = appendParts(b, c.parts, codec)
	}
	return string(b)
}

// decode is the inverse of encode.
func decode[O any](text string, codec Codec[O]) (c command[O], err error) {
	word, rest, _ := strings.Cut(text, " ")
	c.kind = kind(word)
	word, rest, _ = strings.Cut(rest, " ")
	if c.id, err = strconv.ParseUint(word, 36, 64); err != nil {
		return c, err
	}
	switch c.kind {
	case opening, barrier:
		return c, nil
	case many:
		c.parts, err = parseParts(rest, codec)
		return c, err
	case once:
		word, rest, _ = strings.Cut(rest, " ")
		client, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return c, err
		}
		c.client = Client(client)
		word, rest, _ = strings.Cut(rest, " ")
		if c.seq, err = strconv.ParseUint(word, 10, 64); err != nil {
			return c, err
		}
	case plain:
	default:
		return c, fmt.Errorf("unknown kind of command %q", c.kind)
	}
	c.op, err = codec.Parse([]byte(rest))
	return c, err
}
