package suite

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/junit"
	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/tester"
)

// sample is a report with a case of every kind.
func sample() *Report {
	r := &Report{Schema: Schema, Status: Interrupted, Started: time.Unix(1700000000, 0).UTC(), Impl: "../solution", Seeds: "1-2",
		Builds: []Build{{Package: "./raft", ID: "abc", GoVersion: "go1.26.8", Notes: []string{"edit x does not match"}}}}
	verdicts := map[string]record.Verdict{
		"2A/InitialElection": {Outcome: record.Pass, NotChecked: []string{"two votes in a term"}, Warnings: []string{"goroutine left after Kill"}},
		"2A/ReElection":      {Outcome: record.Fail, Rule: "two leaders in a term", Section: "§5.2", Message: "peers 0 & 2 <lead> term 3\x00", Time: 2104 * time.Millisecond, Peers: []int{0, 2}},
		"2B/Rejoin":          {Outcome: record.Inconclusive, Message: "killed"},
		"2C/Persist1":        {Outcome: record.Crash, Message: "panic: index out of range", Stack: "goroutine 1 [running]:\nraftlab/raft.f()\n\traftlab/raft/raft.go:7 +0x1"},
	}
	all := items(2)
	var finished []Finished
	for _, item := range all {
		if v, ok := verdicts[item.Case.ID()]; ok {
			for _, seed := range item.Seeds {
				if seed == 2 && v.Outcome != record.Pass {
					break
				}
				finished = append(finished, Finished{Run: Run{Case: item.Case, Seed: seed}, State: Ran,
					Result: sim.Result{Verdict: v, Hash: "h", Virtual: 3 * time.Second, CPU: 1500 * time.Millisecond}})
			}
		}
	}
	r.AddCases(all, finished, noReplay)
	return r
}

func TestReportOutcomes(t *testing.T) {
	r := sample()
	want := map[string]record.Outcome{"2A/InitialElection": record.Pass, "2A/ReElection": record.Fail, "2B/Rejoin": record.Inconclusive,
		"2C/Persist1": record.Crash, "2C/Persist12": NotRun}
	for _, c := range r.Cases {
		if o, ok := want[c.Case]; ok {
			assert.Equal(t, o, c.Outcome, c.Case)
		}
	}
	assert.Equal(t, 5, r.Points)
	assert.Equal(t, 40, r.MaxPoints)
	assert.Equal(t, ExitInterrupted, r.ExitCode())
	r.Status = Complete
	assert.Equal(t, ExitFramework, r.ExitCode(), "inconclusive is not a verdict on anybody")
	assert.Equal(t, []Counted{{"two votes in a term", []string{"2A/InitialElection"}}}, r.NotChecked())
	assert.Len(t, r.Warnings(), 1)
}

func TestNotCheckedIsNoFailureAndNoPass(t *testing.T) {
	items := []Item{{Case: Case{Lab: "lab3", Case: tester.Case{Part: "3E", Name: "Rival", Points: 8}}, Seeds: []uint64{1, 2}}}
	var r Report
	r.AddCases(items, []Finished{{Run: Run{Case: items[0].Case, Seed: 1}, State: Ran, Result: sim.Result{Verdict: record.Verdict{
		Outcome: record.NotChecked, Rule: "extension missing", Message: "no lease", NotChecked: []string{"too slow"}, Why: map[string]string{"too slow": "no clock"}}}}}, noReplay)
	assert.Empty(t, r.Failed())
	assert.Empty(t, r.Undecided())
	assert.Zero(t, r.Points+r.UpperPoints)
	assert.Equal(t, ExitFramework, r.ExitCode(), "nothing was judged")
	assert.Equal(t, []Counted{{"no lease", []string{"3E/Rival"}}, {"too slow: no clock", []string{"3E/Rival"}}}, r.NotChecked())
	var b strings.Builder
	require.NoError(t, WriteTable(&b, &r, 0))
	assert.NotContains(t, b.String(), "FAIL")
	assert.NotContains(t, b.String(), "all passed")
	assert.Contains(t, b.String(), "1 not checked")
}

