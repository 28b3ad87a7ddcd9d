// Package chaos runs a cluster of processes, does to them what machines do, and has the histories
// of its clients judged. The members' disks lose what was not synced when their power fails
// ([disk.Fragile]).
//
//	clients ---> members ---> logs on fragile disks
//	   |            ^  kill -9, loss of power, SIGSTOP, cuts, full disks, failing fsyncs, crashes in a swap
//	   |            |
//	recorder      the plan, drawn from a seed
//	   |
//	   v
//	porcupine's model: is there an order of all operations that explains every answer?
//
// What is judged: every answer, so that a write which was acknowledged and is lost, or is there
// twice, shows in the reads behind it; that all members come to the same data in the end; that
// nobody ends by itself; and that the cluster serves again within a minute after each fault. A
// watcher asks all members all the time, for what no client can see: invariants, which are reported
// by their names with how often they were looked at.
//
//   - chaos.go: [Run]; faults.go: the plan, and what is done; disks.go: what is done to disks
//   - clients.go: operations and their record; watch.go: [Invariant]
package chaos
