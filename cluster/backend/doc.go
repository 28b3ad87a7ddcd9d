// Package backend is the database below a store with revisions: bbolt, with what it has not stored
// yet in memory.
//
//	write transaction --End--> active layer --flush--> flushing layer --bbolt commit--> file
//	                               |                        |                            |
//	read transaction  <------------+------------------------+----------------------------+   newest first
//
// # Rules
//
//   - What one write transaction writes becomes visible at its End, all together, and it becomes
//     durable all together: layers change hands only between write transactions. A log entry is
//     written within one, with its index, so a crash leaves the file at some entry and never inside
//     one.
//   - The file is committed every 100 ms, or when 10,000 changes wait. Writers do not wait for the
//     disk, unless ten times as much waits: then memory would grow without bound.
//   - A layer knows what was deleted. A deletion is seen at once, and forces no commit.
//   - A read transaction sees what was there when it began, however long it lasts, and blocks
//     nobody.
//   - Defragmentation and the installation of a snapshot put another file in the place of the old
//     one, by a rename. They wait for read transactions to end, so those have to be short: whoever
//     sends the database to a client copies it first.
//
// # What is where
//
//   - backend.go: [Backend], opening and closing; layer.go: what is in memory; tx.go: [ReadTx],
//     [Tx]
//   - flush.go: on the way to the file; replace.go: another file; measure.go: sizes, hash, copies
//     of the file
package backend
