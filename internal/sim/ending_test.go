package sim

import (
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/sys"

	"raftlab/internal/record"
)

// A process that ends by itself has mostly said why: log.Fatal, or the flag package.
func TestProcessThatEndsByItselfShowsItsLastWords(t *testing.T) {
	for said, want := range map[string]string{
		"2026/11/29 cannot open raft.log: Operation not supported\n": "cannot open raft.log: Operation not supported",
		"flag provided but not defined: -test.run\nUsage of test:\n": "flag provided but not defined: -test.run / Usage of test:",
		"\x1b[2J\u202eall passed\n":                                  `\x1b[2J\u202eall passed`,
		strings.Repeat("x", 4<<20):                                   "xxxx",
		"":                                                           "exit code 3",
	} {
		g := &guest{output: &output{tail: []byte(said)}, memory: &guestMemory{}, clock: newClock([2]uint64{})}
		v := g.ending(sys.NewExitError(3))
		if v.Outcome != record.Crash || v.Rule != "process ended" || !strings.Contains(v.Message, want) || len(v.Message) > 1000 {
			t.Errorf("after %.80q: %s, %s, %q", said, v.Outcome, v.Rule, v.Message)
		}
	}
}
