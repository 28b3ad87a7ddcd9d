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
// candidate whose log is less up-to-date than his own (§5.4.1): as a committed entry is on a
// majority, and two majorities share a server, every later leader has it. And an entry counts as
// committed by being on a majority only if it is of the leader's own term (§5.4.2, Figure 8). All
// this relies on memory: term, vote and log are on stable storage before anybody hears of them.
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
//	Config.Disk: one    runWriter          writes what has been ordered, while there is something
//
// Kill ends the first three at once, and the fourth when the network gives up the call. The writer
// empties its queue first.
//
// Between asking and hearing the answer the world may change: terms pass, replies overtake each
// other, a request arrives twice. So whoever comes back from a call looks first whether the answer
// still matters (replyCounts), and judges it by what was asked, not by what would be asked now.
//
// # Extensions
//
// What Figure 2 leaves out, and what most implementations add, is off by default: Make gives the
// Raft of the paper. Each extension is one file and one field of [Config], which [New] takes and
// [Raft.Extend] sets by name, with parameters where it has some ([raftapi.Extension]). Section
// numbers in these files are those of Ongaro's dissertation "Consensus: Bridging Theory and
// Practice" (2014). The rules, and what breaks without each of them, stand at the top of the file.
//
//	file            Config field  name           source
//	-------------   ------------  -------------  ---------------
//	prevote.go      PreVote       "prevote"      §9.6
//	checkquorum.go  CheckQuorum   "checkquorum"  §6.2, §4.2.3
//	readindex.go    ReadIndex     "readindex"    §6.4
//	lease.go        LeaseRead     "lease"        §6.4.1
//	transfer.go     Transfer      "transfer"     §3.10
//	catchup.go      CatchUp...    "catchup"      etcd
//	pipeline.go,    Pipeline      "pipeline"     §10.2.2, etcd
//	early.go
//	load.go         (CatchUp, UncommittedLimit: nothing twice)
//	eager.go        EagerCommit   "eagercommit"  etcd
//	uncommitted.go  Uncommitted   "uncommitted   etcd
//	                Limit         limit"
//	disk.go         Disk          "disk"         §10.2.1, etcd
//	batch.go        Batch         "batch"        §10.2.2, etcd
//	applyruns.go    ApplyRuns     "applyruns"    etcd
//
//	             what it buys                            what it costs
//	-----------  --------------------------------------  ---------------------------------------
//	PreVote      who comes back raises no terms          a round trip per election; alone, liveness
//	                                                     where links are cut in part
//	CheckQuorum  a leader without a majority steps       a leader steps down in vain when all
//	             down; one bad link deposes nobody       answers are lost for a timeout
//	ReadIndex    reads without log and disk, also at     a round trip, which concurrent
//	             followers                               readers share
//	LeaseRead    reads without messages                  an assumption about clocks
//	Transfer     a planned change of leaders takes       two round trips without commands
//	             milliseconds, and no timeout
//	CatchUp      a follower that is a little behind      memory for some entries
//	             gets entries, not a whole snapshot
//	Pipeline     commands do not wait until others are   messages, where stop and wait sends
//	             answered                                many entries in one; a window of memory
//	EagerCommit  followers apply at once, not with the   a message per follower that waits,
//	             next heartbeat                          at most one at a time
//	Uncommitted  a leader without a majority keeps only  commands refused that might have been
//	Limit        so much                                 committed later
//	Disk         disks of leader and followers work at   two truths, in memory and on the disk, and a
//	             once; a peer hears while it writes      rule for each sentence that leaves
//	Batch        one write and one message for what      with Disk, a command that comes during a write
//	             comes together                          is sent when the next one begins
//	ApplyRuns    one lock for many entries               the service is told of them a bit later
//
// They meet the files of Figure 2 in a few lines each:
//
//	election timeout       startPreVote instead of startElection            (election.go)
//	RequestVote arrives    ignoresVote: stickiness                          (election.go)
//	election won           beginLeadership: no-op, contacts, watchQuorum    (election.go)
//	leader is heard        heardAt, setLeader                               (append.go, snapshot.go)
//	call to a follower     callStarts before it, callAnswered after it      (replication.go, snapshot.go)
//	follower has answered  confirmNext, newsNext, continueTransfer          (replication.go)
//	commitIndex moves      letInParked, spreadNews, countsCommitted         (replication.go)
//	newer term             setLeader(nobody): whoever waits is told         (raft.go)
//	command arrives        handingOver, takesMore: refused                  (raft.go)
//	log is compacted       keepThrough                                      (snapshot.go)
//	follower is sent to    sendPipelined instead of one call at a time      (replication.go)
//	append has come in     letEarlyWait, agreedThrough                      (append.go)
//	something is stored    store, storedThrough, countOwn                   (persist.go, raft.go, election.go)
//	reply is to leave      awaitTerm, awaitLog; onceTermStored for requests (append.go, election.go, ...)
//	commands come together join, takeTogether                               (raft.go)
//	service is given more  mayApply, nextOfRun, takeRun                     (apply.go)
//	follower needs more    catchUpArgs, underWay, sendsEntries              (replication.go)
//
// Safety never depends on PreVote, CheckQuorum or Transfer, and ReadIndex needs nothing but terms.
// Leases do depend on CheckQuorum, on all peers. Otherwise peers with different extensions can form
// one cluster: every peer answers all requests, whatever it sends itself.
//
// # Where to find what
//
//   - raft.go: the state of a peer; Make, New, Start, GetState, Kill; changes of term
//   - election.go: the election timer, candidates, RequestVote (§5.2, §5.4.1)
//   - replication.go: the leader's side of AppendEntries; commitment (§5.3, §5.4.2)
//   - progress.go: what the leader knows of each follower, nextIndex and matchIndex among it, and
//     majorities
//   - append.go: the follower's side of AppendEntries (§5.3)
//   - snapshot.go: Snapshot and InstallSnapshot (§7)
//   - apply.go: from the log to the service
//   - log.go: the log as a data structure, without any of the above
//   - persist.go, encode.go: what is stored, when, and in which form
//   - rpc.go: arguments and replies
//   - config.go: what can be set
//   - prevote.go, checkquorum.go, readindex.go, lease.go, transfer.go, catchup.go, pipeline.go,
//     early.go, load.go, eager.go, uncommitted.go, disk.go, batch.go, applyruns.go: the extensions
//   - extensions.go, contacts.go, clock.go: what they have in common
//   - situations.go, probes.go: what may happen to a peer and a test should have seen, and where it
//     says so
package raft
