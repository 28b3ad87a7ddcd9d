// Package mvcc is a store that keeps every version of every key until it is compacted, as etcd's
// does.
//
//	revision   1     2      3          4        5
//	              put a  put b     put a     delete a
//	                        txn: put c
//	                        (3,0) (3,1)
//
// A revision is what one write has done, which may be many keys: the main revision counts writes,
// the sub revision counts within one. The state at revision r is what all writes up to r have left.
//
//   - The database has a row for each change, under its revision: "key" rows are (main, sub) -> key
//     and value, and a mark where the key was deleted. The format is etcd's.
//   - The index, in memory, has for each key at which revisions it was changed. It is made from the
//     rows at the start.
//   - Compaction at revision r forgets what no state at r or later needs. It is decided at once, as
//     a part of the log, and done by and by, in the background; a crash in the middle is noticed at
//     the next start.
//   - Whoever watches gets all changes from a revision on, each once and in order. Recent ones come
//     from memory, older ones from the database: a watcher that is slow costs no memory.
//
// # What is where
//
//   - revision.go: revisions as bytes; index.go: the index; store.go: [Store], opening and reading;
//     write.go: [Writer]
//   - compact.go: compaction; hash.go: checksums at a revision; watch.go, recent.go: [Watcher]
package mvcc
