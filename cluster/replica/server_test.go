package replica

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/disk"
	"raftlab/cluster/transport"
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

	onSnapshot func(manifest []byte)
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

func (p *puppet) Snapshot(index int, manifest []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.snapshot = index
	if p.onSnapshot != nil {
		p.onSnapshot(manifest)
	}
}

func (p *puppet) tookSnapshot() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.snapshot
}

// lead makes it the leader or not. As the leader's server, the first thing it hears is a barrier.
func (p *puppet) lead(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leads = yes
}

// indexed is a puppet that gives read indexes.
type indexed struct {
	*puppet
	asked chan int // each one that is asked gets the next
	ok    bool
}

func (i *indexed) ReadIndex() (int, bool) { return <-i.asked, i.ok }

// notes is a machine that remembers its operations, one behind the other. Its file has the applied
// index and all of them.
type notes struct {
	mu       sync.Mutex
	file     string
	applied  int
	text     string
	commits  int
	unstored bool
}

func openNotes(file string) *notes {
	n := &notes{file: file}
	n.read()
	return n
}

func (n *notes) read() {
	n.applied, n.text, n.unstored = 0, "", false
	if b, err := os.ReadFile(n.file); err == nil {
		n.applied, n.text = int(binary.BigEndian.Uint64(b)), string(b[8:])
	}
}

func (n *notes) bytes() []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(n.applied)), n.text...)
}

func (n *notes) Applied() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.applied
}

func (n *notes) Text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text
}

func (n *notes) Apply(index int, ops [][]byte, wanted bool) (results [][]byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.applied, n.unstored = index, true
	for _, op := range ops {
		n.text += string(op)
		results = append(results, []byte("done "+string(op)))
	}
	return results
}

func (n *notes) Commit() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.unstored {
		return nil
	}
	n.unstored = false
	n.commits++
	return os.WriteFile(n.file, n.bytes(), 0o644)
}

func (n *notes) CopyTo(name string) (int, error) {
	b, err := os.ReadFile(n.file)
	if err != nil {
		return 0, err
	}
	return int(binary.BigEndian.Uint64(b)), os.WriteFile(name, b, 0o644)
}

func (n *notes) Replace(swap func() error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := swap(); err != nil {
		return err
	}
	n.read()
	return nil
}

// road is a way to another member, and how often it was used.
type road struct {
	mu      sync.Mutex
	used    int
	outcome transport.Outcome
	answer  Answer
}

func (r *road) Ask(method string, _, to any) (transport.Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if method == "Member.Ready" {
		to.(*Readiness).Ready = r.outcome == transport.Answered
		return r.outcome, fmt.Errorf("outcome %d", r.outcome)
	}
	r.used++
	*to.(*Answer) = r.answer
	return r.outcome, fmt.Errorf("outcome %d", r.outcome)
}

// place is where a test's member is.
type place struct {
	*Server
	*puppet
	notes *notes
	files *Files
}

const testDatabase = "notes"

// openTestFiles opens the room of a member, to which others send what source says.
func openTestFiles(t *testing.T, fs disk.FS, dir string, source func(from, want int, w io.Writer) (int, error)) *Files {
	t.Helper()
	f, err := OpenFiles(FilesConfig{FS: fs, Dir: dir, Database: testDatabase, Secret: "secret", Members: 3, Fetch: source,
		Arrival: 5 * time.Second, Patience: 5 * time.Second, Logf: t.Logf})
	require.NoError(t, err)
	return f
}

func startPuppet(t *testing.T, adjust func(*Config), routes ...Route) *place {
	t.Helper()
	dir := t.TempDir()
	fs, err := disk.Open(dir)
	require.NoError(t, err)
	p := &place{puppet: &puppet{proposed: make(chan int, 1000), deliver: make(chan raftapi.ApplyMsg, 1000)},
		notes: openNotes(filepath.Join(dir, testDatabase))}
	p.files = openTestFiles(t, fs, dir, func(int, int, io.Writer) (int, error) { return 0, errors.New("nobody is there") })
	c := Config{Machine: p.notes, Files: p.files, Persister: raftapi.MakePersister(), Routes: append([]Route{nil}, routes...),
		Patience: 300 * time.Millisecond, Logf: t.Logf, Fatal: func(err error) { panic(err) }}
	var peer raftapi.Raft = p.puppet
	c.Make = func(ch chan raftapi.ApplyMsg) raftapi.Raft { p.puppet.applyCh = ch; return peer }
	if adjust != nil {
		adjust(&c)
	}
	if p.Server, err = Start(c); err != nil {
		require.NoError(t, err)
	}
	go func() {
		for msg := range p.deliver {
			p.puppet.applyCh <- msg
		}
	}()
	t.Cleanup(func() {
		close(p.deliver)
		p.Server.Kill()
	})
	return p
}

