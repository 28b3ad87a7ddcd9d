package sim

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestRaceSummary: each access is named by its place in the code under test, and none in a
// library that it has called; if
// the detector has forgotten one, that is said.
func TestRaceSummary(t *testing.T) {
	const report = "WARNING: DATA RACE\nWrite at 0x00c0001 by goroutine 25:\n  raftlab/labgob.(*LabEncoder).Encode()\n      raftlab/labgob/labgob.go:30 +0xb8\n" +
		"  raftlab/raft.(*list[go.shape.struct { raftlab/raft.kind }]).persist()\n      raftlab/raft/raft.go:157 +0x4a\n\n"
	const read = "Previous atomic read at 0x00c0001 by main goroutine:\n  raftlab/tester.(*Peer).look()\n      raftlab/tester/peer.go:3\n\n"
	made := "Goroutine 25 (running) created at:\n  raftlab/raft.Make()\n      raftlab/raft/raft.go:1 +0x1\n"
	assert.Equal(t, "write at raftlab/raft/raft.go:157, previous atomic read at raftlab/tester/peer.go:3",
		raceSummary(report+read+made, []string{"raft"}))
	forgotten := "Previous read at 0x00c0001 by goroutine 4:\n  [failed to restore the stack]\n\n"
	assert.Equal(t, "write at raftlab/raft/raft.go:157, previous read at a place that the race detector has forgotten",
		raceSummary(report+forgotten+made, []string{"raft"}))
}
