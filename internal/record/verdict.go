package record

import "time"

// Outcome is how a run ended.
type Outcome string

// The outcomes. Only Pass earns points. The last three are no judgement on the code under test,
// which [Outcome.Decided] tells.
const (
	Pass           Outcome = "pass"
	Fail           Outcome = "fail"            // a check of the case, or an online check, found a fault
	Stuck          Outcome = "stuck"           // the case waited inside the code under test for too much virtual time
	BusyLoop       Outcome = "busy loop"       // a loop of the code under test never waits
	Flood          Outcome = "flood"           // more goroutines, timers, output or collections than a run may have
	OutOfMemory    Outcome = "out of memory"   // the run wanted more memory than it may have
	Crash          Outcome = "crash"           // a panic or a fatal error in the code under test, or it ended the process
	Tampering      Outcome = "tampering"       // the code under test used what it may not use
	NotChecked     Outcome = "not checked"     // the code says that it cannot be given what the case needs
	Ungraded       Outcome = "ungraded"        // the run took more processor time than a guard allows: a person decides
	Inconclusive   Outcome = "inconclusive"    // the harness cannot tell, or the run was interrupted
	FrameworkError Outcome = "framework error" // the harness or the engine itself failed
)

// Decided says that an outcome is a judgement on the code under test: the same on every machine.
func (o Outcome) Decided() bool {
	switch o {
	case "", Ungraded, Inconclusive, FrameworkError:
		return false
	}
	return true
}

// Failed says that an outcome is a judgement, and against the code under test.
func (o Outcome) Failed() bool { return o.Decided() && o != Pass && o != NotChecked }

// LongEnough is the rule of a run that [Params].Until has ended. It is ungraded.
const LongEnough = "long enough"

// Verdict is the end of a run.
type Verdict struct {
	// Secret is the word the host gave to the harness; the engine ignores a verdict without it.
	Secret string `json:"secret,omitempty"`

	Outcome Outcome `json:"outcome"`
	// Rule names in a few words what was broken: "two leaders in a term". Mutants name the rule
	// that is expected to kill them, so rules are constants in package tester.
	Rule    string `json:"rule,omitempty"`
	Section string `json:"section,omitempty"` // of the Raft paper: "§5.2"
	Message string `json:"message,omitempty"` // one or two lines for a person
	// Time is the virtual time since the case began.
	Time  time.Duration `json:"time"`
	Peers []int         `json:"peers,omitempty"` // the peers that the message is about
	Stack string        `json:"stack,omitempty"` // of crashes, stuck and busy loops
	// NotChecked lists rules that could not be checked: a peer's RPCs may have a shape that the
	// harness does not recognise, or the peer may lack what a case needs.
	NotChecked []string `json:"notChecked,omitempty"`
	// Why is the reason for each of them.
	Why       map[string]string `json:"whyNotChecked,omitempty"`
	Warnings  []string          `json:"warnings,omitempty"`  // leftover goroutines, labgob's warnings
	Reached   []string          `json:"reached,omitempty"`   // situations (raftapi.Reached), sorted
	Unmatched []string          `json:"unmatched,omitempty"` // lines of the scenario about things that did not occur
	Instead   map[string]string `json:"instead,omitempty"`   // for each of these lines, what there was: "there are crash 1 to 6"
	// Ran has a bit for each block of the code under test, if the build asked for them
	// (sim.Binary.Blocks).
	Ran []byte `json:"ran,omitempty"`
	// Moments is there if the run was asked about instants (Params.Instants).
	Moments *Moments `json:"moments,omitempty"`

	RPCs   int   `json:"rpcs,omitempty"`
	Judged int   `json:"judged,omitempty"` // operations of clients in histories that were found linearizable
	Bytes  int64 `json:"bytes,omitempty"`
	Peaks  Peaks `json:"peaks"`
}

// Unchecked returns rules that were not checked, each with its reason.
func Unchecked(rules []string, why map[string]string) (texts []string) {
	for _, r := range rules {
		if why[r] != "" {
			r += ": " + why[r]
		}
		texts = append(texts, r)
	}
	return texts
}

// Moments tells which blocks of the code under test ran when. An instant is a virtual time, in
// which a peer handles a message, for example.
type Moments struct {
	Count int     `json:"count"` // of instants at which any block ran
	Often []int   `json:"often"` // at how many of them each block did
	Sets  [][]int `json:"sets"`  // the blocks that ran at each of Params.Instants
}