func (p *place) comesTo(t *testing.T, applied int) {
	t.Helper()
	require.Eventually(t, func() bool { return p.notes.Applied() == applied }, 10*time.Second, time.Millisecond)
}

func entry(index int, ops ...string) raftapi.ApplyMsg {
	b := batch{id: 99}
	for _, op := range ops {
		b.ops = append(b.ops, []byte(op))
	}
	return raftapi.ApplyMsg{CommandValid: true, CommandIndex: index, Command: b.encode()}
}

// An operation is passed on to members that do not lead, one after the other; one whose answer did
// not come is passed on to nobody else.
func TestUnknownIsNotRepeated(t *testing.T) {
	no := &road{outcome: transport.Answered, answer: Answer{Fate: int(notExecuted)}}
	away := &road{outcome: transport.NotSent}
	lost := &road{outcome: transport.Unknown}
	after := &road{outcome: transport.Answered, answer: Answer{Result: []byte("yes"), Index: 7}}
	s := startPuppet(t, nil, no, away, lost, after)
	do := func() error { _, _, err := s.Execute([]byte("x")); return err }
	require.ErrorIs(t, do(), ErrUnknown)
	require.Equal(t, []int{1, 1, 1, 0}, []int{no.used, away.used, lost.used, after.used})

	lost.outcome = transport.NotSent
	result, index, err := s.Execute([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, "yes", string(result))
	require.Equal(t, 7, index)
	require.Equal(t, 1, after.used)
	require.NoError(t, do())
	require.Equal(t, 2, after.used, "the leader is remembered")
	require.Equal(t, 4, s.Leader())
	require.Equal(t, 1, no.used)

	after.answer.Fate = int(unknown)
	require.ErrorIs(t, do(), ErrUnknown)
	after.answer.Fate = int(notExecuted)
	require.ErrorIs(t, do(), ErrNotExecuted, "nobody leads")
}

// A proposal whose place another entry takes was not executed; one that is neither applied nor
// replaced is unknown.
func TestFateOfProposals(t *testing.T) {
	s := startPuppet(t, nil)
	s.lead(true)
	require.Equal(t, 1, <-s.proposed, "the barrier")
	results := make(chan outcome, 1)
	go func() { results <- s.propose([]byte("mine")) }()
	index := <-s.proposed
	for i := 1; i <= index; i++ {
		s.puppet.applyCh <- entry(i, "theirs")
	}
	require.ErrorIs(t, (<-results).err, ErrNotExecuted)
	require.ErrorIs(t, s.propose([]byte("in the air")).err, ErrUnknown)
}

// A new leader is not ready before it has applied a barrier of its own.
func TestReadyAfterTheBarrier(t *testing.T) {
	silent := &road{outcome: transport.NotSent}
	s := startPuppet(t, nil, silent)
	require.Error(t, s.Ready())
	s.lead(true)
	require.Equal(t, 1, <-s.proposed)
	require.Error(t, s.Ready())
	s.puppet.mu.Lock()
	command := s.log[0]
	s.puppet.mu.Unlock()
	s.puppet.applyCh <- raftapi.ApplyMsg{CommandValid: true, CommandIndex: 1, Command: command}
	require.Eventually(t, func() bool { return s.Ready() == nil }, 5*time.Second, time.Millisecond)
	require.Empty(t, s.notes.Text(), "a barrier does nothing")
	s.lead(false)
	require.Error(t, s.Ready())
	silent.mu.Lock()
	silent.outcome = transport.Answered
	silent.mu.Unlock()
	require.NoError(t, s.Ready(), "another member leads and is ready")
}

// What comes in while the peer is busy goes into one entry, and everybody gets the own result.
func TestBatches(t *testing.T) {
	s := startPuppet(t, func(c *Config) { c.Patience = 20 * time.Second })
	s.puppet.mu.Lock() // the peer is busy: Start waits
	s.leads, s.puppet.commit = true, true
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			r := s.propose(fmt.Appendf(nil, "<%d>", i))
			require.NoError(t, r.err)
			require.Equal(t, fmt.Sprintf("done <%d>", i), string(r.result))
		})
	}
	require.Eventually(t, func() bool { return len(s.queue) >= 190 }, 5*time.Second, time.Millisecond)
	s.puppet.mu.Unlock()
	all.Wait()
	s.puppet.mu.Lock()
	defer s.puppet.mu.Unlock()
	require.Less(t, len(s.log), 20)
}

