package rsm

import (
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/raftapi"
)

// refusing is a peer that takes nothing, and says why.
type refusing struct {
	raftapi.Raft
	why error
}

func (r refusing) Propose(any) (index, term int, err error) { return -1, 7, r.why }
func (r refusing) Start(any) (index, term int, leads bool)  { return -1, 7, false }

// A leader that has too much uncommitted is not taken for a server that does not lead, if the
// extension is on.
func TestWhyACommandIsRefused(t *testing.T) {
	on := Config[string, int]{Extensions: []string{raftapi.UncommittedLimit}}
	for _, c := range []struct {
		config Config[string, int]
		why    error
		want   error
	}{
		{on, raftapi.ErrUncommitted, ErrTooManyRequests},
		{on, raftapi.ErrNotLeader, ErrNotLeader},
		{on, nil, nil},
		{Config[string, int]{}, raftapi.ErrUncommitted, ErrNotLeader},
	} {
		m := &RSM[string, int]{config: c.config, on: switchesOf(c.config.Extensions), raft: refusing{why: c.why}}
		_, term, err := m.start("x")
		require.Equal(t, c.want, err)
		require.Equal(t, 7, term)
	}
}
