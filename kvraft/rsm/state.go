package rsm

import (
	"bytes"
	"fmt"

	"raftlab/labgob"
	"raftlab/raftapi"
)

// Machine is a state machine: what a service is, apart from being replicated. Copies that are given
// the same operations in the same order must be in the same state, so Apply may look at nothing
// but its operation and the state: no clock, no randomness, no order of a map.
//
// The replica calls the methods one at a time. None may block, or call the replica.
type Machine[O, R any] interface {
	// Apply executes an operation and returns its result.
	Apply(op O) R
	// Snapshot returns the whole state as bytes.
	Snapshot() []byte
	// Restore replaces the state by one that Snapshot returned. An error means that the bytes are
	// broken; the replica panics then, for it has nothing to go on with.
	Restore(snapshot []byte) error
}

// state is what is replicated: the machine, the session table, and how far in the log that is. It
// is plain and deterministic, without lock, goroutine or Raft:
//
//	state(n+1) = apply(state(n), entry n+1)
//
// and everything in it goes into the snapshot.
type state[O, R any] struct {
	machine  Machine[O, R]
	sessions *sessions[R]
	applied  int // index of the last entry that went into the state; never goes back
}

// outcome is what a command came to.
type outcome[R any] struct {
	index  int // of the entry
	result R
	err    error // ErrExpired or ErrStale, or why there is no result at all

	parts []outcome[R] // of a command that holds many
}

// apply executes the entry at index, which must be the next one.
func (s *state[O, R]) apply(index int, c command[O]) outcome[R] {
	s.skipTo(index)
	return s.execute(index, c)
}

// execute does what a command of the entry at index says.
func (s *state[O, R]) execute(index int, c command[O]) outcome[R] {
	out := outcome[R]{index: index}
	switch c.kind {
	case opening:
		s.sessions.open(Client(index))
	case plain:
		out.result = s.machine.Apply(c.op)
	case once:
		out.result, out.err = s.applyOnce(c)
	case many:
		for _, part := range c.parts {
			out.parts = append(out.parts, s.execute(index, part))
		}
	}
	return out
}

// applyOnce executes an operation of a session, unless that has happened.
func (s *state[O, R]) applyOnce(c command[O]) (result R, err error) {
	session := s.sessions.use(c.client)
	switch {
	case session == nil:
		raftapi.Reached("operation of a forgotten session refused")
		return result, ErrExpired
	case c.seq < session.Seq:
		raftapi.Reached("stale request in the log ignored")
		return result, ErrStale
	case c.seq == session.Seq:
		raftapi.Reached("duplicate request in the log ignored")
		return session.Result, nil
	}
	session.Seq, session.Result = c.seq, s.machine.Apply(c.op)
	return session.Result, nil
}

// skipTo notes that the entry at index is applied. Apart from those that hold no command of the
// service, apply calls it.
func (s *state[O, R]) skipTo(index int) {
	if index != s.applied+1 {
		panic(fmt.Sprintf("rsm: the Raft peer delivered entry %d after entry %d; it has to deliver all of them, in order", index, s.applied))
	}
	s.applied = index
}

// image is a snapshot of a state; its fields are exported for gob.
type image[R any] struct {
	Applied  int
	Sessions []session[R]
	Machine  []byte
}

// snapshot returns the whole state as bytes.
func (s *state[O, R]) snapshot() []byte {
	var buf bytes.Buffer
	i := image[R]{Applied: s.applied, Sessions: s.sessions.rows(), Machine: s.machine.Snapshot()}
	if err := labgob.NewEncoder(&buf).Encode(&i); err != nil {
		panic(fmt.Sprintf("rsm: cannot encode a snapshot with results of type %T: %v", *new(R), err))
	}
	return buf.Bytes()
}

// restore replaces the whole state by what snapshot returned on this server or another.
func (s *state[O, R]) restore(snapshot []byte) {
	var i image[R]
	err := labgob.NewDecoder(bytes.NewReader(snapshot)).Decode(&i)
	if err == nil {
		err = s.machine.Restore(i.Machine)
	}
	if err != nil {
		panic(fmt.Sprintf("rsm: cannot restore a snapshot of %d bytes: %v", len(snapshot), err))
	}
	s.sessions.restore(i.Sessions)
	s.applied = i.Applied
}
