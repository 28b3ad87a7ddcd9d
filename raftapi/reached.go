package raftapi

import "sync/atomic"

var reached atomic.Pointer[func(situation string)]

// Reached says that the run has come to a situation which some test case exists for, such as
// "conflicting suffix truncated". A run of the reference tells which situations a case has really
// produced; outside such a run the call does nothing.
func Reached(situation string) {
	if f := reached.Load(); f != nil {
		(*f)(situation)
	}
}

// OnReached installs the function that hears of every [Reached]; nil removes it. It is for the
// harness. f is called on the peers' goroutines, with their locks held, so it must neither block
// nor call a peer; a call that is under way when it is removed still reaches it.
func OnReached(f func(situation string)) {
	if f == nil {
		reached.Store(nil)
		return
	}
	reached.Store(&f)
}
