package porcupine

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"raftlab/kvapi"
	"raftlab/porcupine-tests/model"
	"raftlab/tester"
)

// seat is one client after the other, each of which goes on where the one before died.
type seat struct {
	t        *trial
	number   int
	sitting  []*sitter // the clients, made in advance
	now      atomic.Int32
	rand     *rand.Rand
	done     int // operations begun
	finished atomic.Bool
	since    atomic.Int64 // when the latest operation began, in virtual time
}

// sitter is a client and its clerk.
type sitter struct {
	client    *tester.Client
	classic   kvapi.ClassicClerk // nil in the other dialect
	versioned kvapi.VersionedClerk
	versions  map[string]kvapi.Version // last read, or written
}

// most is how many clients there are for a seat.
const most = 3

func (t *trial) seat(number int) *seat {
	s := &seat{t: t, number: number, rand: t.env.Fork(fmt.Sprintf("seat %d at %v", number, t.env.Now()))}
	for range most {
		client := t.NewClient()
		who := &sitter{client: client, versions: map[string]kvapi.Version{}}
		t.clerk(who)
		s.sitting = append(s.sitting, who)
	}
	return s
}

// work does the seat's operations.
func (s *seat) work() {
	for i, who := range s.sitting {
		s.now.Store(int32(i))
		<-who.client.Go(func() {
			for s.done < s.t.size.each {
				time.Sleep(time.Duration(s.rand.Int64N(int64(s.t.size.think))))
				s.done++
				s.since.Store(int64(s.t.env.Now()))
				s.operate(who)
			}
		})
		if s.done >= s.t.size.each {
			break
		}
	}
	s.finished.Store(true)
}

// operate does one operation on one of the seat's two keys. Values are unique, so that a read says
// which write it has seen.
func (s *seat) operate(who *sitter) {
	k := s.t.key((s.number + s.rand.IntN(2)) % s.t.size.keys)
	value := model.Value(fmt.Sprintf("%d.%d", s.number, s.done))
	kind := s.rand.IntN(100)
	switch {
	case kind < 50:
		who.get(k)
	case who.classic == nil:
		who.putIf(k, value)
	case kind < 65:
		who.classic.Put(k, value)
	default:
		who.classic.Append(k, value)
	}
}

func (w *sitter) get(key string) {
	if w.classic != nil {
		w.classic.Get(key)
		return
	}
	_, version, err := w.versioned.Get(key)
	if err == kvapi.ErrNoKey {
		version = 0
	}
	w.versions[key] = version
}

// putIf writes on the condition of the version that the client knows; it looks for a newer one when
// that was not the right one. It never guesses (see model.Versioned).
func (w *sitter) putIf(key, value string) {
	switch w.versioned.Put(key, value, w.versions[key]) {
	case kvapi.OK:
		w.versions[key]++
	default:
		w.get(key)
	}
}

// reap lets clients die, at random.
func (t *trial) reap() {
	r := t.env.Fork(fmt.Sprintf("deaths at %v", t.env.Now()))
	for range t.size.deaths {
		time.Sleep(time.Duration(r.Int64N(int64(5 * time.Second))))
		if t.over() {
			return
		}
		s := t.seats[r.IntN(len(t.seats))]
		if at := s.now.Load(); int(at) < most-1 && !s.finished.Load() {
			t.env.Note("client %d dies", s.sitting[at].client.Number())
			s.sitting[at].client.Close()
		}
	}
}
