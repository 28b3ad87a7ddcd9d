package suite

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/record"
	"raftlab/internal/sim"
)

// race is what the race detector prints: one access in a library that the code under test has called,
// the other in a generic function, and who has started the goroutines.
const race = `WARNING: DATA RACE
Write at 0x00c00014d410 by goroutine 25:
  runtime.mapassign_faststr()
      internal/runtime/maps/runtime_faststr.go:263 +0x0
  raftlab/raft.(*Raft).startElection()
      raftlab/raft/election.go:56 +0x3b
  raftlab/raft/log.(*list[go.shape.struct { raftlab/raft.kind; raftlab/raft.key string }]).add()
      raftlab/raft/log/list.go:30 +0x18f
  raftlab/raft.(*Raft).ticker()
      raftlab/raft/raft.go:99 +0x18f

Previous read at 0x00c00014d410 by goroutine 386:
  raftlab/labgob.(*LabEncoder).Encode()
      raftlab/labgob/labgob.go:30 +0xb8
  raftlab/raft.(*Raft).persist()
      raftlab/raft/raft.go:157 +0x4a

Goroutine 25 (running) created at:
  raftlab/raft.Make()
      raftlab/raft/raft.go:120 +0xf9c

Goroutine 386 (finished) created at:
  time.goFunc()
      time/sleep.go:228 +0x71
`

// A race shows both accesses, by the lines of the code under test as the student calls its files.
func TestRaceShowsBothAccesses(t *testing.T) {
	f := Failure{Packages: []string{"raftlab/raft"}, Show: Code{shown: map[string]string{"raft": "../sol"}}.Show,
		Run: RunResult{Outcome: record.Fail, Rule: sim.RaceRule, Message: "a race", Stack: race}}
	text := strings.Join(f.Lines(), "\n")
	for _, want := range []string{
		"    write:          ../sol/election.go:56  raft.(*Raft).startElection\n      called at     ../sol/log/list.go:30  log.(*list[...]).add\n",
		"    previous read:  ../sol/raft.go:157  raft.(*Raft).persist",
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, text, "0x")
	assert.NotContains(t, text, "raft.go:120", "who has started a goroutine did not use the memory")

	lines := raceLines(strings.ReplaceAll(race, "raftlab/raft", "raftlab/other"), f.Packages, f.Show)
	assert.Equal(t, []string{"write:          other/raft.go:99  other.(*Raft).ticker", "previous read:  other/raft.go:157  other.(*Raft).persist"}, lines)
	forgotten := "Write at 0x1 by goroutine 3:\n  raftlab/raft.f()\n      raftlab/raft/a.go:1 +0x1\n\nPrevious read at 0x1 by goroutine 4:\n  [failed to restore the stack]\n\n"
	lines = raceLines(forgotten, f.Packages, f.Show)
	assert.Contains(t, lines[len(lines)-1], "previous read:  the race detector has forgotten where")
	f.Run.Stack = "WARNING: of another kind\n"
	assert.Contains(t, strings.Join(f.Lines(), "\n"), "WARNING: of another kind")
}
