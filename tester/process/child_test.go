//go:build !wasip1

package process_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
	"raftlab/tester"
	"raftlab/tester/process"
	"raftlab/tester/rules"
)

// specimens are cases that end in ways which only a process of its own survives.
var specimens = tester.Lab{Name: "specimens", Package: "./tester/process", Test: "TestSpecimens", Cases: []tester.Case{
	{Part: "X", Name: "Fine", Run: func(e *tester.Env) { e.Sleep(time.Second) }},
	{Part: "X", Name: "Fails", Section: "§5.2", Run: func(e *tester.Env) {
		c := e.NewCluster(start, 3, tester.Options{})
		c.Leader()
		e.Sleep(time.Second)
		fmt.Println("a peer's own words")
		e.Fail(tester.Violation{Rule: tester.RuleNoLeader, Message: "first line\nsecond line", Peers: []int{0}})
		c.Shutdown()
	}},
	{Part: "X", Name: "Panics", Run: func(e *tester.Env) {
		go func() {
			var votes map[int]int
			votes[1]++ //lint:ignore SA5000 that is the crash
		}()
		e.Sleep(time.Second)
	}},
	{Part: "X", Name: "Exits", Run: func(e *tester.Env) { os.Exit(0) }},
	{Part: "X", Name: "Freezes", Run: func(e *tester.Env) {
		var mu sync.Mutex
		go func() {
			mu.Lock()
			time.Sleep(time.Second)
			mu.Unlock()
		}()
		e.Sleep(time.Millisecond)
		mu.Lock()
	}},
}}

// TestSpecimens is where the child processes of the tests below come in.
func TestSpecimens(t *testing.T) {
	if !process.IsChild() {
		t.Skip("only for the child processes of other tests")
	}
	tester.Run(t, specimens, nil)
}

func TestChildren(t *testing.T) {
	for _, s := range []struct {
		name    string
		outcome record.Outcome
		rule    tester.Rule
		message string
		printed []string
	}{
		{"Fine", record.Pass, "", "", nil},
		{"Fails", record.Fail, tester.RuleNoLeader, "second line",
			[]string{"no leader elected (§5.2) at ", "AppendEntries", "go test ./tester/process -run 'TestSpecimens/X/Fails$' -seed 1", "output: "}},
		{"Panics", record.Crash, rules.Crash, "assignment to entry in nil map", []string{"child_test.go:"}},
		{"Exits", record.Crash, rules.Crash, "ended itself", nil},
		{"Freezes", record.Fail, rules.Frozen, "virtual time stands still", []string{"docs/concurrency.md", "sync.Mutex.Lock"}},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			v, printed := process.RunInChild(t, "TestSpecimens", listed(specimens), "X/"+s.name)
			require.Equal(t, s.outcome, v.Outcome, "%s\n%s", v.Message, v.Stack)
			require.Equal(t, string(s.rule), v.Rule)
			require.Contains(t, v.Message, s.message)
			require.LessOrEqual(t, strings.Count(printed, "\n")+1, 15, printed)
			for _, p := range s.printed {
				require.Contains(t, printed, p)
			}
		})
	}
}

func TestChildThatIsAskedForAnUnknownCase(t *testing.T) {
	lab := specimens
	lab.Cases = append([]tester.Case{{Part: "X", Name: "Nowhere"}}, lab.Cases...)
	v, _ := process.RunInChild(t, "TestSpecimens", listed(lab), "X/Nowhere")
	require.Equal(t, record.FrameworkError, v.Outcome)
	require.Contains(t, v.Message, `no case "X/Nowhere"`)
}

// listed is a lab as the parent of its processes knows it.
func listed(lab tester.Lab) process.Lab {
	p := process.Lab{Name: lab.Name, Package: lab.Package, Test: lab.Test}
	for _, c := range lab.Cases {
		p.Cases = append(p.Cases, process.Case{Part: c.Part, Name: c.Name})
	}
	return p
}

func start(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
	return raft.Make(ends, me, p, applyCh)
}
