package kv

import (
	"context"
	"errors"
	"fmt"
	"io"

	"raftlab/cluster/replica"
	"raftlab/kvapi"
	"raftlab/labrpc"
)

// Config says how a server is built: like a replica's, whose machine the server brings along.
type Config struct {
	replica.Config
	File     string // the database
	Sessions int    // at most. Default 10,000
}

// Server is one member's part of the service.
type Server struct {
	c       Config
	store   *store
	replica *replica.Server
}

// Start opens the database, creates the peer and starts the server.
func Start(c Config) (*Server, error) {
	if c.Sessions == 0 {
		c.Sessions = 10_000
	}
	st, err := openStore(c.File, c.Sessions)
	if err != nil {
		return nil, err
	}
	s := &Server{c: c, store: st}
	c.Machine = st
	if s.replica, err = replica.Start(c.Config); err != nil {
		st.close()
		return nil, err
	}
	return s, nil
}

// Kill ends the server and its peer, and closes the database. Requests that wait are answered as
// unknown.
func (s *Server) Kill() {
	s.replica.Kill()
	s.store.close()
}

// Peers is the server's service for other members: what they pass on.
func (s *Server) Peers() *labrpc.Service { return s.replica.Peers() }

// Clients is the server's service for everybody.
func (s *Server) Clients() *labrpc.Service { return labrpc.MakeService(&KV{s}) }

// KV has the handlers for clients.
type KV struct{ s *Server }

// Do executes an operation, here or at the leader.
func (k *KV) Do(op *Op, reply *Result) { *reply = k.s.Do(*op) }

// The longest key and value, in bytes.
const (
	MaxKey   = 4 << 10
	MaxValue = 512 << 10
)

// Answers to requests that no server should get.
const (
	// ErrTooLarge: the key or the value is longer than a log entry should be.
	ErrTooLarge kvapi.Err = "ErrTooLarge"
	// ErrKind: there is no such operation.
	ErrKind kvapi.Err = "ErrKind"
)

// Do executes an operation, wherever the leader is. ErrWrongLeader means that it has not been
// executed, and never will be; ErrUnknown that nobody knows. A read is answered from this member's
// database.
func (s *Server) Do(op Op) Result {
	switch op.Kind {
	case Put, Append, PutIf, Open:
		return s.write(op)
	case Get:
		if s.replica.ReadBarrier(context.Background()) != nil {
			return Result{Err: kvapi.ErrWrongLeader}
		}
		return s.store.read(op.Key)
	}
	return Result{Err: ErrKind}
}

func (s *Server) write(op Op) Result {
	if len(op.Key) > MaxKey || len(op.Value) > MaxValue {
		return Result{Err: ErrTooLarge}
	}
	b, _, err := s.replica.Execute(context.Background(), op.encode())
	switch {
	case errors.Is(err, replica.ErrNotExecuted):
		return Result{Err: kvapi.ErrWrongLeader}
	case err != nil:
		return Result{Err: ErrUnknown}
	}
	r, err := decodeResult(b)
	if err != nil {
		panic(fmt.Sprintf("kv: a result cannot be read: %v", err))
	}
	return r
}

// Status is what a member says of itself.
type Status struct {
	Member   int    `json:"member"`
	Term     int    `json:"term"`
	Leads    bool   `json:"leads"`
	Applied  int    `json:"applied"`
	Digest   uint64 `json:"digest,string"` // of all entries up to it
	Durable  int    `json:"durable"`       // how far the database was applied when it was committed last
	Ready    bool   `json:"ready"`
	LogSize  int    `json:"logBytes"`
	Snapshot int    `json:"snapshot"` // index of the peer's snapshot
	Hash     string `json:"hash,omitempty"`
}

// Status tells how the member is; with a hash of all its data if that is asked for.
func (s *Server) Status(hash bool) Status {
	term, leads := s.replica.GetState()
	st := Status{Member: s.c.Me, Term: term, Leads: leads, Ready: s.Ready() == nil, LogSize: s.c.Persister.RaftStateSize(),
		Durable: s.c.Files.Durable(), Snapshot: s.replica.Snapshot()}
	st.Applied, st.Digest = s.store.place()
	if hash {
		st.Hash = s.store.hash()
	}
	return st
}

// Ready says why the member cannot serve clients now, or nothing.
func (s *Server) Ready() error { return s.replica.Ready() }

// Send opens the database for another member: the source of [transport.Node.OfferFiles].
func (s *Server) Send(want int) (file io.ReadCloser, index int, size int64, err error) {
	return s.c.Files.Send(s.store, want)
}
