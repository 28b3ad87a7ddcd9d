package suite

import (
	"fmt"
	"math"
	"slices"
	"time"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/internal/sim"
)

// Schema is the version of the results format. Fields may be added under one version; a change
// that breaks readers gets a new one.
const Schema = "raftlab/results/v1"

// Outcomes of a case beyond those of a run.
const (
	NotBuilt   record.Outcome = "not built"  // the code under test does not compile
	NotRun     record.Outcome = "not run"    // interrupted before it began
	Incomplete record.Outcome = "incomplete" // interrupted; what ran has passed
)

// Status is how a command as a whole ended.
type Status string

const (
	Complete    Status = "complete"    // everything asked for has a result
	Interrupted Status = "interrupted" // by Ctrl-C; what is there is right but not all
	Unbuilt     Status = "not built"   // nothing ran: the code under test was refused or does not compile
	Broke       Status = "framework error"
	Misused     Status = "usage error" // the command line was wrong: nothing ran
)

// Report is everything that is known after a `raftlab test`. Its JSON form is documented in
// docs/results.md.
type Report struct {
	Schema  string    `json:"schema"`
	Raftlab string    `json:"raftlab,omitempty"` // the release
	Status  Status    `json:"status"`
	Error   string    `json:"error,omitempty"` // of the framework
	Started time.Time `json:"started"`
	Wall    float64   `json:"wallSeconds"`

	Impl    string   `json:"impl"` // as given: a directory, or "reference"
	Seeds   string   `json:"seeds"`
	Options Options  `json:"options"`
	Builds  []Build  `json:"builds"`
	Faults  []Fault  `json:"faults,omitempty"`  // why the code under test was not built, or a part of it
	Unbuilt []string `json:"unbuilt,omitempty"` // packages that do not compile where others do
	Workers int      `json:"workers"`
	Notes   []string `json:"notes,omitempty"`

	Points      int          `json:"points"`      // earned
	UpperPoints int          `json:"upperPoints"` // with what cases without a judgement may be worth
	MaxPoints   int          `json:"maxPoints"`
	Cases       []CaseResult `json:"cases"`
}

// Options are the flags that change what a run does.
type Options struct {
	KeepGoing bool `json:"keepGoing,omitempty"`
	// RequireReached makes it a failure that a case never reached what it exists for.
	RequireReached bool     `json:"requireReached,omitempty"`
	With           []string `json:"with,omitempty"` // extensions that all peers have
	Strict         bool     `json:"strict,omitempty"`
	Native         bool     `json:"native,omitempty"`      // executed natively instead of in the wasm engine
	Race           bool     `json:"race,omitempty"`        // with the race detector
	Debug          bool     `json:"-"`                     // for a debugger
	Blocks         bool     `json:"-"`                     // the code under test notes which of its blocks run
	EngineAsked    bool     `json:"engineAsked,omitempty"` // the user named the engine
	Contract       string   `json:"contract,omitempty"`    // the year of the course by which peers are judged
	Year           string   `json:"year,omitempty"`        // of the course, as it was given for code in its layout
	Env            []string `json:"env,omitempty"`
	MemoryLimit    int64    `json:"memoryLimitBytes,omitempty"`
	CPU            float64  `json:"cpuLimitSeconds,omitempty"`
	Scenario       string   `json:"scenario,omitempty"` // what is different in the runs (package scenario)
	ScenarioFile   string   `json:"-"`                  // where it comes from, as the user calls it
	// Numbering is how cases are called, which changes nothing of a run.
	Numbering Numbering `json:"numbering,omitempty"`
}

// Build is one compiled test binary.
type Build struct {
	Package   string   `json:"package"` // "./raft"
	ID        string   `json:"id"`
	Source    string   `json:"source,omitempty"` // of the code; equal for both engines, unlike ID
	GoVersion string   `json:"goVersion"`
	Overlay   string   `json:"overlay"` // version of the edits of the Go runtime
	Notes     []string `json:"notes,omitempty"`
	// Warnings are what a person should look at in the code under test: package variables that
	// change.
	Warnings []string `json:"warnings,omitempty"`
}

// Fault is one reason why code was not built: a refusal with its place, or the compiler's output.
type Fault struct {
	Kind string `json:"kind"`           // "tampering" or "compile error"
	File string `json:"file,omitempty"` // begins with what was given to --impl
	Line int    `json:"line,omitempty"`
	Text string `json:"text"`
}

// String is the fault as a compiler would print it.
func (f Fault) String() string {
	if f.File == "" {
		return f.Text
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text)
}

