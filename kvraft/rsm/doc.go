// Package rsm keeps copies of a state machine the same on several servers: a replicated state
// machine, over any Raft peer (raftapi.Raft). A service brings the machine, which is plain and
// deterministic ([Machine]); everything that makes it survive failures is here. The key/value
// server, the shard controller and the sharded server differ in their machines only.
//
//	handlers of the service      Open, Submit, Do              Read
//	                               |        ^                  |   ^
//	                        propose|        |outcome      index|   |look
//	+------------------------------|--------|------------------|---|-------------+
//	| RSM                          |   +---------+         +---------+            |
//	|                              |   | waiters |         | readers |            |
//	|                              |   +---------+         +---------+            |
//	|                              |        ^                   ^                 |
//	|                              |        +------ applier ----+----> state      |
//	|                              |                   ^               |          |
//	|                              v Start             | apply channel v Snapshot |
//	+----------------------------------------------------------------------------+
//	                          Raft peer  <-- AppendEntries -->  the other peers
//
// # What a service may count on
//
//   - All replicas apply the same commands in the same order.
//   - An operation that Submit has answered without error has been applied, and will not be lost.
//   - An operation of a session is applied at most once, however often it is submitted and
//     wherever. With the client repeating it until there is an answer, that is exactly once. The
//     memory for it is bounded, and part of every snapshot; sessions.go says what the bound costs.
//   - A read by any path but local sees every operation that was answered before it began.
//   - Every request is answered: at once when it is clear what becomes of it, also if leadership is
//     lost or the server killed; after Config.Patience otherwise. An error says whether the
//     operation may have been applied (errors.go).
//
// # Waiting
//
// The difficulty is not to apply commands. It is to tell the one who waits for a command what
// became of it, while leaders come and go, and entries are replaced:
//
//	index               5     6     7                      who waits at S1, and what is heard
//	S1, leader, term 3  | a | b | c |                      a, b, c
//	S1 is cut off; S2 leads in term 4
//	S2                  | a | x |                          -
//	S1 comes back       | a | x |                          a: its outcome. b: ErrNotLeader, for x has
//	                                                       its place. c: ErrUnknown, when S1 learns
//	                                                       of term 4; nothing may ever come to 7
//
// Each proposal carries a random id, and a waiter accepts no other at its index (command.go).
//
// # Goroutines
//
//	one per replica      runApplier     consumes the apply channel; alone changes the state
//	one per replica      runWatch       looks whether the peer still leads, while somebody waits
//	one per replica      rounds.run     makes ReadIndex requests for all who read at the time
//	one per request for  rounds.serve   waits for the peer's answer
//	a read index
//
// One mutex guards what they share. It is not held across a call of the peer. All end with Kill;
// the last as soon as the peer lets go of it.
//
// # Where to find what
//
//   - rsm.go: configuration, New, Kill, refusing when too far behind
//   - submit.go: from a request to an entry, and waiting for it
//   - apply.go: from entries to the state; snapshots
//   - read.go, rounds.go: reading without writing
//   - ownterm.go: what a new leader has to commit before it knows what is committed
//   - errors.go: how a request may end
//   - courier.go: the client's side, for clerks of any service
//
// and without goroutine or lock, tested alone:
//
//   - state.go: machine, sessions and position, and how a command changes them
//   - sessions.go: exactly once
//   - waiters.go: who waits for what
//   - command.go: what stands in the log
package rsm
