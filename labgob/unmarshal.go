package labgob

import (
	"bytes"
	"io"
	"sync"
)

// Reading messages that stand alone.
//
// A message on a network is a stream of its own, with the definitions of its types in front:
//
//	[ define 64 ] [ define 65 ] [ 64 | value ... ]
//	 head, the same in each message   body
//
// A new decoder reads the head, and compiles what it says, for each message anew: with a small value
// that takes twenty times as long as the value does (BenchmarkUnmarshal). So decoders are kept, by
// the heads that they have read, and are given nothing but bodies from then on.

// The limits of what is kept.
const (
	maxHeads = 256      // different heads; those beyond are read each time
	maxHead  = 4 << 10  // bytes of one
	maxBody  = 64 << 10 // bytes of a body; behind a longer one a decoder goes, with its buffers
)

// reader is a decoder that has read a head.
type reader struct {
	in  bytes.Reader
	dec *LabDecoder
}

// readers are those that wait for the next message, by head.
var readers = struct {
	mu     sync.RWMutex
	byHead map[string]*sync.Pool
}{byHead: map[string]*sync.Pool{}}

// Unmarshal reads the value in b into e, as Decode of a new decoder does. It is several times
// cheaper where earlier messages have begun with the same definitions of types.
func Unmarshal(b []byte, e any) error {
	n, types := headOf(b)
	readers.mu.RLock()
	pool := readers.byHead[string(b[:n])]
	readers.mu.RUnlock()
	var r *reader
	if pool != nil {
		r, _ = pool.Get().(*reader)
	}
	if r != nil {
		r.in.Reset(b[n:])
	} else {
		r = &reader{}
		r.in.Reset(b)
		r.dec = NewDecoder(&r.in)
	}
	if err := r.dec.Decode(e); err != nil {
		return err
	}
	// A decoder that has met more definitions would refuse them in the next message.
	if len(r.dec.vet.types) != types || n > maxHead || len(b)-n > maxBody {
		return nil
	}
	if pool == nil {
		pool = newPool(b[:n])
	}
	r.in.Reset(nil)
	pool.Put(r)
	return nil
}

// newPool is the pool for a head. If there are too many nobody will find it again.
func newPool(head []byte) *sync.Pool {
	readers.mu.Lock()
	defer readers.mu.Unlock()
	pool := readers.byHead[string(head)]
	if pool == nil {
		pool = &sync.Pool{}
		if len(readers.byHead) < maxHeads {
			readers.byHead[string(head)] = pool
		}
	}
	return pool
}

// headOf returns how many bytes the definitions at the beginning of a stream have, and how many
// definitions there are. If the bytes are no such stream, decoding will find that out.
func headOf(b []byte) (n, types int) {
	in := bytes.NewReader(b)
	for {
		size, err := readUint(in)
		left := in.Len()
		if err != nil || size > uint64(left) {
			return n, types
		}
		id, err := readUint(in)
		if err != nil || id&1 == 0 { // a number that is not negative: a value
			return n, types
		}
		if _, err := in.Seek(int64(len(b)-left)+int64(size), io.SeekStart); err != nil {
			return n, types
		}
		n, types = len(b)-in.Len(), types+1
	}
}