func TestRequireReached(t *testing.T) {
	item := items(1)[0]
	item.Case.Reaches = []string{"split vote", "stale reply"}
	f := Finished{Run: Run{Case: item.Case, Seed: 1}, State: Ran,
		Result: sim.Result{Verdict: record.Verdict{Outcome: record.Pass, Reached: []string{"split vote"}}}}
	r := &Report{Status: Complete}
	r.AddCases([]Item{item}, []Finished{f}, noReplay)
	assert.Equal(t, []string{"stale reply"}, r.Cases[0].NotReached)
	assert.Equal(t, ExitPassed, r.ExitCode())
	r.Options.RequireReached = true
	assert.Equal(t, ExitFailed, r.ExitCode())
	var b strings.Builder
	require.NoError(t, WriteTable(&b, r, 0))
	assert.Contains(t, b.String(), `not reached in 2A/InitialElection: "stale reply"`)
}

// A package that lies below two services is compiled twice, and warned about once; how many times
// something was there differs from run to run.
func TestWarningsAreToldOnce(t *testing.T) {
	found := Counts{}
	found.Add("left over: a (x.go:9), 12 times; b, 3 times", "2A/One")
	found.Add("left over: a (x.go:9), 8 times; b, 3 times", "2A/Two")
	found.Add("left over: a (x.go:11), 8 times; b, 3 times", "2A/Two")
	found.Add("left over: a (x.go:9), 18 times; b, 3 times", "2A/One")
	assert.Equal(t, []Counted{{"left over: a (x.go:11), 8 times; b, 3 times", []string{"2A/Two"}},
		{"left over: a (x.go:9), 8 to 18 times; b, 3 times", []string{"2A/One", "2A/Two"}}}, found.List())

	r := sample()
	r.Builds = []Build{{Package: "./raft", Warnings: []string{"raft.x may change"}}, {Package: "./kvraft", Warnings: []string{"raft.x may change", "kvraft.y may change"}}}
	var b bytes.Buffer
	require.NoError(t, WriteTable(&b, r, 0))
	assert.Equal(t, 1, strings.Count(b.String(), "raft.x may change"))
	assert.Contains(t, b.String(), "kvraft.y may change")
}

func TestJSONAndJUnit(t *testing.T) {
	r := sample()
	dir := t.TempDir()
	require.NoError(t, r.Save(filepath.Join(dir, "r.json"), filepath.Join(dir, "r.xml")))
	data, err := os.ReadFile(filepath.Join(dir, "r.json"))
	require.NoError(t, err)
	var back Report
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, Schema, back.Schema)
	assert.Equal(t, Interrupted, back.Status)
	assert.Equal(t, r.Cases[1].Runs, back.Cases[1].Runs)
	assert.Contains(t, string(data), `"firstFailingSeed": 1`)
	assert.Contains(t, string(data), `"runs": []`, "a case that did not run has an empty list, not null")

	data, err = os.ReadFile(filepath.Join(dir, "r.xml"))
	require.NoError(t, err)
	var x junit.Suites
	require.NoError(t, xml.Unmarshal(data, &x))
	assert.Equal(t, 8, x.Tests)
	assert.Equal(t, 2, x.Failures)
	assert.Equal(t, 1, x.Errors)
	require.Len(t, x.Suites, 5)
	assert.Equal(t, "lab2.2A", x.Suites[0].Name)
	failed := x.Suites[0].Cases[1]
	assert.Contains(t, failed.Failure.Message, "two leaders in a term (§5.2), at 2.104 s")
	assert.Contains(t, failed.Failure.Text, "replay: raftlab replay 2A/ReElection --seed 1")
	assert.Contains(t, failed.Properties, junit.Property{Name: "seed", Value: "1"})
	assert.NotNil(t, x.Suites[3].Cases[0].Skipped, "2D has not run")
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, WriteTable(&b, sample(), 0))
	text := b.String()
	for _, want := range []string{"2A/ReElection", "FAIL: two leaders in a term", "inconclusive", "crash", "not run", "5-10/40",
		"not checked: two votes in a term (2A/InitialElection)", "warning: goroutine left after Kill", "note: edit x does not match", "2 failed 1 without a verdict"} {
		assert.Contains(t, text, want)
	}
}

