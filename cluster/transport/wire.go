package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"raftlab/labgob"
)

// The limits of a frame, in bytes.
const (
	maxGreeting = 4 << 10 // before it is known who speaks
	maxFrame    = 1 << 30
	frameHead   = 8
	chunk       = 1 << 20 // that is read before more memory is taken: a length is only a claim
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// kind is what a message is.
type kind byte

const (
	request kind = 'c'
	reply   kind = 'r'
	failure kind = 'e' // there is no handler, or the arguments do not fit: nothing was run
	muted   kind = 'm' // the handler has run, but its reply cannot be sent
)

// message is a request or an answer.
type message struct {
	kind kind
	id   uint64
	text string // of a request: the method; of a failure, and of muted: what is wrong
	body []byte
}

func (m message) encode() []byte {
	b := make([]byte, frameHead, frameHead+len(m.text)+len(m.body)+24)
	b = append(b, byte(m.kind))
	b = binary.AppendUvarint(b, m.id)
	b = binary.AppendUvarint(b, uint64(len(m.text)))
	b = append(b, m.text...)
	return seal(append(b, m.body...))
}

// seal fills in the head of a frame.
func seal(b []byte) []byte {
	binary.LittleEndian.PutUint32(b, uint32(len(b)-frameHead))
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[frameHead:], castagnoli))
	return b
}

func decodeMessage(b []byte) (m message, err error) {
	if len(b) == 0 {
		return m, errors.New("an empty message")
	}
	m.kind, b = kind(b[0]), b[1:]
	var n int
	if m.id, n = binary.Uvarint(b); n <= 0 {
		return m, errors.New("a message without a number")
	}
	b = b[n:]
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return m, errors.New("a message that ends in the middle of a name")
	}
	b = b[n:]
	m.text, m.body = string(b[:size]), b[size:]
	return m, nil
}

// readFrame reads one frame of at most limit bytes.
func readFrame(r io.Reader, limit int) ([]byte, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int(binary.LittleEndian.Uint32(head[:]))
	if n > limit {
		return nil, fmt.Errorf("a frame of %d bytes, where %d are the most", n, limit)
	}
	var b []byte
	for len(b) < n {
		next := min(n-len(b), chunk)
		b = append(b, make([]byte, next)...)
		if _, err := io.ReadFull(r, b[len(b)-next:]); err != nil {
			return nil, fmt.Errorf("a frame of %d bytes: %w", n, err)
		}
	}
	if crc32.Checksum(b, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, errors.New("a frame whose checksum is wrong")
	}
	return b, nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := labgob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

func decode(b []byte, to any) error { return labgob.Unmarshal(b, to) }
