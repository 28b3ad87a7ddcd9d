// Package shardkv is a key/value service that is spread over many groups of servers. The keys are
// divided into shards; each shard is served by one group at a time, and moves to another one when
// the shard controller (package shardctrler) says so. Each group is a replicated state machine of
// its own (package rsm), so that shards are served at the same time by different groups, and each
// survives failures.
//
//	clerk                        controller             configuration 5
//	  | "x" is in shard 3,   +---+---+---+              shards 0-4: group 1
//	  | shard 3 is group 1's |   |   |   |  <-- peek -- shards 5-9: group 2
//	  v                      +---+---+---+              group 1: servers 1-0, 1-1, 1-2
//	+------- group 1 -------+   +------- group 2 -------+
//	| S1-0    S1-1    S1-2  |   | S2-0    S2-1    S2-2  |
//	| machine machine ...   |   | machine machine ...   |   shards, and what is owed to other groups
//	| rsm     rsm     rsm   |   | rsm     rsm     rsm   |
//	| raft    raft    raft  |   | raft    raft    raft  |   a log per group
//	+-----------------------+   +-----------------------+
//	            ^   Pull, Discard: between groups   ^
//	            +-----------------------------------+
//
// # The states of a shard
//
// A group goes from configuration to configuration, one number at a time, through its log: so all
// its servers do at the same place. For one shard and one group that looks like this:
//
//	                               adopt: ours, and nobody ever had it
//	     +-----------------------------------------------------------------+
//	     |                                                                 v
//	+--------+  adopt: ours, another      +---------+   install       +---------+
//	|  not   |  group had it              | awaited |   from the      | serving |--+ open, put,
//	|  here  |--------------------------->|         |-- old owner --->|         |<-+ append, get
//	+--------+                            +---------+                 +---------+
//	  ^    ^                            no configuration                |     |
//	  |    |                            is adopted meanwhile            |     | owed: the old owner is
//	  |    |                                                            |     | to be told, until settle
//	  |    |                  adopt: another's, or nobody's             |     v
//	  |    +------------------------------------------------------------+
//	  |                                        | puts aside
//	  |                                        v
//	  |                                   +---------+
//	  |  discard, from the new owner      |  kept   |  never changes; anybody may have it
//	  +---------------------------------- | (s, n)  |  who knows its name: shard s, taken
//	                                      +---------+  away by configuration n
//
// A kept shard has a name of its own, (s, n), because the same shard may have come back in the
// meantime, and may have gone again. Messages about a move name it, so that one that comes late or
// twice finds nothing to do.
//
// # A move
//
//	             group 1                                  group 2
//	log          leader                                   leader                          log
//	adopt 5      ... serves s                             ... does not                    adopt 5
//	adopt 6      puts (s, 6) aside                        awaits (s, 6)                   adopt 6
//	             <------------------ Pull (s, 6) ---------
//	             -- data and sessions ------------------->
//	                                                      serves s                        install (s, 6)
//	             <--------------- Discard (s, 6) ---------
//	discard (s, 6)
//	             -- OK ---------------------------------->                                settle (s, 6)
//
// Both groups adopt 6 whenever they get to it, in any order. Nothing here waits for the other
// direction, so two groups that exchange shards do not wait for each other. The shard is without
// service from the time when group 1 adopts 6 to the install. Each arrow may be lost, doubled, or
// cut off by a crash, at either side, since what a group has to do follows from its state
// (mover.go), which is in its log.
//
// # What a client may count on
//
//   - Operations are linearizable, whatever moves. A write is executed at a place in a log at which
//     its group has the shard; a read looks at shard and value at once, when everything has been
//     applied up to its read index (server.go).
//   - Each write is executed once. The sessions that see to it belong to a shard and move with it
//     (sessions.go).
//   - A shard is served as soon as it has arrived, while others are still under way; one that does
//     not move is always served. The price of adopting one configuration after the other: while a
//     shard is awaited from a group that is down, what later configurations say has to wait, too.
//   - What a group that leaves had goes to the others; also when all groups leave, and the next one
//     joins later.
//   - All this as long as a gid stands for the same servers for ever: servers that are new to it
//     would think, from the old configurations they go through, that they had what the others have.
//
// # Where to find what
//
//   - machine.go: the states above. With shard.go, sessions.go, op.go and snapshot.go it is plain
//     and deterministic, without lock, goroutine or network, and tested alone
//   - server.go: ShardKV and its handlers
//   - mover.go: what a group does by itself
//   - clerk.go: the client
//   - rpc.go: requests and replies
//   - options.go: what can be chosen; [Service], for the labs
//   - situations.go: what may happen to a server and a test should have seen
package shardkv
