package rsm

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"raftlab/kvapi"
	"raftlab/labgob"
	"raftlab/labrpc"
	"raftlab/labs/kit"
	"raftlab/raftapi"
	"raftlab/tester"
)

// Note is an operation: it gets written down.
type Note struct{ Number int }

// Place is its result: where in the journal it stands, from 1.
type Place struct{ Number, At int }

// setup says what a case wants.
type setup struct {
	servers  int // 3 unless said otherwise
	maxState int // maxraftstate in bytes; 0: no snapshots
	net      tester.Options
}

// service is the replicas under test, with their journals and clients.
type service struct {
	*tester.Servers
	env   *tester.Env
	made  tester.Maker[kvapi.Service]
	setup setup
	hands []*hand

	mu       sync.Mutex
	journals []*journal  // of the present life of each replica
	lives    []int       // how many each has had
	agreed   []int       // numbers of the notes, in their order
	place    map[int]int // number of a note -> where it stands
	certain  int         // the last place that somebody was told
	last     int         // number of the last note
}

// start starts replicas.
func start(e *tester.Env, want setup) *service {
	s := &service{env: e, made: tester.MakerOf[kvapi.Service](e), setup: want, place: map[int]int{}}
	if s.made.First.Replicate == nil {
		s.fail(tester.RuleMissing, nil, "the service has no Replicate (kvapi.Service): there is no replicated state machine to be tested by itself")
	}
	if s.setup.servers == 0 {
		s.setup.servers = 3
	}
	if s.setup.maxState == 0 {
		s.setup.maxState = -1
	}
	s.journals, s.lives = make([]*journal, s.setup.servers), make([]int, s.setup.servers)
	s.Servers = e.NewServers(s.server, s.setup.servers, want.net)
	return s
}

// server starts one replica.
func (s *service) server(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) tester.Server {
	labgob.Register(Note{})
	j := &journal{s: s, server: me}
	s.mu.Lock()
	s.journals[me], s.lives[me] = j, s.lives[me]+1
	s.mu.Unlock()
	return s.made.New().Replicate(ends, me, p, s.setup.maxState, j)
}

// fail ends the case.
func (s *service) fail(rule tester.Rule, servers []int, format string, args ...any) {
	s.env.Fail(tester.Violation{Rule: rule, Message: fmt.Sprintf(format, args...), Peers: servers})
}

// blame ends the case from within the code under test, which called. Its goroutine stands still: to
// end it would have it do what it has deferred.
func (s *service) blame(rule tester.Rule, server int, format string, args ...any) {
	go s.fail(rule, []int{server}, format, args...)
	select {}
}

// journal is the machine of one replica. It is called by the code under test.
type journal struct {
	s      *service
	server int
	mu     sync.Mutex
	notes  []int
}

// DoOp implements kvapi.Machine.
func (j *journal) DoOp(op any) any {
	note, ok := op.(Note)
	if !ok {
		j.s.blame(tester.RuleWrongAnswer, j.server, "DoOp at server %d was given an operation of another type than was submitted", j.server)
	}
	j.mu.Lock()
	j.notes = append(j.notes, note.Number)
	at := len(j.notes)
	j.mu.Unlock()
	j.s.executed(j.server, at, note.Number)
	return Place{note.Number, at}
}

// Snapshot implements kvapi.Machine.
func (j *journal) Snapshot() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	b, err := json.Marshal(j.notes)
	if err != nil {
		panic(err) // numbers can be written
	}
	return b
}

// Restore implements kvapi.Machine.
func (j *journal) Restore(snapshot []byte) {
	var notes []int
	if err := json.Unmarshal(snapshot, &notes); err != nil {
		j.s.blame(tester.RuleSnapshot, j.server, "Restore at server %d was given %d bytes that no Snapshot has returned", j.server, len(snapshot))
	}
	for i, number := range notes {
		j.s.executed(j.server, i+1, number)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes = notes
}

func (j *journal) length() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.notes)
}

// executed looks whether a note may stand at this place.
func (s *service) executed(server, at, number int) {
	s.mu.Lock()
	other, before := 0, s.place[number]
	switch {
	case at <= len(s.agreed):
		other = s.agreed[at-1]
	case before == 0:
		s.agreed = append(s.agreed, number)
		s.place[number] = len(s.agreed)
	}
	s.mu.Unlock()
	switch {
	case other != 0 && other != number:
		s.blame(tester.RuleTwoCommands, server, "server %d has executed note %d as operation %d, where another server has executed note %d",
			server, number, at, other)
	case other == 0 && before != 0:
		s.blame(tester.RuleWrongAnswer, server, "server %d has executed note %d as operation %d; it was executed as operation %d already, and it was submitted once",
			server, number, at, before)
	}
}

