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
	Get    Kind = 'g' // read: it is not in the log
	Put    Kind = 'p' // write, whatever the key has
	Append Kind = 'a' // write behind what the key has
	PutIf  Kind = 'i' // write if the key has a certain version
	Open   Kind = 'o' // begin a session
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

// encode writes an operation for the log.
func (o Op) encode() []byte {
	b := appendString([]byte{byte(o.Kind)}, o.Key)
	b = appendString(b, o.Value)
	b = binary.AppendUvarint(b, uint64(o.Version))
	b = binary.AppendUvarint(b, o.Session)
	return binary.AppendUvarint(b, o.Seq)
}

func decodeOp(b []byte) (Op, error) {
	c := &cutter{b: b}
	o := Op{Kind: Kind(c.byte()), Key: c.string(), Value: c.string(), Version: kvapi.Version(c.uint()), Session: c.uint(), Seq: c.uint()}
	return o, c.end()
}

// encode writes the result of a write or of Open, for the member that has passed it on.
func (r Result) encode() []byte {
	b := appendString(nil, string(r.Err))
	b = binary.AppendUvarint(b, uint64(r.Version))
	return binary.AppendUvarint(b, r.Session)
}

func decodeResult(b []byte) (Result, error) {
	c := &cutter{b: b}
	r := Result{Err: kvapi.Err(c.string()), Version: kvapi.Version(c.uint()), Session: c.uint()}
	return r, c.end()
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// cutter takes bytes apart. After an error everything it returns is zero.
type cutter struct {
	b   []byte
	err error
}

var errShort = errors.New("it ends too early")

// end says what was wrong, and that nothing is left over.
func (c *cutter) end() error {
	if c.err == nil && len(c.b) > 0 {
		c.err = fmt.Errorf("%d bytes too many", len(c.b))
	}
	return c.err
}

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
