package kv

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/transport"
	"raftlab/kvapi"
	"raftlab/raftapi"
)

// puppet is a peer whose every move the test makes.
type puppet struct {
	mu       sync.Mutex
	leads    bool
	log      []string // proposals, the first at index 1
	commit   bool     // deliver at once what is proposed
	applyCh  chan raftapi.ApplyMsg
	snapshot int
	deliver  chan raftapi.ApplyMsg // what goes to applyCh, in order
	proposed chan int              // index of each proposal

	onSnapshot func()
}

func (p *puppet) Start(command any) (index, term int, leads bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.leads {
		return -1, 1, false
	}
	p.log = append(p.log, command.(string))
	index = len(p.log)
	if p.commit {
		p.deliver <- raftapi.ApplyMsg{CommandValid: true, Command: command, CommandIndex: index}
	}
	p.proposed <- index
	return index, 1, true
}

func (p *puppet) GetState() (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return 1, p.leads
}

func (p *puppet) Kill() {}

func (p *puppet) Snapshot(index int, _ []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.snapshot = index
	if p.onSnapshot != nil {
		p.onSnapshot()
	}
}

// lead makes it the leader or not. As the leader's server, the first thing it hears is a barrier.
func (p *puppet) lead(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leads = yes
}

// road is a way to another member, and how often it was used.
type road struct {
	mu      sync.Mutex
	used    int
	outcome transport.Outcome
	answer  Result
}

func (r *road) Ask(method string, _, to any) (transport.Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if method == "Member.Ready" {
		to.(*Readiness).Ready = r.outcome == transport.Answered
		return r.outcome, fmt.Errorf("outcome %d", r.outcome)
	}
	r.used++
	*to.(*Result) = r.answer
	return r.outcome, fmt.Errorf("outcome %d", r.outcome)
}

func startPuppet(t *testing.T, adjust func(*Config), routes ...Route) (*Server, *puppet) {
	t.Helper()
	p := &puppet{proposed: make(chan int, 1000), deliver: make(chan raftapi.ApplyMsg, 1000)}
	c := Config{File: filepath.Join(t.TempDir(), "db"), Persister: raftapi.MakePersister(), Routes: append([]Route{nil}, routes...),
		Patience: 300 * time.Millisecond, Logf: t.Logf, Fatal: func(err error) { panic(err) },
		Make: func(ch chan raftapi.ApplyMsg) raftapi.Raft { p.applyCh = ch; return p }}
	if adjust != nil {
		adjust(&c)
	}
	s, err := Start(c)
	require.NoError(t, err)
	go func() {
		for msg := range p.deliver {
			p.applyCh <- msg
		}
	}()
	t.Cleanup(func() {
		close(p.deliver)
		s.Kill()
	})
	return s, p
}

// A request is passed on to members that do not lead, one after the other; one whose answer did not come is passed on to
// nobody else.
func TestUnknownIsNotRepeated(t *testing.T) {
	no := &road{outcome: transport.Answered, answer: Result{Err: kvapi.ErrWrongLeader}}
	away := &road{outcome: transport.NotSent}
	lost := &road{outcome: transport.Unknown}
	after := &road{outcome: transport.Answered, answer: Result{Err: kvapi.OK}}
	s, _ := startPuppet(t, nil, no, away, lost, after)
	require.Equal(t, ErrUnknown, s.Do(Op{Kind: Append, Key: "x"}).Err)
	require.Equal(t, []int{1, 1, 1, 0}, []int{no.used, away.used, lost.used, after.used})

	lost.outcome = transport.NotSent
	require.Equal(t, kvapi.OK, s.Do(Op{Kind: Append, Key: "x"}).Err)
	require.Equal(t, 1, after.used)
	require.Equal(t, kvapi.OK, s.Do(Op{Kind: Append, Key: "x"}).Err)
	require.Equal(t, 2, after.used, "the leader is remembered")
	require.Equal(t, 1, no.used)

	after.answer.Err = kvapi.ErrWrongLeader
	require.Equal(t, kvapi.ErrWrongLeader, s.Do(Op{Kind: Append, Key: "x"}).Err, "nobody leads: it was not executed")
	require.Equal(t, ErrTooLarge, s.Do(Op{Kind: Put, Value: string(make([]byte, MaxValue+1))}).Err)
}

