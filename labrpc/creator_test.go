package labrpc

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The place of the go statement is the first after "created by", without how far it is into its
// function; directories may have spaces and colons in their names.
func TestCreator(t *testing.T) {
	for stack, place := range map[string]string{
		"goroutine 5 [running]:\nraft.f()\n\t/a/raft/x.go:1 +0x1\ncreated by raft.g in goroutine 1\n\t/home/a b/c:d/raft/raft.go:123 +0x5d\n": "raft/raft.go:123",
		"created by raft.g\n\traft/raft.go:7":                        "raft/raft.go:7",
		"goroutine 1 [running]:\nmain.main()\n\t/a/main.go:3 +0x1\n": "unknown",
		"created by raft.g\n\tno file":                               "unknown",
		"created by ":                                                "unknown",
		"":                                                           "unknown",
	} {
		require.Equal(t, place, creator(stack), stack)
	}
}
