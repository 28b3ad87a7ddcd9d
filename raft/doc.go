// Package raft is the reference peer of this course: the Raft of the paper "In Search of an
// Understandable Consensus Algorithm (Extended Version)" by Ongaro and Ousterhout, its Figure 2
// with persistence, the fast backup of nextIndex (end of §5.3) and snapshots (§7). Section numbers
// in comments are that paper's, and stand at the line that obeys the rule.
//
// # The idea
//
// A service wants to survive the failure of servers, so it runs on several, as a state machine:
// copies that start equal and apply the same commands in the same order stay equal. Raft
// keeps the list of commands, the log, the same on all servers:
//
//	client ---> Start(x) on the leader
//	               |
//	               |  AppendEntries                    index    1   2   3   4   5
//	               v                                 leader   | a | b | c | d | x |
//	            followers store x                    follower | a | b | c | d | x |  stored by a majority:
//	               |                                 follower | a | b | c |               committed
//	               v
//	            a majority has it: committed
//	               |
//	               v
//	            ApplyMsg{x} on every server, once, at index 5
//
// One server at a time leads. It alone decides where commands go, and the others copy it. Time is
// divided into terms, each with at most one leader; the term is in all messages, and whoever sees a
// newer one moves to it. A server is in one of three states (Figure 4):
//
//	                timeout,              timeout,
//	                starts election       new election
//	                    +------+            +--+
//	starts up           |      v            |  v     votes of a majority
//	  ------> follower -+    candidate -----+--+---------------------------> leader
//	             ^  ^              |                                           |
//	             |  +--------------+                                           |
//	             |   leader of its term, or newer term                         |
//	             +-------------------------------------------------------------+
//	                                         newer term
//
// # Why it is safe
//
// Two rules carry the weight. A candidate needs the votes of a majority, and nobody votes for a
// candidate whose log is less up-to-date than his own (§5.4.1): as a committed entry is on a majority,
// and two majorities share a server, every later leader has it. And an entry counts as
// committed by being on a majority only if it is of the leader's own term (§5.4.2, Figure 8).
// All this relies on memory: term, vote and log are on stable storage before anybody hears of them.
//
// # What a log looks like
//
//	          log.base            commitIndex        lastIndex
//	              v                    v                 v
//	+-------------+---+---+---+---+---+---+---+---+---+---+
//	|  snapshot   |  entries                              |
//	+-------------+---+---+---+---+---+---+---+---+---+---+
//	                        ^
//	                   lastApplied
//
//	[---- applied: never changes ----]
//	[---- committed: never changes ------]
//	                                       [-- may still be replaced by another leader --]
//
// # Goroutines
//
// All state is guarded by one mutex, held for short, and never across a call, a blocking send or a
// sleep. Each goroutine has one job:
//
//	one per peer        runElectionTimer   starts an election when nobody is heard for too long
//	one per peer        runApplier         sends on ApplyCh; the only one who does
//	leader: one         runReplicator      sends a follower what it lacks, or a heartbeat
//	  per follower
//	one per call        requestVote,       waits for the reply and deals with it
//	                    appendEntries,
//	                    installSnapshot
//	one per request     RequestVote, ...   the handlers, run by the network
//
// Kill ends the first three at once, and the fourth when the network gives up the call.
//
// Between asking and hearing the answer the world may change: terms pass, replies overtake each
// other, a request arrives twice. So whoever comes back from a call looks first whether the answer still
// matters (replyCounts), and judges it by what was asked, not by what would be asked now.
//
// # Where to find what
//
//   - raft.go: the state of a peer; Make, New, Start, GetState, Kill; changes of term
//   - election.go: the election timer, candidates, RequestVote (§5.2, §5.4.1)
//   - replication.go: the leader's side of AppendEntries; commitment (§5.3, §5.4.2)
//   - append.go: the follower's side of AppendEntries (§5.3)
//   - snapshot.go: Snapshot and InstallSnapshot (§7)
//   - apply.go: from the log to the service
//   - log.go: the log as a data structure, without any of the above
//   - persist.go, encode.go: what is stored, when, and in which form
//   - rpc.go: arguments and replies
//   - config.go: what can be set
//   - situations.go: what may happen to a peer and a test should have seen
package raft
