package replica

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"raftlab/cluster/trace"
	"raftlab/cluster/transport"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Machine is the state of a service on disk. What it does depends on nothing but the entries, so
// that it is the same on all members. Apply, Commit and Replace are called by one goroutine; the
// others by any, at any time.
type Machine interface {
	// Applied is the index of the last entry that was applied.
	Applied() int
	// Apply executes the operations of one entry, in order, and notes its index. wanted says that
	// somebody waits here for the results; otherwise they may be left out.
	Apply(index int, ops [][]byte, wanted bool) (results [][]byte)
	// Commit makes durable what has been applied, with its index.
	Commit() error
	// CopyTo writes the database, as it was at some commit, into a new file. It returns the index
	// of that.
	CopyTo(name string) (index int, err error)
	// Replace gives the database up, has swap put another file into its place, and opens that.
	Replace(swap func() error) error
}

// Route is the way to the service of another member; a *transport.Link is one.
type Route interface {
	Ask(method string, args, to any) (transport.Outcome, error)
}

// Config says how a server is built. The zero value of an optional field means its default.
type Config struct {
	Me        int
	Machine   Machine
	Files     *Files             // snapshots on their way
	Persister *raftapi.Persister // what the peer stores in; the server reads the manifest there
	// Make creates the peer, which sends on the channel.
	Make   func(chan raftapi.ApplyMsg) raftapi.Raft
	Routes []Route // to each member; nil for this one
	// Barrier is the operation that a member proposes when it has come to lead a term. Default: an
	// entry without one.
	Barrier func(term int) []byte
	// Leads is told once of each term that this member leads and whose barrier it has applied.
	// Default: nobody.
	Leads func(term int)

	Trace       *trace.Recorder                  // follows a request; nil: none
	MaxLog      int                              // bytes of the peer's state at which a snapshot is taken. Default 8 MiB
	Patience    time.Duration                    // that an operation may wait. Default 5 s
	CommitEvery time.Duration                    // how often the database is committed. Default 200 ms
	Fatal       func(error)                      // is told that the database has failed, and ends the process
	Logf        func(format string, args ...any) // default: nobody
}

func (c Config) withDefaults() Config {
	if c.MaxLog == 0 {
		c.MaxLog = 8 << 20
	}
	if c.Patience == 0 {
		c.Patience = 5 * time.Second
	}
	if c.CommitEvery == 0 {
		c.CommitEvery = 200 * time.Millisecond
	}
	if c.Barrier == nil {
		c.Barrier = func(int) []byte { return nil }
	}
	if c.Leads == nil {
		c.Leads = func(int) {}
	}
	if c.Logf == nil {
		c.Logf = func(string, ...any) {}
	}
	return c
}

// Why an operation has no result.
var (
	// ErrNotExecuted: no leader was found. The operation has not been executed, and never will be.
	ErrNotExecuted = errors.New("no leader was found: not executed")
	// ErrUnknown: the operation may have been executed, or may still be.
	ErrUnknown = errors.New("the outcome is not known")
)

// Server is one member's part of a service.
type Server struct {
	c       Config
	raft    raftapi.Raft
	applyCh chan raftapi.ApplyMsg
	queue   chan *proposal   // for this member's peer
	passing []chan *proposal // for each member; that of this one is queue
	done    chan struct{}
	ended   sync.WaitGroup
	hint    atomic.Int64 // the member that led when it was last heard of
	ready   atomic.Int64 // the newest term whose barrier this member has applied as its leader
	reads   reads

	mu        sync.Mutex // guards what follows
	waiters   waiters
	delivered int      // by the peer: a snapshot may have brought the machine further
	awaited   []awaits // applied indexes that somebody waits for
}

