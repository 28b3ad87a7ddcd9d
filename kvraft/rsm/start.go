package rsm

import (
	"errors"

	"raftlab/raftapi"
)

// start hands a command to the peer. A peer that can say why it does not take it is asked: a leader
// that has too much uncommitted is still the leader, and the client is to come back, and not to
// look for another.
func (m *RSM[O, R]) start(text string) (index, term int, err error) {
	p, ok := m.raft.(raftapi.Proposer)
	if ok && m.on.limited {
		index, term, err = p.Propose(text)
		if errors.Is(err, raftapi.ErrUncommitted) {
			raftapi.Reached("uncommitted limit told to a client")
			return index, term, ErrTooManyRequests
		}
		if err != nil {
			return index, term, ErrNotLeader
		}
		return index, term, nil
	}
	index, term, isLeader := m.raft.Start(text)
	if !isLeader {
		return index, term, ErrNotLeader
	}
	return index, term, nil
}
