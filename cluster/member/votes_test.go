package member

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/raftapi"
)

// What a member has voted is known after it has forgotten it, and a vote that contradicts it is
// noted.
func TestVotesAreCompared(t *testing.T) {
	file := filepath.Join(t.TempDir(), "votes")
	header := func(term, vote int64) raftapi.Update {
		return raftapi.Update{Header: binary.AppendVarint(binary.AppendVarint(nil, term), vote)}
	}
	life := func(s raftapi.Storage, updates ...raftapi.Update) {
		s, err := noteVotes(s, file, "reference")
		require.NoError(t, err)
		for _, u := range updates {
			s.Write(u)
		}
	}
	memory := raftapi.NewMemory()
	life(memory, header(3, nobody), header(3, 1), header(3, 1), raftapi.Update{From: 1, Entries: [][]byte{{1}}}, header(4, 2))
	life(memory, header(5, 0))
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "3 -1\n3 1\n4 2\n5 0\n", string(b))
	life(raftapi.NewMemory(), header(5, 1))
	memory.Write(header(5, 2))
	life(memory, header(5, nobody))
	b, err = os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(b), "CONTRADICTION: term 0 after term 5\n")
	require.Contains(t, string(b), "CONTRADICTION: a vote for -1 in term 5, after one for 2\n")

	life(memory)
	s, err := noteVotes(memory, file, "somebody's")
	require.NoError(t, err)
	require.Equal(t, raftapi.Storage(memory), s, "a peer whose votes cannot be seen is left alone")
}
