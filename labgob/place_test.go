package labgob_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/labgob"
)

// persisted has a field that is not saved.
type persisted struct{ Vote, term int }

func persist(p persisted) error { return labgob.NewEncoder(io.Discard).Encode(p) }

// A warning says where in the code under test the call is that it is about.
func TestWarningHasAPlace(t *testing.T) {
	require.NoError(t, persist(persisted{term: 1}))
	all := strings.Join(labgob.Warnings(), "\n") // it is said once in a process
	require.Regexp(t, `of labgob_test\.persisted .* Call it "Term"\. Noticed at labgob/place_test\.go:16, in labgob_test\.persist\.`, all)
}
