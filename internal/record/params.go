package record

import "time"

// Params is what the host tells a run before it starts: the engine through a host call, a native
// parent process through the environment.
type Params struct {
	Case   string `json:"case"` // "2A/InitialElection"
	Seed   uint64 `json:"seed"`
	Secret string `json:"secret,omitempty"`
	// Strict makes a goroutine that is left over after Kill a failure instead of a warning.
	Strict bool `json:"strict,omitempty"`
	// With are extensions (raftapi.Extensions) that all peers are to have.
	With []string `json:"with,omitempty"`
	// Contract is the year of the course whose contract the peers keep; "" is the strict one.
	Contract string `json:"contract,omitempty"`
	// Detail asks for the decoded arguments of RPCs as well. It changes nothing else in the run.
	Detail bool `json:"detail,omitempty"`
	// Scenario says what differs in the run (package scenario).
	Scenario string `json:"scenario,omitempty"`
	// Anew draws whatever is decided by chance after this virtual time from other numbers, which
	// the salt names. 0: never.
	Anew time.Duration `json:"anew,omitempty"`
	Salt uint64        `json:"salt,omitempty"`
	// Until ends the run at the first full second after this virtual time, without a verdict. A run
	// that comes to its end before is the same as without it. 0: never.
	Until time.Duration `json:"until,omitempty"`
	// Instants are virtual times; a build with blocks tells which of them ran at each (Verdict.Moments).
	Instants []time.Duration `json:"instants,omitempty"`
}