// CaseResult is one case over all its seeds.
type CaseResult struct {
	Case string `json:"case"` // "2A/InitialElection"
	Lab  string `json:"lab"`
	Part string `json:"part"`
	Name string `json:"name"`
	// Course is the course's test that demands the same, if there is one.
	Course string `json:"course,omitempty"`
	// Outcome is pass if all seeds passed, or that of the first failing seed. A seed without a
	// judgement (ungraded, inconclusive, framework error) counts as failing only where no other
	// does.
	Outcome record.Outcome `json:"outcome"`
	Reason  string         `json:"reason,omitempty"` // of an outcome that no run has
	Points  int            `json:"points"`
	// UpperPoints is more than Points where there is no judgement: a person decides.
	UpperPoints int `json:"upperPoints"`
	MaxPoints   int `json:"maxPoints"`
	// Seeds is how many were asked for, Passed how many of them passed.
	Seeds        int         `json:"seeds"`
	Passed       int         `json:"passed"`
	FirstFailing uint64      `json:"firstFailingSeed,omitempty"`
	Virtual      float64     `json:"virtualSeconds"` // sum over the runs
	CPU          float64     `json:"cpuSeconds"`
	NotReached   []string    `json:"notReached,omitempty"` // situations the case exists for that no seed produced
	Runs         []RunResult `json:"runs"`

	pkg string // whose test binary ran it
}

// RunResult is one run: a case with one seed.
type RunResult struct {
	Seed       uint64         `json:"seed"`
	Outcome    record.Outcome `json:"outcome"`
	Rule       string         `json:"rule,omitempty"`
	Section    string         `json:"section,omitempty"`
	Message    string         `json:"message,omitempty"`
	At         float64        `json:"atSeconds"` // virtual time of the verdict
	Peers      []int          `json:"peers,omitempty"`
	Stack      string         `json:"stack,omitempty"`
	Hash       string         `json:"hash"` // of the trace
	Virtual    float64        `json:"virtualSeconds"`
	CPU        float64        `json:"cpuSeconds"`
	Wall       float64        `json:"wallSeconds"`
	GCs        int            `json:"gcs"`
	Idle       uint64         `json:"idle"`
	RPCs       int            `json:"rpcs"`
	Judged     int            `json:"judged,omitempty"` // operations in histories that were found linearizable
	Bytes      int64          `json:"bytes"`
	Peaks      record.Peaks   `json:"peaks"`
	NotChecked []string       `json:"notChecked,omitempty"`
	// Why is the reason for each of them.
	Why      map[string]string `json:"whyNotChecked,omitempty"`
	Warnings []string          `json:"warnings,omitempty"`
	Reached  []string          `json:"reached,omitempty"`
	Notes    []string          `json:"notes,omitempty"`
	Retried  bool              `json:"retried,omitempty"`
	// Confirmed is what became of a failure when it was repeated in the wasm engine: "same run",
	// "another run", or nothing.
	Confirmed string `json:"confirmed,omitempty"`
	// Code is where in the code under test a failure shows first, of those that are told in full.
	Code   []Place `json:"code,omitempty"`
	Replay string  `json:"replay"` // the command
}

// AddCases fills in the results of items from finished runs. replay makes the command that
// repeats a run.
func (r *Report) AddCases(items []Item, finished []Finished, replay func(Case, uint64) string) {
	byCase := map[string][]Finished{}
	for _, f := range finished {
		byCase[f.Case.ID()] = append(byCase[f.Case.ID()], f)
	}
	for _, item := range items {
		c := caseResult(item, byCase[item.Case.ID()], replay)
		r.Points += c.Points
		r.UpperPoints += c.UpperPoints
		r.MaxPoints += c.MaxPoints
		r.Cases = append(r.Cases, c)
	}
}

// AddUnbuilt says of every item that it could not run, and why.
func (r *Report) AddUnbuilt(items []Item, outcome record.Outcome) {
	for _, item := range items {
		c := caseResult(item, nil, nil)
		c.Outcome = outcome
		c.judgeLater()
		r.UpperPoints += c.UpperPoints
		r.MaxPoints += c.MaxPoints
		r.Cases = append(r.Cases, c)
	}
}

