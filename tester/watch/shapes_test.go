package watch

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShapes(t *testing.T) {
	type classic struct{ Term, CandidateId, LastLogIndex, LastLogTerm int }
	type underscored struct {
		Term         uint64
		Candidate_ID int32
	}
	type preVoteFlag struct {
		Term, CandidateID int
		PreVote           bool
	}
	type phased struct{ Term, CandidateID, Phase int }
	type entry struct{ Term int }
	type appendEntries struct {
		Term, LeaderID, PrevLogIndex, PrevLogTerm int
		Entries                                   []entry
	}
	type lowerCase struct {
		Term        int
		candidateId int
	}
	type install struct {
		Term, LeaderId, LastIncludedIndex, LastIncludedTerm int
		Data                                                []byte
	}
	_ = lowerCase{candidateId: 1}
	s := newShapes()
	for _, c := range []struct {
		method string
		args   any
		want   shapeKind
	}{
		{"Raft.RequestVote", &classic{}, voteShape},
		{"Raft.PreVote", &classic{}, unknownShape},
		{"Raft.RequestPreVote", &classic{}, unknownShape},
		{"Raft.HandleVote", underscored{}, voteShape},
		{"Raft.RequestVote", &preVoteFlag{}, unknownShape},
		{"Raft.RequestVote", &phased{}, unknownShape},
		{"Raft.RequestVote", &lowerCase{}, unknownShape},
		{"Raft.AppendEntries", &appendEntries{}, appendShape},
		{"Raft.InstallSnapshot", &install{}, snapshotShape},
		{"Raft.Nothing", nil, unknownShape},
		{"Raft.Number", new(int), unknownShape},
		{"Raft.NilPointer", (*classic)(nil), unknownShape},
	} {
		require.Equal(t, c.want, s.ofArgs(c.method, c.args).kind, "%s %T", c.method, c.args)
	}
	shape := s.ofArgs("Raft.HandleVote", underscored{})
	args := underscored{Term: 3, Candidate_ID: 2}
	require.Equal(t, 3, number(structOf(args), shape.term))
	require.Equal(t, 2, number(structOf(args), shape.candidate))
	reply := s.ofReply(&struct {
		Term int
		Vote bool
	}{})
	require.Equal(t, 1, reply.granted)
	require.Equal(t, -1, reply.success)
}
