// Package porcupine is lab "porcupine": long histories of many clients under composed faults, for every
// read path of a key/value service and several mixes of the peers' extensions, judged by porcupine.
//
//	          nemesis: links, crashes, weather, clocks, transfers
//	             |
//	seat 0     servers 0..2 or 0..4, on Raft peers
//	seat 1  ->   |
//	 ...         |
//	seat 19    history -> model, key by key
//
// A seat is one client after another: now and then one dies in the middle of an operation, whose outcome
// nobody knows then, and another takes its seat. A seat uses two keys, a key has five seats, so that
// there is contention on every key, and histories can still be judged.
//
// The seed draws the number of servers, the dialect (classic or versioned) if the service speaks both,
// whether and how often there are snapshots, the loads and the faults.
//
// The cases take seconds each and are graded nowhere; they run when they are asked for:
//
//	raftlab test porcupine --seeds 1-5      # or make porcupine: 100,000 operations and more
//	raftlab test P/Lease P/LeaseEverything --seeds 1-100
//	go test ./kvraft -run Porcupine -porcupine -v
//
// Either prints how many operations there were in the histories that were found linearizable. A history that is
// not is drawn, faults and all, to a page whose name stands beside the command that replays the run.
//
// Contents:
//
//   - table.go: [Lab], the cases
//   - run.go: [Run]
//   - trial.go: one service under faults, and its end
//   - seat.go: what clients do
//
// Below it are the packages of porcupine-tests: model, what a service may answer; history, what it did
// answer; nemesis, the faults.
package porcupine
