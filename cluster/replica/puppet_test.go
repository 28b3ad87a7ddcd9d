package replica

import (
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

func (r *road) Ask(method string, args, to any) (transport.Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if method == "Member.Ready" {
		to.(*Readiness).Ready = r.outcome == transport.Answered
		return r.outcome, fmt.Errorf("outcome %d", r.outcome)
	}
	r.used++
	for range args.(*Passed).Ops {
		to.(*Answers).All = append(to.(*Answers).All, r.answer)
	}
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
