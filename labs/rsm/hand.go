package rsm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"raftlab/kvapi"
	"raftlab/tester"
)

// hand is a client: it submits notes, one at a time.
type hand struct {
	s      *service
	client *tester.Client
	rand   *rand.Rand
	at     int // the server that it asks next
}

// hand makes a new client. It is for the case's main goroutine.
func (s *service) hand() *hand {
	h := &hand{s: s, client: s.NewClient()}
	h.rand = s.env.Fork(fmt.Sprintf("hand %d", h.client.Number()))
	s.hands = append(s.hands, h)
	return h
}

// crashed is how a submission ends whose server does not run, or crashes before it has answered.
const crashed kvapi.Err = "crashed"

// submit has a server carry out a new note, and says how that ended. It returns when the server
// answers or crashes.
func (h *hand) submit(server int) kvapi.Err {
	s := h.s
	number := s.next()
	s.mu.Lock()
	life, since := s.lives[server], s.certain
	s.mu.Unlock()
	op := h.client.Invoke("submit", fmt.Sprintf("note %d at server %d", number, server))
	var err kvapi.Err
	var result any
	done := s.Enter(server, func(replica tester.Server) { err, result = replica.(kvapi.Replica).Submit(Note{number}) })
	if done == nil || !h.answered(done, server, life) {
		op.Return(string(crashed))
		return crashed
	}
	if err == kvapi.OK {
		op.Wrote(fmt.Sprintf("note %d", number))
		s.confirmed(server, number, since, result)
	}
	op.Return(string(err))
	return err
}

// answered waits until done, or until that life of the server has ended.
func (h *hand) answered(done <-chan struct{}, server, life int) bool {
	const look = 50 * time.Millisecond
	for !h.s.env.Await(done, look) {
		h.s.mu.Lock()
		gone := h.s.lives[server] != life
		h.s.mu.Unlock()
		if gone || !h.s.Running(server) {
			return false
		}
	}
	return h.s.Running(server)
}

// carry has one note carried out, by whichever server can. Each try is a note of its own: what was
// not answered may have been executed.
func (h *hand) carry() {
	const pause = 30 * time.Millisecond
	for tries := 1; h.submit(h.at) != kvapi.OK; tries++ {
		h.at = (h.at + 1) % h.s.N()
		if tries%h.s.N() == 0 {
			h.s.env.Sleep(pause)
		}
	}
}

// carries has n notes carried out, and waits for it, on a service where nothing is in the way.
func (h *hand) carries(n int) { h.s.load(mix{each: n}, h).finish() }

// mix says what hands do.
type mix struct {
	each  int           // notes of a hand
	think time.Duration // the longest time between two of them
}

// load is hands at work.
type load struct {
	s    *service
	mix  mix
	done []<-chan struct{}
}

// load sets hands to work, and returns at once.
func (s *service) load(m mix, hands ...*hand) *load {
	l := &load{s: s, mix: m}
	for _, h := range hands {
		l.done = append(l.done, h.client.Go(func() {
			for range m.each {
				s.env.Sleep(time.Duration(h.rand.Int64N(int64(m.think) + 1)))
				h.carry()
			}
		}))
	}
	return l
}

// crowd makes n hands.
func (s *service) crowd(n int) (hands []*hand) {
	for range n {
		hands = append(hands, s.hand())
	}
	return hands
}

// finish waits for the end of the work, now that nothing is in the way any more.
func (l *load) finish() {
	for _, done := range l.done {
		if !l.s.env.Await(done, tester.ProgressLimit) {
			l.s.fail(tester.RuleNoProgress, nil, "operations have not been executed %v after all servers are well and all links work", tester.ProgressLimit)
		}
	}
}

// waiting are submissions to one server that nobody repeats.
type waiting struct {
	done []<-chan struct{}

	mu   sync.Mutex
	ends []kvapi.Err // "" while it waits
}

// ended says whether one of them has ended so.
func (w *waiting) ended(how kvapi.Err) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.ends, how)
}

// submits has each hand submit one note at a server, and returns at once.
func (s *service) submits(server int, hands ...*hand) *waiting {
	w := &waiting{ends: make([]kvapi.Err, len(hands))}
	for i, h := range hands {
		w.done = append(w.done, h.client.Go(func() {
			end := h.submit(server)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ends[i] = end
		}))
	}
	return w
}

// returned waits for all of them; why says what should have ended their waiting.
func (s *service) returned(w *waiting, server int, why string) {
	for _, done := range w.done {
		if !s.env.Await(done, tester.ProgressLimit) {
			s.fail(tester.RuleNoProgress, []int{server}, "Submit at server %d has not returned %v after %s", server, tester.ProgressLimit, why)
		}
	}
}
