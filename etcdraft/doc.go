// Package etcdraft runs etcd's own Raft, the library go.etcd.io/raft/v3, under the labs: behind the
// interface that students implement, so that the same cases judge both, and the same service runs
// on either. `raftlab test --impl etcdraft` does it, or natively `go test ./etcdraft -run Lab2`.
//
// # Another cut through the same algorithm
//
// A peer in the manner of Figure 2 is a server with goroutines, timers and RPC handlers. The
// library is none of these. It is a state machine: messages, proposals and ticks go in, and a Ready
// comes out, which says what has to be stored, sent and applied. It does no I/O, knows no clock and
// starts no goroutine; all of that is this package:
//
//	Start    Exchange (RPC)   time.Ticker
//	  |            |               |
//	Propose      Step            Tick                    in, from any goroutine, under mu
//	  v            v               v
//	+--------------------------------------+
//	|  raft.RawNode                        |<--- reads --- raft.MemoryStorage
//	+--------------------------------------+                     ^
//	  |                              ^                           |
//	Ready                         Advance                        | then shown to the library
//	  v                              |                           |
//	+--------------------------------------+                     |
//	|  run, turn: one loop per peer        |--- first stored --> raftapi.Persister
//	+--------------------------------------+
//	  |                    |
//	Messages          CommittedEntries, Snapshot
//	  v                    v
//	one bundle          queue ---> runApplier ---> ApplyCh
//	per peer
//
// What is given up is that the algorithm can be read from top to bottom. What is gained is that it
// can be tested without time, network and disk (the library's own tests drive it by hand), and that
// the order of storing and sending is in one place, turn.
//
// # The mapping
//
//	Figure 2, the labs                      the library
//	-------------------------------------   ---------------------------------------------------
//	peer 0, 1, 2                            ids 1, 2, 3; 0 is nobody (raft.None)
//	currentTerm, votedFor                   HardState, which holds commitIndex, too
//	index of a command                      raft index without the empty entries (indices.go)
//	RequestVote, AppendEntries and reply    MsgVote, MsgVoteResp, MsgApp, MsgAppResp: single messages
//	heartbeat = empty AppendEntries         MsgHeartbeat, which carries no log position
//	InstallSnapshot                         MsgSnap, after which the sender waits for a report
//	election timeout 150 to 300 ms          15 to 29 ticks of 20 ms
//	a committed entry is applied            CommittedEntries of some Ready; replayed after a restart
//
// # Traps
//
// Each has a comment where it is avoided, and most a test:
//
//   - ids begin at 1; the peers are told by a snapshot at index 0 (config.go, restore)
//   - a leader's empty entry is no command, and indices are promised without it (indices.go, Start)
//   - Ready, store, send, apply, Advance: in this order, one at a time (turn)
//   - a term must not be seen before it is stored (noteState), a vote not be sent (fromLeader)
//   - the service calls back while it takes from the channel (runApplier)
//   - a lost MsgSnap that nobody reports strands the follower (call)
//   - a stored commit index older than the snapshot is refused at the next start (snapshot)
//   - reads are dropped without a word, need a fresh context each, share no round that is under
//     way, and wait for the raft index, not the command index (read.go)
//   - CheckQuorum has an isolated leader refuse Start after a while, which Figure 2's never does
//   - ReadOnlyLeaseBased is no lease (Config.UnsafeLease)
//
// What the harness checks online by looking into RPCs (two votes in a term, say) it cannot check
// here: a bundle holds marshalled messages. It says "not checked", and judges by what peers say and
// apply.
//
// # Contents
//
//   - [Make], [New], [Config], [Peer]: peer.go, config.go
//   - the loop around RawNode: loop.go; what goes over the network: transport.go; to disk:
//     storage.go
//   - indices.go, command.go: counting and encoding commands
//   - read.go: ReadIndex, shared and repeated as etcd's server does
//   - raft: the package that stands in for raftlab/raft
package etcdraft
