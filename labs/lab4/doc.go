// Package lab4 holds the cases of lab 4: what a shard controller owes (4A), and what the groups owe
// that act on it (4B, 4C).
//
// A case starts a controller, sets administrators to work, breaks something, mends it, asks for all
// configurations there are, and has the history of what was asked and answered judged by package
// porcupine-tests/configs: is every configuration one that somebody asked for, well spread, and no
// more moved than need be? And is there one order of the requests that explains what everybody saw?
//
//	func leaderCrashes(e *tester.Env) {
//		c := startController(e, setup{})                // three servers
//		l := c.load(mix{admins: 4, each: 10})           // administrators, who go on
//		for range 4 {
//			leader := c.Leader()
//			c.Crash(leader)
//			c.Idle(500 * time.Millisecond)
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
// Names of files begin with the parts that use them.
//
//	lab4.go             Run
//	table.go            Lab: the table of 4A; table_sharded.go: of 4B and 4C
//	a_controller.go     4A: a controller under test, and the end of most cases
//	a_admin.go          4A: a client of the controller; several of them at work
//	a_changes.go        4A: joins, leaves and moves, while nothing fails
//	a_replicas.go       4A: many clients, crashes, partitions, lost messages
//	bc_service.go       4B, 4C: the service under test (package sharded starts it), and the end of most cases
//	bc_placement.go     4B, 4C: data is where the configuration says, and nowhere else
//	bc_people.go        4B, 4C: who changes configurations; users, and several of them at work
//	bc_mishaps.go       4B, 4C: some of all faults, drawn by the seed
//	b_moving.go         4B: shards move, and no server fails
//	b_late.go           4B: what arrives when the next journey is awaited
//	b_failing.go        4B: servers of groups fail meanwhile
//	b_control.go        4B: the controller fails meanwhile
//	c_progress.go       4C: what is served, and how soon
//	c_garbage.go        4C: what is deleted, and when
package lab4
