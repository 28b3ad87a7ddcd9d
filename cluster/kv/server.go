package kv

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"raftlab/cluster/transport"
	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Route is the way to the service of another member; a *transport.Link is one.
type Route interface {
	Ask(method string, args, to any) (transport.Outcome, error)
}

// Config says how a server is built. The zero value of an optional field means its default.
type Config struct {
	Me        int
	File      string             // the database
	Persister *raftapi.Persister // what the peer stores in; the server reads the snapshot there
	// Make creates the peer, which sends on the channel.
	Make   func(chan raftapi.ApplyMsg) raftapi.Raft
	Routes []Route // to each member; nil for this one

	MaxLog      int           // bytes of the peer's state at which a snapshot is taken. Default 8 MiB
	Sessions    int           // at most. Default 10,000
	Patience    time.Duration // that an operation may wait. Default 5 s
	CommitEvery time.Duration // how often the database is committed. Default 200 ms
	Fatal       func(error)   // is told that the database has failed, and ends the process
	Logf        func(format string, args ...any)
}

func (c Config) withDefaults() Config {
	if c.MaxLog == 0 {
		c.MaxLog = 8 << 20
	}
	if c.Sessions == 0 {
		c.Sessions = 10_000
	}
	if c.Patience == 0 {
		c.Patience = 5 * time.Second
	}
	if c.CommitEvery == 0 {
		c.CommitEvery = 200 * time.Millisecond
	}
	return c
}

// Server is one member's part of the service.
type Server struct {
	c       Config
	raft    raftapi.Raft
	applyCh chan raftapi.ApplyMsg
	queue   chan *proposal
	done    chan struct{}
	ended   sync.WaitGroup
	hint    atomic.Int64 // the member that led when it was last heard of
	ready   atomic.Int64 // the newest term whose barrier this member has applied as its leader

	mu      sync.Mutex // guards what follows
	store   *store
	waiters waiters
}

// Start opens the database, creates the peer and starts the server. A peer that has stored a snapshot which the
// database has not seen gets it restored first. It blocks for as long as that takes.
func Start(c Config) (*Server, error) {
	c = c.withDefaults()
	st, err := openStore(c.File, c.Sessions)
	if err != nil {
		return nil, err
	}
	s := &Server{c: c, store: st, applyCh: make(chan raftapi.ApplyMsg), queue: make(chan *proposal, 4*maxOps),
		done: make(chan struct{}), waiters: newWaiters()}
	s.ready.Store(-1)
	s.hint.Store(int64(c.Me))
	if err := s.catchUp(); err != nil {
		st.close()
		return nil, err
	}
	s.raft = c.Make(s.applyCh)
	s.ended.Go(s.runApplier)
	s.ended.Go(s.runProposer)
	s.ended.Go(s.watchLeadership)
	return s, nil
}

// catchUp restores the peer's snapshot where the process ended between the peer's storing it and the
// database's taking it in.
func (s *Server) catchUp() error {
	snapshot := s.c.Persister.ReadSnapshot()
	if len(snapshot) == 0 {
		return nil
	}
	index, err := snapshotIndex(snapshot)
	if err != nil {
		return fmt.Errorf("reading the snapshot that the peer has stored: %w", err)
	}
	if index <= s.store.applied {
		return nil
	}
	s.c.Logf("the database has applied %d, the peer's snapshot is of %d: restoring it", s.store.applied, index)
	if err := s.store.restore(snapshot); err != nil {
		return fmt.Errorf("restoring the snapshot that the peer has stored: %w", err)
	}
	return nil
}

// Kill ends the server and its peer, and closes the database. Requests that wait are answered as unknown.
func (s *Server) Kill() {
	s.raft.Kill()
	close(s.done)
	s.ended.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.close()
}

// Peers is the server's service for other members: what they pass on.
func (s *Server) Peers() *labrpc.Service { return labrpc.MakeService(&Member{s}) }

// Clients is the server's service for everybody.
func (s *Server) Clients() *labrpc.Service { return labrpc.MakeService(&KV{s}) }

// KV has the handlers for clients.
type KV struct{ s *Server }

// Do executes an operation, here or at the leader.
func (k *KV) Do(op *Op, reply *Result) { *reply = k.s.Do(*op) }

// Member has the handlers for other members.
type Member struct{ s *Server }

// Do executes an operation that another member has passed on, if this one leads.
func (m *Member) Do(op *Op, reply *Result) { *reply = m.s.propose(*op) }

// Empty is what some handlers are told.
type Empty struct{}

// Readiness is whether a member leads, and has applied the barrier of its term.
type Readiness struct{ Ready bool }

// Ready says whether this member leads and is ready.
func (m *Member) Ready(_ *Empty, reply *Readiness) { reply.Ready = m.s.leadsReady() }

// The longest key and value, in bytes.
const (
	MaxKey   = 4 << 10
	MaxValue = 512 << 10
)

// ErrTooLarge: the key or the value is longer than a log entry should be.
const ErrTooLarge kvapi.Err = "ErrTooLarge"

// Do executes an operation, wherever the leader is. ErrWrongLeader means that it has not been executed, and never
// will be; ErrUnknown that nobody knows.
func (s *Server) Do(op Op) Result {
	if len(op.Key) > MaxKey || len(op.Value) > MaxValue {
		return Result{Err: ErrTooLarge}
	}
	deadline := time.Now().Add(s.c.Patience)
	for {
		if r, over := s.round(op); over {
			return r
		}
		if time.Now().After(deadline) {
			return Result{Err: kvapi.ErrWrongLeader}
		}
		select {
		case <-time.After(roundPause):
		case <-s.done:
			return Result{Err: ErrUnknown}
		}
	}
}

// roundPause is the pause after all members have said that they do not lead: there is an election going on.
const roundPause = 30 * time.Millisecond

// Status is what a member says of itself.
type Status struct {
	Member  int    `json:"member"`
	Term    int    `json:"term"`
	Leads   bool   `json:"leads"`
	Applied int    `json:"applied"`
	Ready   bool   `json:"ready"`
	LogSize int    `json:"logBytes"`
	Hash    string `json:"hash,omitempty"`
}

// Status tells how the member is; with a hash of all its data if that is asked for.
func (s *Server) Status(hash bool) Status {
	term, leads := s.raft.GetState()
	st := Status{Member: s.c.Me, Term: term, Leads: leads, Ready: s.Ready() == nil, LogSize: s.c.Persister.RaftStateSize()}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Applied = s.store.applied
	if hash {
		st.Hash = s.store.hash()
	}
	return st
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
	for _, r := range s.c.Routes {
		if r == nil {
			continue
		}
		var answer Readiness
		if outcome, _ := r.Ask("Member.Ready", &Empty{}, &answer); outcome == transport.Answered && answer.Ready {
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
		if s.propose(Op{Kind: Barrier}).Err != kvapi.OK {
			continue
		}
		if now, leads := s.raft.GetState(); leads && now == term {
			s.ready.Store(int64(term))
			s.c.Logf("leads term %d, and has applied its barrier", term)
		}
	}
}
