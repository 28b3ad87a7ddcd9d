package record

// Peaks is the most that there was of things with a limit in one run. Trace hashes do not depend on
// it.
type Peaks struct {
	Requests   uint64 `json:"requests"`   // of one sender within a second of virtual time
	Goroutines uint64 `json:"goroutines"` // alive at once, the harness's included
	Timers     uint64 `json:"timers"`     // set at once
	Turns      uint64 `json:"turns"`      // of goroutines, until everything waited
	Rounds     uint64 `json:"rounds"`     // of loops of the code under test, until everything waited
	Calls      uint64 `json:"calls"`      // of its functions, likewise
	Writes     uint64 `json:"writes"`     // to standard output and error, in all
	Printed    uint64 `json:"printed"`    // bytes, in all
	// TurnsInASecond, SetsInASecond and WaitsInASecond are within a second of virtual time: turns of
	// goroutines and timers that went off, timers that were set, and how often everything waited.
	TurnsInASecond uint64 `json:"turns_in_a_second"`
	SetsInASecond  uint64 `json:"sets_in_a_second"`
	WaitsInASecond uint64 `json:"waits_in_a_second"`
	Memory         int64  `json:"memory,omitempty"` // bytes that the guest grew to; nothing is known of native runs
}

// Max is the larger of each.
func (p Peaks) Max(q Peaks) Peaks {
	return Peaks{Requests: max(p.Requests, q.Requests), Goroutines: max(p.Goroutines, q.Goroutines), Timers: max(p.Timers, q.Timers),
		Turns: max(p.Turns, q.Turns), Rounds: max(p.Rounds, q.Rounds), Calls: max(p.Calls, q.Calls),
		TurnsInASecond: max(p.TurnsInASecond, q.TurnsInASecond), SetsInASecond: max(p.SetsInASecond, q.SetsInASecond),
		WaitsInASecond: max(p.WaitsInASecond, q.WaitsInASecond),
		Writes:         max(p.Writes, q.Writes), Printed: max(p.Printed, q.Printed), Memory: max(p.Memory, q.Memory)}
}
