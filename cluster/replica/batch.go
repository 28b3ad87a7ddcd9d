package replica

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// batch is what stands in a log entry. Its id is unlike that of any other proposal: the server that
// made it knows by it, when the entry is applied, whose wait is over. A batch without operations is
// a barrier.
type batch struct {
	id  uint64
	ops [][]byte
}

// Sizes of a batch at most.
const (
	MaxOps   = 1024 // operations in one log entry
	maxBytes = 1 << 20
)

const batchMark = "rb1\x00"

// encode writes a batch as a string: every peer can store and send those.
func (b batch) encode() string {
	out := append([]byte{}, batchMark...)
	out = binary.LittleEndian.AppendUint64(out, b.id)
	out = binary.AppendUvarint(out, uint64(len(b.ops)))
	for _, op := range b.ops {
		out = binary.AppendUvarint(out, uint64(len(op)))
		out = append(out, op...)
	}
	return string(out)
}

func decodeBatch(text string) (b batch, err error) {
	const head = len(batchMark) + 8
	if len(text) < head || text[:len(batchMark)] != batchMark {
		return b, errors.New("it does not begin like a batch of this service")
	}
	rest := []byte(text[len(batchMark):])
	b.id, rest = binary.LittleEndian.Uint64(rest), rest[8:]
	count, n := binary.Uvarint(rest)
	if n <= 0 || count > MaxOps {
		return b, errors.New("it has no sensible number of operations")
	}
	rest = rest[n:]
	for range count {
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return b, errors.New("it ends too early")
		}
		b.ops = append(b.ops, rest[n:n+int(size)])
		rest = rest[n+int(size):]
	}
	if len(rest) > 0 {
		return b, fmt.Errorf("%d bytes too many", len(rest))
	}
	return b, nil
}
