package kv

import (
	"encoding/binary"
	"errors"
	"fmt"

	"raftlab/kvapi"
)

// Kind is what an operation does.
type Kind byte

const (
	Get     Kind = 'g'
	Put     Kind = 'p' // write, whatever the key has
	Append  Kind = 'a' // write behind what the key has
	PutIf   Kind = 'i' // write if the key has a certain version
	Open    Kind = 'o' // begin a session
	Barrier Kind = 'b' // nothing: its place in the log is what counts
)

// Op is an operation. Its fields are exported for labgob.
type Op struct {
	Kind       Kind
	Key, Value string
	Version    kvapi.Version // PutIf: that the key must have
	Session    uint64        // 0: none, and the operation is applied as often as it is sent
	Seq        uint64        // its number in the session, from 1
}

// Result is what an operation came to.
type Result struct {
	Err     kvapi.Err
	Value   string        // Get
	Version kvapi.Version // of the key, afterwards
	Session uint64        // Open
}

// Answers besides those of kvapi.
const (
	// ErrUnknown: the operation may have been executed, or may still be.
	ErrUnknown kvapi.Err = "ErrUnknown"
	// ErrExpired: the session has been forgotten; this try has not been applied.
	ErrExpired kvapi.Err = "ErrExpired"
	// ErrStale: a later operation of the session has been applied; nobody should wait for this one.
	ErrStale kvapi.Err = "ErrStale"
)

// batch is what stands in a log entry. Its id is unlike that of any other proposal: the server that made it
// knows by it, when the entry is applied, whose wait is over.
type batch struct {
	id  uint64
	ops []Op
}

// Sizes of a batch at most.
const (
	maxOps   = 1024
	maxBytes = 1 << 20
)

const batchMark = "kv1"

// encode writes a batch as a string: every peer can store and send those.
func (b batch) encode() string {
	out := append([]byte(batchMark), 0)
	out = binary.LittleEndian.AppendUint64(out, b.id)
	out = binary.AppendUvarint(out, uint64(len(b.ops)))
	for _, o := range b.ops {
		out = append(out, byte(o.Kind))
		out = appendString(out, o.Key)
		out = appendString(out, o.Value)
		out = binary.AppendUvarint(out, uint64(o.Version))
		out = binary.AppendUvarint(out, o.Session)
		out = binary.AppendUvarint(out, o.Seq)
	}
	return string(out)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// size is about what an operation takes in a batch.
func (o Op) size() int { return len(o.Key) + len(o.Value) + 32 }

// cutter takes bytes apart. After an error everything it returns is zero.
type cutter struct {
	b   []byte
	err error
}

var errShort = errors.New("it ends too early")

func (c *cutter) uint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.b, c.err = nil, errShort
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cutter) string() string {
	n := c.uint()
	if n > uint64(len(c.b)) {
		c.b, c.err = nil, errShort
		return ""
	}
	s := string(c.b[:n])
	c.b = c.b[n:]
	return s
}

func (c *cutter) byte() byte {
	if len(c.b) == 0 {
		c.err = errShort
		return 0
	}
	b := c.b[0]
	c.b = c.b[1:]
	return b
}

func decodeBatch(text string) (b batch, err error) {
	if len(text) < len(batchMark)+1+8 || text[:len(batchMark)+1] != batchMark+"\x00" {
		return b, errors.New("it does not begin like a batch of this service")
	}
	rest := []byte(text[len(batchMark)+1:])
	b.id = binary.LittleEndian.Uint64(rest)
	c := &cutter{b: rest[8:]}
	n := c.uint()
	for i := uint64(0); i < n && c.err == nil; i++ {
		b.ops = append(b.ops, Op{Kind: Kind(c.byte()), Key: c.string(), Value: c.string(),
			Version: kvapi.Version(c.uint()), Session: c.uint(), Seq: c.uint()})
	}
	if c.err == nil && len(c.b) > 0 {
		c.err = fmt.Errorf("%d bytes too many", len(c.b))
	}
	return b, c.err
}