// Before the peer drops entries, the database is past them on disk.
func TestSnapshotIsCommittedFirst(t *testing.T) {
	persister := raftapi.MakePersister()
	s := startPuppet(t, func(c *Config) { c.Persister, c.MaxLog, c.CommitEvery = persister, 100, time.Hour })
	dirty, index := true, 0
	s.onSnapshot = func(manifest []byte) {
		s.notes.mu.Lock()
		defer s.notes.mu.Unlock()
		dirty = s.notes.unstored
		index, _ = s.files.parse(manifest)
	}
	persister.Write(raftapi.Update{Header: make([]byte, 200)})
	s.puppet.applyCh <- raftapi.ApplyMsg{CommandIndex: 1}
	require.Eventually(t, func() bool { return s.tookSnapshot() == 1 }, 10*time.Second, time.Millisecond)
	require.False(t, dirty)
	require.Equal(t, 1, index)
}

// A read waits for what was answered before it, and not for the log of a peer that gives read
// indexes.
func TestReadBarrier(t *testing.T) {
	peer := &indexed{asked: make(chan int), ok: true}
	s := startPuppet(t, func(c *Config) {
		c.Patience = 10 * time.Second
		make := c.Make
		c.Make = func(ch chan raftapi.ApplyMsg) raftapi.Raft { peer.puppet = make(ch).(*puppet); return peer }
	})
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- s.ReadBarrier(context.Background()) }()
	require.Eventually(t, func() bool { return len(s.reads.join) == 0 }, time.Second, time.Millisecond)
	peer.asked <- 2
	go func() { second <- s.ReadBarrier(context.Background()) }()
	peer.asked <- 1 // a round of its own
	s.puppet.applyCh <- entry(1, "a")
	require.NoError(t, <-second)
	require.Empty(t, first, "the entry 2 is not applied here")
	s.puppet.applyCh <- entry(2, "b")
	require.NoError(t, <-first)
	require.Empty(t, s.log, "nothing in the log")
}

// leased is a peer that has a lease, or none.
type leased struct {
	*indexed
	index chan int
}

func (p *leased) LeaseRead() (int, bool) {
	index := <-p.index
	return index, index > 0
}

// While there is a lease nobody is asked; without one the read goes by an index as before.
func TestReadOnLease(t *testing.T) {
	peer := &leased{&indexed{asked: make(chan int), ok: true}, make(chan int)}
	s := startPuppet(t, func(c *Config) {
		c.Patience = 10 * time.Second
		make := c.Make
		c.Make = func(ch chan raftapi.ApplyMsg) raftapi.Raft { peer.puppet = make(ch).(*puppet); return peer }
	})
	read := make(chan error, 1)
	do := func() { read <- s.ReadBarrier(context.Background()) }
	go do()
	peer.index <- 1
	s.puppet.applyCh <- entry(1, "a")
	require.NoError(t, <-read)
	go do()
	peer.index <- 0
	peer.asked <- 1
	require.NoError(t, <-read)
}

// A peer without read indexes has the log.
func TestReadBarrierThroughTheLog(t *testing.T) {
	elsewhere := &road{outcome: transport.Answered, answer: Answer{Index: 2}}
	s := startPuppet(t, func(c *Config) { c.Patience = 10 * time.Second }, elsewhere)
	read := make(chan error, 1)
	go func() { read <- s.ReadBarrier(context.Background()) }()
	s.puppet.applyCh <- entry(1, "a")
	require.Eventually(t, func() bool { elsewhere.mu.Lock(); defer elsewhere.mu.Unlock(); return elsewhere.used == 1 }, 5*time.Second, time.Millisecond)
	require.Empty(t, read)
	s.puppet.applyCh <- entry(2, "b")
	require.NoError(t, <-read)
}

// telling is a puppet that knows the leader.
type telling struct {
	*puppet
	leader chan int
}

func (p *telling) Leader() (int, bool) {
	select {
	case leader := <-p.leader:
		return leader, true
	default:
		return 0, false
	}
}

// The peer's own hint counts, and otherwise whoever was found to lead.
func TestLeaderHint(t *testing.T) {
	peer := &telling{leader: make(chan int, 1)}
	no := &road{outcome: transport.NotSent}
	yes := &road{outcome: transport.Answered}
	s := startPuppet(t, func(c *Config) {
		make := c.Make
		c.Make = func(ch chan raftapi.ApplyMsg) raftapi.Raft { peer.puppet = make(ch).(*puppet); return peer }
	}, no, yes)
	peer.leader <- 2
	_, _, err := s.Execute([]byte("x"))
	require.NoError(t, err)
	require.Zero(t, no.used)
	require.Equal(t, 1, yes.used)
	require.Equal(t, 2, s.Leader(), "remembered")
	peer.leader <- 1
	require.Equal(t, 1, s.Leader())
}

func FuzzBatch(f *testing.F) {
	f.Add(batch{7, [][]byte{[]byte("op"), {}, []byte("another")}}.encode())
	f.Add(batch{}.encode())
	f.Fuzz(func(t *testing.T, text string) {
		b, err := decodeBatch(text)
		if err != nil {
			return
		}
		again, err := decodeBatch(b.encode())
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}