func TestFailureFitsOnAScreen(t *testing.T) {
	var events []record.Event
	for i := range 500 {
		events = append(events, record.Event{Time: time.Duration(i) * time.Millisecond, Kind: record.State, Peer: i % 5, Other: record.None, Term: i, Leader: i%7 == 0})
	}
	stack := "goroutine 1 [running]:\n"
	for i := range 30 {
		stack += fmt.Sprintf("raftlab/raft.(*Raft).f%d(0x1, {0x2, 0x3})\n\traftlab/raft/raft.go:%d +0x1\n", i, i)
	}
	f := Failure{
		Case: sampleCases()[1], Events: events, Packages: []string{"raftlab/raft"}, Show: func(s string) string { return s }, Width: 100,
		Run:   RunResult{Seed: 7, Outcome: record.Crash, Rule: "panic", Message: "one\ntwo\nthree\nfour", Stack: stack, Replay: "raftlab replay 2A/ReElection --seed 7"},
		ToDos: []ToDo{{"2A", "raft/raft.go", 5, "write RequestVote"}, {"2A", "raft/raft.go", 6, "b"}, {"2A", "raft/raft.go", 7, "c"}, {"2A", "raft/raft.go", 8, "d"}},
		Also:  []uint64{8, 9, 12}, Remark: "something",
	}
	lines := f.Lines()
	assert.LessOrEqual(t, len(lines), 15)
	assert.Equal(t, "  replay: raftlab replay 2A/ReElection --seed 7", lines[len(lines)-1])
	text := strings.Join(lines, "\n")
	assert.Contains(t, lines[0], "FAIL 2A/ReElection, seed 7: crash: panic")
	assert.Contains(t, text, "raft/raft.go:0  raft.(*Raft).f0")
	assert.Contains(t, text, "also with seeds 8-9,12")
	assert.Contains(t, text, "to write: raft/raft.go:5: write RequestVote")

	f.Run.Stack, f.ToDos, f.Also, f.Remark = "", nil, nil, ""
	lines = f.Lines()
	assert.Len(t, lines, 15)
	for _, l := range lines {
		assert.LessOrEqual(t, len([]rune(l)), 100)
	}
	f.Case.Checks = "what is checked is told to its end, " + strings.Repeat("however long it is, ", 4) + "for nobody can guess the rest"
	for _, width := range []int{usualWidth, 60} {
		f.Width = width
		var told []string
		for _, l := range f.Lines() {
			assert.LessOrEqual(t, len([]rune(l)), width)
			told = append(told, strings.TrimSpace(l))
		}
		assert.Contains(t, strings.Join(told, " "), "the case: "+f.Case.Checks)
	}
	f.Width = usualWidth
	assert.Len(t, f.Lines(), 15)
	assert.Len(t, Alike{Failures: []Failure{f}}.Lines(100), 2)
	many := Alike{Failures: slices.Repeat([]Failure{f}, 40)}.Lines(100)
	assert.Contains(t, many[0], "40 more cases of 2A")
	other := f
	other.Case.Part = "2B"
	assert.Equal(t, []string{"FAIL 2 more cases of 2A, 2B: they need what is not written", many[len(many)-1]},
		Alike{Why: "they need what is not written", Failures: []Failure{f, other}}.Lines(100))
	assert.LessOrEqual(t, len(many), 6)
}

func TestStackOfStuckCaseCountsPlaces(t *testing.T) {
	waiting := "goroutine %d [sync.Mutex.Lock, 2 minutes]:\nsync.(*Mutex).Lock(...)\n\tsync/mutex.go:46\n" +
		"raftlab/raft.(*Raft).Start(0xc000, {0x1, 0x2})\n\traftlab/raft/raft.go:88 +0x3\n" +
		"created by raftlab/tester.(*Env).Go in goroutine 1\n\traftlab/tester/env.go:9 +0x4\n\n"
	dump := fmt.Sprintf(waiting, 4) + fmt.Sprintf(waiting, 5) + "goroutine 6 [sleep]:\ntime.Sleep()\n\ttime/sleep.go:1\nraftlab/raft.(*Raft).ticker()\n\traftlab/raft/raft.go:120\n"
	code := Code{shown: map[string]string{"raft": "../sol"}}
	lines := stackLines(dump, []string{"raftlab/raft"}, false, 5, code.Show)
	assert.Equal(t, []string{
		"../sol/raft.go:88  raft.(*Raft).Start  [sync.Mutex.Lock] x2",
		"../sol/raft.go:120  raft.(*Raft).ticker  [sleep]",
	}, lines)
	assert.Equal(t, []string{"loop at raft.go:5"}, stackLines("loop at raft.go:5\n", nil, false, 5, code.Show))
}

