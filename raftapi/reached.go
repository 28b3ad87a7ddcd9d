package raftapi

var reached func(situation string)

// Reached says that the run has come to a situation which some test case exists for, such as
// "conflicting suffix truncated". A run of the reference tells which situations a case has really
// produced; outside such a run the call does nothing.
func Reached(situation string) {
	if reached != nil {
		reached(situation)
	}
}

// OnReached installs the function that hears of every [Reached]; nil removes it. It is for the
// harness, before any peer runs. f is called with the peer's locks held, so it must neither block
// nor call the peer.
func OnReached(f func(situation string)) { reached = f }
