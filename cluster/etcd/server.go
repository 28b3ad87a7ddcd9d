package etcd

import (
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"raftlab/cluster/backend"
	"raftlab/cluster/kv"
	"raftlab/cluster/machine"
	"raftlab/cluster/replica"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Member says where a member is reached.
type Member struct {
	Name           string
	Peers, Clients string // Clients may be empty: then the member is asked
}

// Config says how a server is built: like a replica's, whose machine the server brings along.
type Config struct {
	replica.Config
	Cluster string   // its name, from which IDs are made
	Members []Member // all of them
	File    string   // the database
	Quota   int64    // how large it may get, in bytes. Default 2 GiB
	Compact Compaction
	Metrics *Metrics
	OnApply func(index int, ops [][]byte) // told of each entry; may be nil
}

// patience is how long a request may wait: etcd's 5 s, and two election timeouts.
const patience = 7 * time.Second

// commitEvery is how often the replica waits for the database to be committed. The backend does
// that by itself, ten times a second.
const commitEvery = 10 * time.Second

// Server is one member's part of the service.
type Server struct {
	c       Config
	machine *machine.Machine
	replica *replica.Server
	peer    raftapi.Raft
	grpc    *grpc.Server
	done    chan struct{}
	ended   sync.WaitGroup

	leader atomic.Pointer[leadership]

	clusterID uint64   // names as etcd has them: numbers that are not zero
	memberIDs []uint64 // of all members
}

// Start opens the database, creates the peer and starts the server. It serves clients when
// [Server.Serve] is called.
func Start(c Config) (*Server, error) {
	m, err := machine.Open(c.File, backend.Options{Fatal: c.Fatal, OnCommit: c.Metrics.committed})
	if err != nil {
		return nil, err
	}
	for _, old := range backups(c.File) { // of a process that was killed
		_ = os.Remove(old)
	}
	m.OnApply, m.Took = c.OnApply, c.Metrics.applied
	s := &Server{machine: m, done: make(chan struct{})}
	s.leader.Store(&leadership{member: nobody})
	s.clusterID = idOf(c.Cluster)
	for i := range c.Members {
		s.memberIDs = append(s.memberIDs, idOf(fmt.Sprintf("%s/%d", c.Cluster, i)))
	}
	maker := c.Make
	c.Make = func(ch chan raftapi.ApplyMsg) raftapi.Raft {
		s.peer = maker(ch)
		return s.peer
	}
	if c.Quota == 0 {
		c.Quota = defaultQuota
	}
	c.Machine, c.Patience, c.CommitEvery = m, patience, commitEvery
	c.Barrier, c.Leads = barrier, s.leads
	s.c = c
	if s.replica, err = replica.Start(c.Config); err != nil {
		_ = m.Backend.Abandon()
		return nil, err
	}
	s.grpc = s.newGRPC()
	c.Metrics.watch(s)
	s.ended.Go(s.runLeader)
	s.ended.Go(s.runExpiry)
	for i, r := range c.Routes {
		if r != nil {
			s.ended.Go(func() { s.runProbe(i) })
		}
	}
	if plan := c.Compact.schedule(time.Now(), m.Store.Revision()); plan != nil {
		s.ended.Go(func() { s.runCompactor(plan) })
	}
	return s, nil
}

// Kill hands the leadership over, if this member has it, ends the server and its peer, and closes
// the database. Requests that wait fail.
func (s *Server) Kill() {
	for i := range s.c.Members {
		if _, leads := s.replica.GetState(); !leads || (i != s.c.Me && s.handOver(i)) {
			break
		}
	}
	close(s.done)
	s.grpc.Stop()
	s.replica.Kill()
	s.ended.Wait()
	if err := s.machine.Close(); err != nil {
		s.c.Logf("closing the database: %v", err)
	}
}

// Peers is the replica's service for other members: what they pass on.
func (s *Server) Peers() *labrpc.Service { return s.replica.Peers() }

// Inside is the server's own service for other members.
func (s *Server) Inside() *labrpc.Service { return labrpc.MakeService(&Etcd{s}) }

// Clients is the service for clients of raftlab's own protocol. There is nothing for them here.
func (s *Server) Clients() *labrpc.Service { return labrpc.MakeService(&KV{}) }

// KV has a handler that says so.
type KV struct{}

// Do refuses an operation of the key/value service of the labs.
func (*KV) Do(_ *kv.Op, reply *kv.Result) { reply.Err = kv.ErrKind }

// Send opens the database for another member: the source of [transport.Node.OfferFiles].
func (s *Server) Send(want int) (file io.ReadCloser, index int, size int64, err error) {
	return s.c.Files.Send(s.machine, want)
}

// Status tells how the member is; with a checksum of all its data if that is asked for.
func (s *Server) Status(hash bool) kv.Status {
	term, leads := s.replica.GetState()
	st := kv.Status{Member: s.c.Me, Term: term, Leads: leads, Ready: s.Ready() == nil, LogSize: s.c.Persister.RaftStateSize(),
		Applied: s.machine.Applied(), Durable: s.c.Files.Durable(), Snapshot: s.replica.Snapshot()}
	if hash {
		h, err := s.machine.Store.HashAt(0)
		if err == nil {
			st.Hash = fmt.Sprintf("%d/%d/%08x", h.Revision, h.Compacted, h.Sum)
		}
	}
	return st
}

// Ready says why the member cannot serve clients now, or nothing.
func (s *Server) Ready() error { return s.replica.Ready() }

// backup is the beginning of the name of a copy that is being sent to a client.
const backup = "backup-"

// backups are the copies beside a database.
func backups(database string) []string {
	all, _ := filepath.Glob(filepath.Join(filepath.Dir(database), backup+"*")) // the pattern is a sound one
	return all
}

// newBackup is the name of another one.
func (s *Server) newBackup() string { return filepath.Join(filepath.Dir(s.c.File), backup+rand.Text()) }

func idOf(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return max(h.Sum64(), 1)
}
