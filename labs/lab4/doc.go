// Package lab4 holds the cases of lab 4: what a shard controller owes (4A), and what the groups owe that act on it (4B, 4C).
//
// A case starts a controller, sets administrators to work, breaks something, mends it, asks for all
// configurations there are, and has the history of what was asked and answered judged by package
// porcupine-tests/configs: is every configuration one that somebody asked for, well spread, and no more
// moved than need be? And is there one order of the requests that explains what everybody saw?
//
//	func leaderCrashes(e *tester.Env) {
//		c := startController(e, setup{})                // three servers
//		l := c.load(mix{admins: 4, each: 10})           // administrators, who go on
//		for range 4 {
//			leader := c.Leader()
//			c.Crash(leader)
//			c.pause(500 * time.Millisecond)
//			c.Restart(leader)
//		}
//		c.ends(l)                                       // mend, finish, read all, judge
//	}
//
// # For whoever writes a case
//
// No case fails a correct controller. Where shards go is its own choice, as long as they are spread
// evenly and no more move than need to. It may answer a request that changes nothing (a join of
// members, a leave of others) with a new configuration or without. What nobody has specified is not
// tried: a move to a group that is no member, an empty join, a gid that is not positive.
//
// # Contents
//
//	lab4.go        Run
//	table.go       Lab: the table
//	servers.go     what all cases of the lab use
//	controller.go  a controller under test, and the end of most cases
//	admin.go       a client of the controller; several of them at work
//	changes.go     4A: joins, leaves and moves, while nothing fails
//	replicas.go    4A: many clients, crashes, partitions, lost messages
//	service.go     4B, 4C: the service under test (package sharded starts it), and the end of most cases
//	people.go      4B, 4C: who changes configurations; users, and several of them at work
//	sharded.go     4B, 4C: their rows of the table
//	moving.go      4B: shards move, and no server fails
//	failing.go     4B: servers of groups fail meanwhile
//	control.go     4B: the controller fails meanwhile
//	progress.go    4C: what is served, and how soon
//	garbage.go     4C: what is deleted, and when
//	mishaps.go     4C: some of all faults, drawn by the seed
package lab4