// The goroutine that holds the lock for which the others wait, and the call that does not return, are
// among the first lines of a run that stands still, however many wait.
func TestStackOfStuckCaseHasItsCause(t *testing.T) {
	var dump strings.Builder
	stack := func(id int, state string, calls ...string) {
		fmt.Fprintf(&dump, "goroutine %d [%s]:\n", id, state)
		for _, c := range calls {
			fmt.Fprintf(&dump, "raftlab/%s(0x1)\n\traftlab/%s:%d +0x4\n", c, "raft/raft.go", id)
		}
		dump.WriteString("\n")
	}
	for id := range 6 {
		stack(10+id, "sync.Mutex.Lock (durable)", "raft.(*Raft).AppendEntries", "labrpc.(*method).invoke", "labrpc.(*call).arrive")
	}
	stack(20, "sync.Mutex.Lock (durable)", "raft.(*Raft).Snapshot", "tester.(*Peer).Snapshot", "labs/lab2.snapshots")
	for range 3 {
		stack(21, "select (durable)", "raft.(*Raft).ticker")
		stack(22, "sleep (durable)", "raft.(*Raft).heartbeats")
	}
	stack(30, "chan send (durable)", "raft.(*Raft).apply")
	lines := stackLines(dump.String(), []string{"raftlab/raft"}, false, 5, func(s string) string { return s })
	require.Len(t, lines, 5)
	assert.Contains(t, lines[0], "raft.go:30  raft.(*Raft).apply  [chan send")
	assert.Contains(t, lines[1], "raft.go:20  raft.(*Raft).Snapshot")
	assert.Contains(t, lines[2], "raft.(*Raft).AppendEntries")
}

// What the code under test says cannot draw on a terminal, nor fill a report.
func TestReportEscapesAndBounds(t *testing.T) {
	evil := "\x1b[2Jall passed\u202e \u009b31m \xff" + strings.Repeat("A", 4<<20)
	r := &Report{Schema: Schema, Status: Complete, Impl: "../\x1b[31mdir", Faults: []Fault{{Kind: compileError, File: "a\x1b.go", Text: evil}}}
	item := items(1)[0]
	r.AddCases([]Item{item}, []Finished{{Run: Run{Case: item.Case, Seed: 1}, State: Ran, Result: sim.Result{
		Notes: []string{evil}, Verdict: record.Verdict{Outcome: record.Crash, Rule: evil, Message: evil, Stack: evil, Warnings: []string{evil}}}}}, noReplay)
	began := time.Now()
	var js, ju, table bytes.Buffer
	require.NoError(t, r.WriteJSON(&js))
	require.NoError(t, r.WriteJUnit(&ju))
	require.NoError(t, WriteTable(&table, r, 0))
	told := strings.Join(Failure{Case: item.Case, Run: r.Cases[0].Runs[0], Show: func(s string) string { return s }}.Lines(), "\n") +
		strings.Join(FaultLines(r.Faults, NotBuilt), "\n")
	assert.Less(t, time.Since(began), 5*time.Second)
	assert.True(t, json.Valid(js.Bytes()))
	for what, out := range map[string]string{"json": js.String(), "junit": ju.String(), "table": table.String(), "failure": told} {
		assert.Less(t, len(out), 1<<20, what)
		assert.NotRegexp(t, "[\x1b\u202e\u009b\ufffd]", out, what)
	}
	assert.Less(t, len(told), 8<<10)
}

// TestPlacesInMessages: a message calls a file what its author calls it.
func TestPlacesInMessages(t *testing.T) {
	f := Failure{Case: sampleCases()[1], Show: Code{shown: map[string]string{"raft": "../peer"}}.Show,
		Run: RunResult{Outcome: record.BusyLoop, Message: "the loop at raftlab/raft/raft.go:62 went round 8144001 times"}}
	require.Contains(t, strings.Join(f.Lines(), "\n"), "the loop at ../peer/raft.go:62 went round")
}