// JoinFaults adds faults to others, each once: what a service runs on is compiled with it.
func JoinFaults(all, more []Fault) []Fault {
	for _, f := range more {
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}

func caseResult(item Item, finished []Finished, replay func(Case, uint64) string) CaseResult {
	k := item.Case
	c := CaseResult{Case: k.ID(), Lab: k.Lab, Part: k.Part, Name: k.Name, Course: k.Course, MaxPoints: k.Points,
		Seeds: len(item.Seeds), Outcome: NotRun, Runs: []RunResult{}, pkg: k.Package}
	missing := slices.Clone(k.Reaches)
	skipped := false
	for _, f := range finished { // in the order of the seeds
		skipped = skipped || f.State == Skipped
		if f.State != Ran {
			continue
		}
		run := NewRunResult(f)
		run.Replay = replay(k, f.Seed)
		c.Runs = append(c.Runs, run)
		c.Virtual = micro(c.Virtual + run.Virtual)
		c.CPU = micro(c.CPU + run.CPU)
		missing = slices.DeleteFunc(missing, func(s string) bool { return slices.Contains(run.Reached, s) })
		if run.Outcome == record.Pass {
			c.Passed++
		} else if c.FirstFailing == 0 || run.Outcome.Decided() && !c.Outcome.Decided() {
			c.FirstFailing, c.Outcome = f.Seed, run.Outcome
		}
	}
	switch {
	case c.FirstFailing != 0:
	case c.Passed == c.Seeds:
		c.Outcome, c.Points = record.Pass, c.MaxPoints
		c.NotReached = missing
	case skipped:
		c.Outcome, c.Reason = record.Ungraded, "not run: too many runs before it were ungraded"
	case c.Passed > 0:
		c.Outcome = Incomplete
	}
	c.judgeLater()
	return c
}

// judgeLater leaves the points of a case without a judgement open: it keeps its place in the sum,
// and a person decides.
func (c *CaseResult) judgeLater() {
	if c.UpperPoints = c.Points; !c.Outcome.Decided() {
		c.UpperPoints = c.MaxPoints
	}
}

// Undecided returns the cases without a judgement.
func (r *Report) Undecided() []CaseResult {
	return slices.DeleteFunc(slices.Clone(r.Cases), func(c CaseResult) bool { return c.Outcome.Decided() })
}

// points are points as a range where a part of them is open: "60-100".
func points(least, most int) string {
	if least == most {
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d-%d", least, most)
}

// NewRunResult returns what a report says about a finished run, but for the replay command.
func NewRunResult(f Finished) RunResult {
	res, v := f.Result, f.Result.Verdict
	return plain.Strings(RunResult{ // what the code under test says and is called ends in there
		Seed: f.Seed, Outcome: v.Outcome, Rule: v.Rule, Section: v.Section, Message: v.Message,
		At: seconds(v.Time), Peers: v.Peers, Stack: v.Stack, Hash: res.Hash,
		Virtual: seconds(res.Virtual), CPU: seconds(res.CPU), Wall: seconds(res.Wall),
		GCs: res.GCs, Idle: res.Idle, RPCs: v.RPCs, Bytes: v.Bytes, Peaks: v.Peaks, Judged: v.Judged,
		NotChecked: v.NotChecked, Why: v.Why, Warnings: slices.Concat(v.Warnings, polls(res), unmatched(v)), Reached: v.Reached, Notes: res.Notes, Retried: res.Retried,
	})
}

// A run is full of polling if it wakes more often than this in each second, for at least so long.
// The reference comes to 1,300, with twenty clients. Of 44 solutions of others five come to more than
// 2,500 in more than two cases: their goroutines look every millisecond, or they have many that do.
const (
	manyWakes  = 2500
	longEnough = 10 * time.Second // below that, a few busy moments are all there is
)

// polls warns of code that looks again and again whether there is something to do. Nothing is wrong
// with what it does, but each look costs processor time: here, and on any machine.
func polls(res sim.Result) []string {
	if res.Virtual < longEnough || float64(res.Idle) < manyWakes*res.Virtual.Seconds() {
		return nil
	}
	return []string{fmt.Sprintf("polling: something wakes more than %d times in each second, and mostly finds nothing to do; that costs up to 30 times the "+
		"processor time. Let goroutines wait on a channel or a sync.Cond instead of sleeping a little and looking again", manyWakes)}
}

// unmatched warns of a scenario's lines about things that were not in the run.
func unmatched(v record.Verdict) (all []string) {
	for _, line := range v.Unmatched {
		text := fmt.Sprintf("the line %q of the scenario matches nothing", line)
		if instead := v.Instead[line]; instead != "" {
			text += ": until its end this run has " + instead
		}
		all = append(all, text)
	}
	return all
}

// seconds keeps microseconds: enough for people and machines, and no digits that mean nothing.
func seconds(d time.Duration) float64 { return micro(d.Seconds()) }

func micro(s float64) float64 { return math.Round(s*1e6) / 1e6 }
