// Package porcupine holds labs "porcupine" and "porcupine-shards": long histories of many clients
// under composed faults, for every read path of a key/value service and several mixes of the peers'
// extensions, judged by porcupine; the first for services of one group, the second for sharded
// ones.
//
//	          nemesis: links, crashes, weather, clocks, transfers
//	             |
//	seat 0     servers 0..2 or 0..4, on Raft peers
//	seat 1  ->   |
//	 ...         |
//	seat 19    history -> model, key by key
//
// A seat is one client after another: now and then one dies in the middle of an operation, whose
// outcome nobody knows then, and another takes its seat. A seat uses two keys, a key has five
// seats, so that there is contention on every key, and histories can still be judged.
//
// The seed draws the number of servers, the dialect (classic or versioned) if the service speaks
// both, whether and how often there are snapshots, the loads and the faults.
//
// A sharded service has 2 to 4 groups beside its controller, and a government that lets groups join
// and leave and shards move all the time. Faults hit each group and the controller for itself, and
// the links between them:
//
//	controller  __[ alone ]_______[ crash of the leader ]_____________
//	group 1     ______[ crash of all ]________[ bridge ]______________
//	group 2     ___[ deaf, from all groups ]_______[ crash in a write ]
//	between     ________[ group 1 | all others ]_______[ strangers ]__
//	weather     _[ loss ]_________________[ duplicates ]______________
//	            join 2  | move 7 to 1 |  leave 1   |  join 1, 3
//
// The cases take seconds each and are graded nowhere; they run when they are asked for:
//
//	raftlab test porcupine --seeds 1-5      # or make porcupine: 100,000 operations and more
//	raftlab test P/Lease P/LeaseEverything --seeds 1-100
//	raftlab test porcupine-shards --seeds 1-5
//	go test ./kvraft ./shardkv -run Porcupine -porcupine -v
//
// Either prints how many operations there were in the histories that were found linearizable. A
// history that is not is drawn, faults and all, to a page whose name stands beside the command that
// replays the run.
//
// Contents:
//
//   - table.go: [Lab], [ShardLab], the cases
//   - run.go: [Run], [RunShards]
//   - trial.go: a service under faults, and its end
//   - single.go: a service of one group
//   - shards.go: a sharded service, and its government
//   - seat.go: what clients do
//
// Below it are the packages of porcupine-tests: model, what a service may answer; history, what it
// did answer; nemesis, the faults.
package porcupine