// A list of cases fits into the terminal that it is shown in.
func TestListFits(t *testing.T) {
	list := []Case{{Lab: "lab2", Case: tester.Case{Part: "2C", Name: "UnreliableAgreement", Points: 8, Section: "§5.2",
		Checks: strings.Repeat("what this case is about, ", 20)}},
		{Lab: "lab2", Case: tester.Case{Part: "2D", Name: "SnapshotsOfManySizesTogether", Points: 8, Section: "dissertation §10.2.1, etcd", Checks: "x"}}}
	for _, width := range []int{60, 80, 99, 100, 180} {
		var b bytes.Buffer
		require.NoError(t, WriteList(&b, list, width))
		longest := 0
		for line := range strings.Lines(b.String()) {
			longest = max(longest, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
		}
		require.LessOrEqual(t, longest, width)
		require.Greater(t, longest, width-12, "the room is used")
	}
}

// TestTableInANarrowTerminal: what does not fit is left out, column by column; the outcome stays.
func TestTableInANarrowTerminal(t *testing.T) {
	for width, all := range map[int]bool{0: true, 200: true, 60: false} {
		var b strings.Builder
		require.NoError(t, WriteTable(&b, sample(), width))
		head, _, _ := strings.Cut(b.String(), "\n")
		require.Contains(t, head, "| outcome")
		for _, column := range []string{"course", "first failing", "virtual", "CPU"} {
			require.Equal(t, all, strings.Contains(head, column), "%d: %s", width, head)
		}
	}
	r := &Report{Cases: []CaseResult{{Case: "2A/InitialElection", Outcome: record.Crash, Reason: "panic or fatal error", Seeds: 1, MaxPoints: 8}}}
	var b strings.Builder
	require.NoError(t, WriteTable(&b, r, 60)) // no column is left that could be missed: the outcome is folded
	for line := range strings.Lines(b.String()) {
		require.LessOrEqual(t, utf8.RuneCountInString(line), 60+1, line)
	}
	require.Contains(t, b.String(), "crash: panic or")
	require.Contains(t, b.String(), "fatal error")
}

// TestNarrowTerminal: what stands above an excerpt and below a table is not cut, and not wider.
func TestNarrowTerminal(t *testing.T) {
	k := sampleCases()[1]
	k.Checks = "a voter crashes, comes back, and is asked again in the same term: two yes are two leaders"
	f := Failure{Case: k, Width: 60, Run: RunResult{Seed: 1, Outcome: record.Fail, Rule: "two votes in a term", Section: "§5.2", At: 1.163}}
	text := strings.Join(f.Lines(), "\n")
	require.Contains(t, text, "two leaders")
	require.Contains(t, text, "1.163 s")
	r := &Report{Notes: []string{"executed in the wasm engine, which is a sandbox: code of others runs nowhere else"}}
	var b strings.Builder
	require.NoError(t, WriteTable(&b, r, 60))
	require.Contains(t, b.String(), "nowhere else")
	for line := range strings.Lines(text + "\n" + b.String()) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 60, line)
	}
}

// Code that sleeps a millisecond and looks again is told of; a short run of many clients is not.
func TestPolling(t *testing.T) {
	for _, c := range []struct {
		idle    uint64
		virtual time.Duration
		warned  bool
	}{{305_000, 63 * time.Second, true}, {17_000, 13 * time.Second, false}, {18_000, 7 * time.Second, false}, {0, 0, false}} {
		run := NewRunResult(Finished{State: Ran, Result: sim.Result{Idle: c.idle, Virtual: c.virtual, Verdict: record.Verdict{Outcome: record.Pass, Warnings: []string{"other"}}}})
		assert.Equal(t, c.warned, len(run.Warnings) == 2, "%+v: %q", c, run.Warnings)
		assert.Equal(t, "other", run.Warnings[0])
		if c.warned {
			assert.Contains(t, run.Warnings[1], "wakes more than 2500 times in each second")
		}
	}
}
