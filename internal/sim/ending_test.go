package sim

import (
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/sys"

	"raftlab/internal/record"
)

// A process that ends by itself has mostly said why: log.Fatal, or the flag package.
func TestProcessThatEndsByItselfShowsItsLastWords(t *testing.T) {
	for said, want := range map[string]string{
		"2026/11/29 cannot open raft.log: Operation not supported\n":  "cannot open raft.log: Operation not supported",
		"flag provided but not defined: -test.run\nUsage of test:\n":  "Usage of test:; before that: flag provided but not defined: -test.run\n",
		strings.Repeat("warning\n", 99) + "leader without an entry\n": "its last words: leader without an entry; before that: warning / warning / warning\n",
		"\x1b[2J\u202eall passed\n":                                   `\x1b[2J\u202eall passed`,
		strings.Repeat("x", 4<<20):                                    "xxxx",
		"":                                                            "exit code 3",
	} {
		g := &guest{output: &output{tail: []byte(said)}, memory: &guestMemory{}, clock: newClock([2]uint64{})}
		v := g.ending(sys.NewExitError(3 | askedToExit))
		if v.Outcome != record.Crash || v.Rule != "process ended" || !strings.Contains(v.Message, want) || !strings.Contains(v.Message, "log.Fatal") || len(v.Message) > 1000 {
			t.Errorf("after %.80q: %s, %s, %q", said, v.Outcome, v.Rule, v.Message)
		}
		if v = g.ending(sys.NewExitError(3)); v.Rule != "process ended" || !strings.Contains(v.Message, want) || strings.Contains(v.Message, "log.Fatal") {
			t.Errorf("unasked, after %.80q: %s, %s, %q", said, v.Outcome, v.Rule, v.Message)
		}
	}
}

// A fatal error of the Go runtime is called one, also where it stands below a panic, or is set in
// with nothing above: a deferred function was called by runtime.Goexit.
func TestFatalErrorInDeferredFunction(t *testing.T) {
	const stack = "\n\ngoroutine 7 [running]:\nraftlab/raft.f()\n\traftlab/raft/a.go:7\n"
	for said, want := range map[string]string{
		"\tfatal error: sync: unlock of unlocked mutex":               "fatal error: sync: unlock of unlocked mutex",
		"before\n\tfatal error: sync: unlock of unlocked mutex":       "fatal error: sync: unlock of unlocked mutex",
		"panic: first\n\tfatal error: sync: Unlock of unlocked mutex": "panic: first\n\tfatal error: sync: Unlock of unlocked mutex",
	} {
		g := &guest{underTest: []string{"raft"}, output: &output{}, memory: &guestMemory{}, clock: newClock([2]uint64{})}
		g.output.Write([]byte(said + stack))
		if v := g.ending(sys.NewExitError(2)); v.Rule != "crash" || v.Message != want || !strings.Contains(v.Stack, "a.go:7") {
			t.Errorf("%q: %s, %q, %.80q", said, v.Rule, v.Message, v.Stack)
		}
	}
}

// The Go runtime shows every goroutine when it ends a process. However many there are, the reason
// is not lost.
func TestLastWordsBeforeManyStacks(t *testing.T) {
	g := &guest{underTest: []string{"raft"}, output: &output{}, memory: &guestMemory{}, clock: newClock([2]uint64{})}
	g.output.Write([]byte(strings.Repeat("debugging\n", 100_000)))
	for _, piece := range []string{"fatal error: ", "concurrent map writes", "\n\n", "goroutine 7 [running]:\nmain.f()\n\traftlab/raft/a.go:7\n\n"} {
		g.output.Write([]byte(piece)) // it prints in pieces
	}
	for range 20_000 {
		g.output.Write([]byte("goroutine 8 [select]:\nmain.g()\n\traftlab/raft/a.go:9\n\n"))
	}
	v := g.ending(sys.NewExitError(2))
	if v.Rule != "crash" || v.Message != "fatal error: concurrent map writes" || !strings.Contains(v.Stack, "a.go:7") {
		t.Errorf("%s, %q, %.80q", v.Rule, v.Message, v.Stack)
	}
}

// A panic whose value reads like a deadlock is a crash, and has a place.
func TestPanicThatReadsLikeADeadlock(t *testing.T) {
	for said, want := range map[string]record.Outcome{
		"fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select]:\nraftlab/raft.f()\n\traftlab/raft/a.go:7\n":                            record.Stuck,
		"panic: fatal error: all goroutines are asleep - deadlock!\n\t\n\tgoroutine 1\n\ngoroutine 7 [running]:\nraftlab/raft.f()\n\traftlab/raft/a.go:7\n": record.Crash,
	} {
		g := &guest{underTest: []string{"raft"}, output: &output{}, memory: &guestMemory{}, clock: newClock([2]uint64{})}
		g.output.Write([]byte(said))
		if v := g.ending(sys.NewExitError(2)); v.Outcome != want || !strings.Contains(v.Stack, "a.go:7") {
			t.Errorf("%.40q: %s, %q, %.80q", said, v.Outcome, v.Message, v.Stack)
		}
	}
}

// A crash says whose it was where the Go runtime knows, and nothing of the line that says so is left
// in the stack. What the code under test prints does not count.
func TestCrashNamesItsPeer(t *testing.T) {
	const stack = "goroutine 7 [running]:\nraftlab/raft.f()\n\traftlab/raft/a.go:7\n"
	for said, want := range map[string]record.Verdict{
		"panic: no\n\nraftlab: it was 2\n" + stack:                      {Message: "peer 2: panic: no", Peers: []int{2}},
		"panic: no\n[signal SIGSEGV]\n\nraftlab: it was 1003\n" + stack: {Message: "client 3: panic: no"},
		"panic: no\n\n" + stack:                                         {Message: "panic: no"},
		"x\n\nraftlab: it was 1\n" + stack + "panic: no\n\n" + stack:    {Message: "panic: no"},
	} {
		g := &guest{underTest: []string{"raft"}, output: &output{}, memory: &guestMemory{}, clock: newClock([2]uint64{})}
		g.output.Write([]byte(said))
		v := g.ending(sys.NewExitError(2))
		if v.Message != want.Message || !slices.Equal(v.Peers, want.Peers) || strings.Contains(v.Stack, "it was") || !strings.HasPrefix(v.Stack[strings.Index(v.Stack, "\n\n"):], "\n\ngoroutine 7") {
			t.Errorf("%q: %q, %v, %q", said, v.Message, v.Peers, v.Stack)
		}
	}
}