// A proposal whose place another entry takes was not executed; one that is neither applied nor replaced is unknown.
func TestFateOfProposals(t *testing.T) {
	s, p := startPuppet(t, nil)
	p.lead(true)
	require.Equal(t, 1, <-p.proposed, "the barrier")
	results := make(chan Result, 1)
	go func() { results <- s.propose(Op{Kind: Put, Key: "x", Value: "mine"}) }()
	index := <-p.proposed
	for i := 1; i <= index; i++ {
		p.applyCh <- raftapi.ApplyMsg{CommandValid: true, CommandIndex: i, Command: batch{99, []Op{{Kind: Put, Key: "x", Value: "theirs"}}}.encode()}
	}
	require.Equal(t, kvapi.ErrWrongLeader, (<-results).Err)

	r := s.propose(Op{Kind: Put, Key: "x", Value: "in the air"})
	require.Equal(t, ErrUnknown, r.Err)

	go func() { results <- s.propose(Op{Kind: Put, Key: "x", Value: "in the air"}) }()
	for range 100 {
		time.Sleep(time.Millisecond)
	}
	other := openTest(t, filepath.Join(t.TempDir(), "db"), 10)
	other.apply(1000, []Op{{Kind: Put, Key: "x", Value: "from afar"}})
	p.applyCh <- raftapi.ApplyMsg{SnapshotValid: true, SnapshotIndex: 1000, Snapshot: other.snapshot()}
	require.Equal(t, ErrUnknown, (<-results).Err, "the snapshot covers its place")
	require.Eventually(t, func() bool { return s.Status(false).Applied == 1000 }, time.Second, time.Millisecond)
	p.applyCh <- raftapi.ApplyMsg{SnapshotValid: true, SnapshotIndex: 900, Snapshot: nil} // an old one is ignored
	p.applyCh <- raftapi.ApplyMsg{CommandIndex: 1001}
	require.Eventually(t, func() bool { return s.Status(false).Applied == 1001 }, time.Second, time.Millisecond)
}

// A new leader is not ready before it has applied a barrier of its own.
func TestReadyAfterTheBarrier(t *testing.T) {
	silent := &road{outcome: transport.NotSent}
	s, p := startPuppet(t, nil, silent)
	require.Error(t, s.Ready())
	p.lead(true)
	require.Equal(t, 1, <-p.proposed)
	require.Error(t, s.Ready())
	p.mu.Lock()
	command := p.log[0]
	p.mu.Unlock()
	p.applyCh <- raftapi.ApplyMsg{CommandValid: true, CommandIndex: 1, Command: command}
	require.Eventually(t, func() bool { return s.Ready() == nil }, 5*time.Second, time.Millisecond)
	p.lead(false)
	require.Error(t, s.Ready())
	silent.mu.Lock()
	silent.outcome = transport.Answered
	silent.mu.Unlock()
	require.NoError(t, s.Ready(), "another member leads and is ready")
}

// What comes in while the peer is busy goes into one entry.
func TestBatches(t *testing.T) {
	s, p := startPuppet(t, func(c *Config) { c.Patience = 20 * time.Second })
	p.mu.Lock() // the peer is busy: Start waits
	p.leads, p.commit = true, true
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() { require.Equal(t, kvapi.OK, s.propose(Op{Kind: Append, Key: "x", Value: "1"}).Err) })
	}
	require.Eventually(t, func() bool { return len(s.queue) >= 190 }, 5*time.Second, time.Millisecond)
	p.mu.Unlock()
	all.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Less(t, len(p.log), 20)
}

// Before the peer drops entries, the database is past them on disk.
func TestSnapshotIsCommittedFirst(t *testing.T) {
	persister := raftapi.MakePersister()
	s, p := startPuppet(t, func(c *Config) { c.Persister, c.MaxLog, c.CommitEvery = persister, 100, time.Hour })
	dirty := true
	p.onSnapshot = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		dirty = s.store.dirty
	}
	persister.Write(raftapi.Update{Header: make([]byte, 200)})
	p.applyCh <- raftapi.ApplyMsg{CommandIndex: 1}
	require.Eventually(t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.snapshot == 1 && !dirty
	}, 10*time.Second, time.Millisecond)
}

// A snapshot that the peer has stored, and the database has not seen, is restored at the start.
func TestCatchUp(t *testing.T) {
	other := openTest(t, filepath.Join(t.TempDir(), "db"), 10)
	other.apply(7, []Op{{Kind: Put, Key: "x", Value: "seven"}})
	persister := raftapi.MakePersister()
	persister.Save(nil, other.snapshot())
	s, p := startPuppet(t, func(c *Config) { c.Persister = persister })
	require.Equal(t, 7, s.Status(true).Applied)
	p.applyCh <- raftapi.ApplyMsg{CommandIndex: 5} // known already
	p.applyCh <- raftapi.ApplyMsg{CommandIndex: 8}
	require.Eventually(t, func() bool { return s.Status(false).Applied == 8 }, time.Second, time.Millisecond)

	persister.Save(nil, []byte("nonsense"))
	_, err := Start(Config{File: filepath.Join(t.TempDir(), "db"), Persister: persister, Routes: []Route{nil}})
	require.ErrorContains(t, err, "reading the snapshot that the peer has stored")
}
