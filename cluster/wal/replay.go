package wal

import (
	"errors"
	"fmt"

	"raftlab/raftapi"
)

// replay turns records back into what is stored. It has the same memory that the log answers from,
// but with references in the place of snapshots, and nil in the place of entries that stand in
// segments which are gone: a snapshot has to cover them before the end.
type replay struct {
	m      *raftapi.Memory
	groups int
}

// apply takes one group. The error says what contradicts the groups before.
func (r *replay) apply(g group) (err error) {
	r.groups++
	switch {
	case g.base != nil:
		return r.base(*g.base)
	case r.m == nil:
		return errors.New("the first group of a segment is no base")
	case g.save:
		r.m.Save(g.state, g.snapshot.append(nil))
		return nil
	}
	g.update.Snapshot = g.snapshot.append(nil)
	// A hole panics, and leaves the memory's lock free.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it does not go with the groups before: %v", p)
		}
	}()
	r.m.Write(g.update)
	return nil
}

// base begins with the first segment, and has to agree with what came before in the others.
func (r *replay) base(b base) error {
	if r.m == nil {
		if b.entries > maxGhosts {
			return fmt.Errorf("a base with %d entries", b.entries)
		}
		r.m = raftapi.MemoryFrom(raftapi.Stored{State: b.state, Header: b.header, Snapshot: b.snapshot.append(nil),
			SnapshotIndex: b.index, Entries: make([][]byte, b.entries)})
		return nil
	}
	s := r.m.Load()
	if was := baseOf(s, parseRef(s.Snapshot)); string(was.encode()) != string(b.encode()) {
		return fmt.Errorf("the base of the segment (snapshot %d and %d entries) is not what the segments before come to (snapshot %d and %d entries)",
			b.index, b.entries, was.index, was.entries)
	}
	return nil
}

// maxGhosts bounds what a base may say before any of it is seen.
const maxGhosts = 1 << 26

// stored returns what all groups come to, and which snapshot belongs to it.
func (r *replay) stored() (s raftapi.Stored, snapshot ref, err error) {
	s = r.m.Load()
	for i, e := range s.Entries {
		if e == nil {
			return s, snapshot, fmt.Errorf("the log entry %d stands in a segment that is not there", s.SnapshotIndex+1+i)
		}
	}
	return s, parseRef(s.Snapshot), nil
}

func baseOf(s raftapi.Stored, snapshot ref) base {
	return base{header: s.Header, state: s.State, index: s.SnapshotIndex, snapshot: snapshot, entries: len(s.Entries)}
}

// parseRef is the inverse of ref.append.
func parseRef(b []byte) ref {
	r := &reader{b: b}
	f := r.ref()
	if r.err != nil {
		return ref{}
	}
	return f
}
