package labgob

import (
	"bytes"
	"io"
	"sync/atomic"
)

// room is where a value is put together before it is written. A peer that persists its whole log
// with a new encoder each time, as students' do, would grow it from nothing each time, which is
// several times the log in memory that has to be cleared.
type room struct{ value, out []byte }

// maxRoom is how large a room is kept, in bytes.
const maxRoom = 16 << 20

// spare is a room that nobody uses.
var spare atomic.Pointer[room]

// shared reports whether what is written to w may stand in a room that others use afterwards.
// Another writer than a buffer could keep what it was given, and so see what other servers write.
// A room that went from one goroutine to another would also hide races between the two from the
// race detector.
func shared(w io.Writer) bool {
	_, copies := w.(*bytes.Buffer)
	return copies && !raceDetector
}

// borrow returns a room for what is written to w, which is nobody else's until it is given back.
func borrow(w io.Writer) *room {
	if shared(w) {
		if r := spare.Swap(nil); r != nil {
			return r
		}
	}
	return &room{make([]byte, 0, 256), make([]byte, 0, 512)}
}

// back gives a room back.
func (r *room) back(w io.Writer) {
	if shared(w) && cap(r.value)+cap(r.out) <= maxRoom {
		spare.Store(r)
	}
}
