// Package lab2 holds the cases of lab 2: what a Raft peer has to do, and what it must never do.
//
// A lab is a table, [Lab], and each row is a case: its part and name, its points, one line that
// says what it checks and why, the section of the Raft paper, and a function. The function tells a
// story in four steps, always the same: build a cluster, break something, observe, assert.
//
//	func oldLeaderStepsDown(e *tester.Env) {
//		c := newCluster(e, 3, tester.Options{})     // build
//		old, term := c.leadership()
//		c.Disconnect(old)                           // break
//		c.Leader()                                  // observe: the others elect another one
//		c.Connect(old)
//		c.waitUntilDeposed(old, term)               // assert
//	}
//
// # Two rules for whoever writes a case
//
// No case fails a correct peer. Peers differ in their timeouts (docs/timing.md says within which
// bounds), in how many entries they put into one message, in when they send them, in whether a new
// leader begins with a no-op. Leadership may change at any moment on an unreliable network. So a
// case asserts only what follows from the paper for each of them:
//
//   - indices grow, but the first command need not be at index 1
//   - a command that was accepted is not a command that will be committed
//   - while links are broken only safety is certain: a peer that hears nobody goes on starting
//     elections, and its terms depose a leader that works well (§9.6 of Ongaro's thesis has the
//     cure, and lab 2E asks for it). Progress is asserted after the network has healed.
//
// A wrong peer fails soon, and for a reason that names its mistake. Where a fault needs a
// certain order of events, the case makes that order, instead of waiting for luck:
//
//	staleVotes        nobody can hear the candidate any more when the late vote arrives
//	leaderAgain       what a leader knew about a log that has been rewritten meanwhile
//	figure8           the five servers, the crashes and the links of the paper's Figure 8
//	appendThenCrash   the peer dies between its write to stable storage and its answer
//
// The random cases (churn, swarm, figure8Random) look for what nobody thought of. Their loads are
// counted in operations, not in seconds: virtual time costs nothing, messages do.
//
// # Contents
//
//	lab2.go       Run, and what all cases share
//	table.go      Lab: the table; table_extensions.go: of 2E and 2F
//	cluster.go    a cluster with a ledger of what was promised to clients
//	election.go   2A: elections
//	votes.go      2A: whose vote counts, and when
//	news.go       2A, 2B: what replies say, and refusals; votes that meet writes
//	log.go        2B: agreement, also after failures
//	repair.go     2B: logs that have gone different ways
//	cost.go       2B: how many messages and bytes it may take
//	persist.go    2C: crashes and restarts
//	figure8.go    2C: §5.4.2, scripted and at random
//	churn.go      2C: clients, while everything changes
//	slow.go       2B, 2D: a service that takes its time
//	snapshot.go   2D: snapshots
//	install.go    2D: snapshots that meet other messages
//	beats.go      2D: snapshots in place of heartbeats
//	apart.go      2D: logs that begin at different indices
//	disk.go       2C: disks that take their time, and crashes in the middle of a write
//	topology.go   2A, 2B: bridge, ring, one-way links
//	prevote.go    2E: who cannot win does not raise the term
//	checkquorum.go 2F: leaders without a majority go, those with one stay
//	pipeline.go   2G: entries are sent while earlier ones are on their way
//	told.go       2G: news of commitments, and a limit on what is not committed
//	writes.go     2G: writes beside the mutex, and what is written together
//	line.go       2G: what is said while a write waits for the disk
//	swarm.go      one case per part: some of all faults, chosen by the seed
//
// # Private cases
//
// An instructor can have cases of their own, in their own module:
//
//	func TestLab2(t *testing.T) { lab2.Run(t, raft.Make, privateCases...) }
//
// where privateCases is a []tester.Case. They run, are listed and count like the others.
package lab2