// Start creates the peer and starts the server. If the peer has stored the manifest of a snapshot
// which the machine has not taken in, that is done first: the process ended in between. It blocks
// for as long as that takes.
func Start(c Config) (*Server, error) {
	c = c.withDefaults()
	s := &Server{c: c, applyCh: make(chan raftapi.ApplyMsg), queue: make(chan *proposal, 4*MaxOps),
		done: make(chan struct{}), waiters: newWaiters(), reads: newReads()}
	s.ready.Store(-1)
	s.hint.Store(int64(c.Me))
	if err := s.catchUp(); err != nil {
		return nil, err
	}
	for i, r := range c.Routes {
		if s.passing = append(s.passing, s.queue); r != nil {
			s.passing[i] = make(chan *proposal, 4*MaxOps)
			s.ended.Go(func() { s.runPasser(i) })
		}
	}
	s.raft = c.Make(s.applyCh)
	s.ended.Go(s.runApplier)
	s.ended.Go(s.runProposer)
	s.ended.Go(s.runReader)
	s.ended.Go(s.watchLeadership)
	return s, nil
}

// catchUp ends a swap in the middle of which the process has ended.
func (s *Server) catchUp() error {
	applied := s.c.Machine.Applied()
	s.c.Files.committed(applied)
	stored := s.c.Persister.ReadSnapshot()
	if len(stored) == 0 {
		return s.c.Files.tidy()
	}
	index, err := s.c.Files.parse(stored)
	if err != nil {
		return fmt.Errorf("reading the snapshot that the peer has stored: %w", err)
	}
	s.delivered = index
	if index <= applied {
		return s.c.Files.tidy()
	}
	s.c.Logf("the database has applied %d, the peer's snapshot is of %d: taking in the file that has come for it", applied, index)
	if err := s.c.Files.install(s.c.Machine, index); err != nil {
		return fmt.Errorf("taking in the snapshot of %d that the peer has stored: %w", index, err)
	}
	return nil
}

// Kill ends the server and its peer. Requests that wait are answered as unknown. The machine is
// left as it is: what it has not committed is in the peer's log.
func (s *Server) Kill() {
	s.raft.Kill()
	close(s.done)
	s.ended.Wait()
}

// Peers is the server's service for other members: what they pass on.
func (s *Server) Peers() *labrpc.Service { return labrpc.MakeService(&Member{s}) }

// GetState is what the peer says of itself.
func (s *Server) GetState() (term int, leads bool) { return s.raft.GetState() }

// Snapshot is the index of the snapshot that the peer has stored, 0 if there is none.
func (s *Server) Snapshot() int {
	index, _ := s.c.Files.parse(s.c.Persister.ReadSnapshot())
	return index
}

// Leader is the member that led when this one last heard of it: a hint, which may be old.
func (s *Server) Leader() int {
	if peer, ok := s.raft.(raftapi.LeaderTeller); ok {
		if member, known := peer.Leader(); known {
			return member
		}
	} else if _, leads := s.raft.GetState(); leads {
		return s.c.Me
	}
	return int(s.hint.Load())
}

func (s *Server) leadsReady() bool {
	term, leads := s.raft.GetState()
	return leads && s.ready.Load() == int64(term)
}

// Ready says why the member cannot serve clients now, or nothing.
func (s *Server) Ready() error {
	if s.leadsReady() {
		return nil
	}
	for i, r := range s.c.Routes {
		if r == nil {
			continue
		}
		var answer Readiness
		if outcome, _ := r.Ask("Member.Ready", &Empty{}, &answer); outcome == transport.Answered && answer.Ready {
			s.hint.Store(int64(i))
			return nil
		}
	}
	return errors.New("no member that can be reached from here leads and has applied the barrier of its term")
}

// watchLeadership proposes a barrier whenever this member has come to lead.
func (s *Server) watchLeadership() {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		term, leads := s.raft.GetState()
		if !leads || s.ready.Load() == int64(term) {
			continue
		}
		if s.propose(context.Background(), s.c.Barrier(term)).err != nil {
			continue
		}
		if now, leads := s.raft.GetState(); leads && now == term {
			s.c.Leads(term)
			s.ready.Store(int64(term))
			s.c.Logf("leads term %d, and has applied its barrier", term)
		}
	}
}