// confirmed looks at what somebody was told with OK. since is the last place that was certain when
// they asked.
func (s *service) confirmed(server, number, since int, result any) {
	place, ok := result.(Place)
	s.mu.Lock()
	at := s.place[number]
	s.certain = max(s.certain, at)
	s.mu.Unlock()
	switch {
	case !ok:
		s.fail(tester.RuleWrongAnswer, []int{server}, "Submit of note %d at server %d returned OK, and with it something else than DoOp has returned", number, server)
	case place.Number != number:
		s.fail(tester.RuleWrongAnswer, []int{server}, "Submit of note %d at server %d returned OK, and the result of note %d", number, server, place.Number)
	case at == 0:
		s.fail(tester.RuleWrongAnswer, []int{server}, "Submit of note %d at server %d returned OK, and no server has executed it", number, server)
	case place.At != at:
		s.fail(tester.RuleWrongAnswer, []int{server}, "Submit of note %d at server %d returned place %d; it stands at %d", number, server, place.At, at)
	case at <= since:
		s.fail(tester.RuleLinearizability, []int{server}, "note %d stands at %d, before one that was confirmed (at %d) when it was submitted", number, at, since)
	}
}

// next is the number of a new note.
func (s *service) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	return s.last
}

// others returns the servers, without the given ones.
func (s *service) others(but ...int) (servers []int) {
	for i := range s.N() {
		if !slices.Contains(but, i) {
			servers = append(servers, i)
		}
	}
	return servers
}

// shuffled returns the servers without the given ones, in an order drawn from the seed.
func (s *service) shuffled(but ...int) []int {
	servers := s.others(but...)
	s.env.Rand().Shuffle(len(servers), func(i, j int) { servers[i], servers[j] = servers[j], servers[i] })
	return servers
}

// restartAll crashes all servers, one after the other, and starts them again in another order.
func (s *service) restartAll() {
	for _, i := range s.shuffled() {
		s.Crash(i)
	}
	for _, i := range s.shuffled() {
		s.Restart(i)
	}
}

// until waits until what happens, at most for d, and reports whether it did.
func (s *service) until(d time.Duration, what func() bool) bool {
	const poll = 10 * time.Millisecond
	for end := s.env.Now() + d; !what(); s.env.Sleep(poll) {
		if s.env.Now() >= end {
			return false
		}
	}
	return true
}

// closes is the end of most cases: everything is mended, everybody gets to the end of what they
// were doing, and all replicas come to the same state. A new leader needs an operation for it
// (§5.4.2).
func (s *service) closes(all ...*load) {
	s.env.Note("all faults end")
	s.Mend()
	for _, l := range all {
		l.finish()
	}
	s.hand().carries(1)
	s.same()
}

// same waits until all running replicas have executed the same.
func (s *service) same() {
	behind, has, all := 0, 0, 0
	ok := s.until(tester.ApplyLimit, func() bool {
		s.mu.Lock()
		journals, n := slices.Clone(s.journals), len(s.agreed)
		s.mu.Unlock()
		for i, j := range journals {
			if s.Running(i) && j.length() < n {
				behind, has, all = i, j.length(), n
				return false
			}
		}
		return true
	})
	if !ok {
		s.fail(tester.RuleNoAgreement, []int{behind}, "server %d has executed %d operations of %d, %v after all faults have ended", behind, has, all, tester.ApplyLimit)
	}
}

// snapshotted waits until all running servers have a snapshot.
func (s *service) snapshotted() {
	missing := -1
	ok := s.until(tester.ApplyLimit, func() bool {
		for i := range s.N() {
			if s.Running(i) && s.SnapshotSize(i) == 0 {
				missing = i
				return false
			}
		}
		return true
	})
	if !ok {
		s.fail(tester.RuleLogTooLarge, []int{missing}, "%s", kit.NoSnapshot(missing, s.PersistedSize(missing), s.setup.maxState))
	}
}

// bounded fails the case if more Raft state was ever persisted than snapshots are to allow.
func (s *service) bounded() {
	if most, limit := s.MaxPersistedSize(), 8*s.setup.maxState; most > limit {
		s.fail(tester.RuleLogTooLarge, nil, "with maxraftstate %d, a server has persisted %d bytes of Raft state; at most %d (8 times) are allowed",
			s.setup.maxState, most, limit)
	}
}
