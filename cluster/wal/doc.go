// Package wal keeps what a Raft peer must not forget in a log on disk: it is a raftapi.Storage that
// keeps its promises. When Write or Save returns, what was written survives kill -9 and a loss of
// power.
//
//	wal/
//	  LOCK                      one process at a time
//	  RESERVE                   room on the disk for the day on which it is full
//	  0000000000000001.wal      segments: groups of records, one behind the other
//	  0000000000000002.wal
//	  0000000000000017.snap     the snapshot that the newest record of one names
//
//	segment   | header, 512 bytes | base group | group | group | ... | zeros to the end, 64 MiB in all |
//	group     | magic | length | number | CRC of the group before | CRC | records | padding to 8 bytes |
//
// # Rules
//
//   - A group is one write of the peer: it is there entirely or not at all. Its CRC covers that of
//     the group before, so the groups form a chain.
//   - Group n+1 is not written before group n is synced. So after a crash only the last group can
//     be damaged. It was never answered for: it is cut off, the rest of the file is zeroed, and
//     that is synced.
//   - A damaged group with a sound one behind it was not damaged by a crash: the log is refused,
//     with file and offset. A disk that lets the very last group rot cannot be told from a crash,
//     and loses that group.
//   - A segment gets its name when it is complete with header and base and synced; so does a
//     snapshot. Its name is durable before anything refers to it.
//   - On opening, everything is synced before the peer hears of it. After kill -9 the system still
//     shows what was never synced; the peer would vouch for it, and a loss of power take it away.
//   - The base of a segment repeats all that is not a log entry, so that segments behind a snapshot
//     can go.
//   - A disk that fails is never asked again: the process stops ([Options.Fatal]). So does one that
//     is full; the reserve is given up, and once there is space again it can be started.
//
// # What is where
//
//   - wal.go: [Log], the storage; open.go: opening; segment.go: files; snapshot.go: snapshots as
//     files
//   - frame.go: groups as bytes; records.go: what is in them; replay.go: from records back to what
//     is stored
//   - scan.go: reading a directory, and telling a torn end from damage; dump.go: [Dump], [Verify]
package wal
