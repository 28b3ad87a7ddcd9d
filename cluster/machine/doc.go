// Package machine is the state machine behind etcd's API: what a request does to the store, to
// leases and to alarms. It is the same on every member, for it depends on nothing but the log.
//
//		log entry (items) --Apply--> mvcc.Store, lease.Lessor, alarms --> backend: rows and applied index, together
//
//	  - machine.go: [Machine]; item.go: requests and results as bytes; ops.go: put, range, delete; txn.go: transactions
//	  - admin.go: compaction, leases, alarms; check.go: what is refused before it gets into the log
package machine
