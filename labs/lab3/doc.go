// Package lab3 holds the cases of lab 3: what clients of a replicated key/value service may see,
// and what it may cost.
//
// A case starts a service, sets clients to work, breaks something, mends it, and has the history of
// what the clients saw judged by porcupine (package porcupine-tests/model): is there one order of
// the operations, within the times at which they went on, that explains all answers?
//
//	func leaderCrashes(e *tester.Env) {
//		s := start(e, setup{reads: kvapi.ReadLog})      // three servers
//		l := s.load(kit.Mix{Users: 4, Each: 25, Keys: kit.Letters(2)})   // clients, who go on
//		for range 4 {
//			leader := s.Leader()
//			s.Crash(leader)
//			s.Idle(500 * time.Millisecond)
//			s.Restart(leader)
//		}
//		s.ends(l)                                       // mend, finish, read all, judge
//	}
//
// # Services of both kinds
//
// The cases say put, append, get; a [user] turns that into the calls of one of two dialects, the
// classic one of 6.824 (Put, Append, Get) or the versioned one of 6.5840 (Put on a condition, Get
// with a version). What is recorded are the calls themselves, and each dialect has its own model. A
// service that speaks both is asked in one or the other, as the seed says.
//
// # For whoever writes a case
//
// No case fails a correct service. It may answer at once or when it looks next, may keep sessions
// or none, may refuse or wait; its peers differ as lab 2 allows. What a service owes is in
// docs/lab3.md: linearizable answers always, answers at all (tester.ProgressLimit) when a majority
// is well and can be reached, and in 3B to 3E what their read paths and snapshots are for.
//
// Judging is a search that can take for ever, so histories have to be easy: few keys but not one
// for all, a handful of clients, values that are never used twice (model.Value). If its budget runs
// out, a run is inconclusive, never passed. Loads are counted in operations.
//
// # Contents
//
//	lab3.go       Run
//	table.go      Lab: the table
//	service.go    a service under test, and the end of most cases
//	user.go       a client of either dialect
//	basic.go      3A: while nothing fails
//	failures.go   3A: crashes, partitions, lost messages; some of them for every read path
//	overload.go   3A: a server that is behind
//	snapshots.go  3B
//	index.go      3C: ReadIndex at the leader
//	followers.go  3D: reads at any server
//	lease.go      3E: lease reads
//	rival.go      3E: the promise that leases count on
//	transfer.go   3E: leaders that hand over
//	swarm.go      some of all faults, chosen by the seed
//	picture_*.go  where the picture of a bad history goes
package lab3
