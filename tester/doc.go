// Package tester runs the cases of a lab: it builds clusters of peers on a simulated network,
// breaks them as the case says, watches what they do, and comes to a verdict.
//
// # A case
//
// A case is a function and a row in its lab's table. It reads like a story: build, break, observe,
// assert.
//
//	func oldLeaderReturns(e *tester.Env) {
//		c := e.NewCluster(e.Subject().(raftapi.MakeFunc), 3, tester.Options{})
//		old := c.Leader()
//		c.Disconnect(old)
//		c.Leader()           // somebody else; fails the case if there is nobody within ElectionLimit
//		c.Connect(old)
//		c.One("x", 3, true)  // all three apply it
//	}
//
// What helpers such as Leader wait for, and how long, is in timing.go and docs/timing.md.
// Assertions do not return: [Env.Fail] ends the case.
//
// # A run
//
// A run is a case with a seed. It has a process of its own: package process says which kinds there
// are.
//
// With -clock=real there is no bubble, with -inproc no child process. The code of this package and
// of the cases is the same everywhere. It uses package time, never the wall clock, and takes all
// randomness from streams that depend on seed and case ([Env.Rand]).
//
// # Verdicts
//
// The first to find something settles the verdict, on whatever goroutine and with whatever locks of
// the code under test held: the run ends there and then, and no recover in the code under test can
// stop that. See run.end. What can be found:
//
//   - the case fails an assertion ([Env.Fail])
//   - an online check fails (package watch)
//   - a call into a peer does not return: stuck (calls.go)
//   - a goroutine of a peer is left over after Kill (leftover.go)
//   - virtual time stands still: a frozen bubble (package process)
//   - a call into the code under test panics, or calls runtime.Goexit (border.go)
//   - a panic of ours or of the case: a framework error (run.guard)
//
// A pass is not the absence of all that. It is a statement after the case has returned and each
// goroutine that it or its clients started has said that it has come to its end: see run.play.
//
// # Rooms
//
//	tester            what a case sees: runs, clusters, servers, clients, faults
//	tester/watch      what is checked in every run: messages, answers, what peers apply
//	tester/process    the process around a run, its flags, and what users see of a failure
//	tester/rules      the names of what can be broken
//
// Arrows point down: watch and process know each other as little as they know this package. Whose
// the code on a stack is, internal/stacks says.
//
// # Contents
//
//   - tester.go: [Case], [Lab], [Run]; rules.go: rules as cases call them; timing.go: all limits
//   - env.go: [Env], a run as the case sees it; run.go: as it is; watched.go: as its watcher sees
//     it
//   - cluster.go: [Cluster], bare peers, and service.go, the service on them; servers.go,
//     client.go: [Servers] of a service, and their users; groups.go: [Groups], several Raft
//     clusters on one network; machines.go: what all have in common; extend.go: extensions, clocks
//   - life.go: a peer from start to crash; storage.go, disk.go: what survives it
//   - faults.go, links.go: crashes and networks in pieces
//   - leader.go, agree.go: what cases observe
//   - border.go: calls into the code under test, and values that come from there; calls.go: those
//     that do not return
//   - leftover.go: goroutines that are there after Kill
package tester
