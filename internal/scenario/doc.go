// Package scenario reads and writes what differs in a run: this crash is left out, that message is
// lost.
//
//	# peer 1 is cut off, and that is all
//	case 2A/ReElection
//	seed 2
//	leave out every fault
//	play disconnect 1            # 0.9 s: peer 1 is cut off
//	leave out every loss
//	lose reply 17 of 0->2
//	until 1.3s                   # when the run fails
//
// Everything that happens to a run from outside has a key: the n-th fault of its kind in a cluster
// ("crash 3"), the n-th operation ("operation 4 of c1"), the n-th call from one peer to another
// ("17 of 0->2"). Keys do not depend on each other, and neither do the decisions that a run draws
// (docs/engine.md), so that leaving one thing out leaves the others where they are, as far as the
// code under test lets them be.
//
//	text --Parse--> Scenario --String--> record.Params --Parse--> the harness (tester, labrpc) asks it
//
// A line about one key counts more than a line about every one of its kind. docs/shrink.md is for
// users.
package scenario
