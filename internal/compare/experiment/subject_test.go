package experiment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
	"raftlab/labrpc"
)

// register is a key of a service with versions, whose answers are given.
type register struct {
	value   string
	version kvapi.Version
	// answers are those of the next Puts: ErrMaybe comes after the Put was executed if it had the
	// right version. When they are used up the register says what is true.
	answers []kvapi.Err
	puts    int
}

func (r *register) Get(string) (string, kvapi.Version, kvapi.Err) {
	if r.version == 0 {
		return "", 0, kvapi.ErrNoKey
	}
	return r.value, r.version, kvapi.OK
}

func (r *register) Put(_, value string, version kvapi.Version) (answer kvapi.Err) {
	r.puts++
	if answer = kvapi.ErrVersion; version == r.version {
		r.value, r.version, answer = value, r.version+1, kvapi.OK
	}
	if len(r.answers) > 0 {
		answer, r.answers = r.answers[0], r.answers[1:]
	}
	return answer
}

// A user of versions writes each value once, whether the answer is lost or another user of its key
// was faster.
func TestOnVersions(t *testing.T) {
	r := &register{}
	clerk := classic(kvapi.Service{Versioned: func([]*labrpc.ClientEnd, kvapi.Options) kvapi.VersionedClerk { return r }}, nil, kvapi.Options{})
	require.Empty(t, clerk.Get("x"))
	clerk.Put("x", "1")
	clerk.Put("x", "2")
	require.Equal(t, 2, r.puts, "it knows the version")
	require.Equal(t, "2", clerk.Get("x"))

	r.answers = []kvapi.Err{kvapi.ErrMaybe}
	clerk.Put("x", "3")
	require.EqualValues(t, 3, r.version, "it was there, and is not written again")
	clerk.Put("x", "4")
	require.Equal(t, 4, r.puts, "and it knows that version, too")

	r.value, r.version = "somebody's", 9
	clerk.Put("x", "5")
	require.Equal(t, "5", r.value)
	require.EqualValues(t, 10, r.version)
	require.Equal(t, 6, r.puts)
	clerk.Append("x", "6")
	require.Equal(t, "56", clerk.Get("x"))
}
