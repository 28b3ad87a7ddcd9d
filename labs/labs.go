// Package labs is the list of the labs there are. What a lab demands stands in its own package, as
// a table of cases; tests, grader, docs and the command line all read that table.
//
//	labs.All()            every lab
//	  labs/lab1.Lab()     warm-up: 1A one key/value server, 1B a lock on it; 1C, 1D the same while messages are lost
//	  labs/lab2.Lab()     Raft: 2A elections, 2B log, 2C crashes, 2D snapshots, 2E PreVote, 2F CheckQuorum,
//	                      2G pipelined replication
//	  labs/lab3.Lab()     KV: 3A reads through the log, 3B snapshots, 3C to 3E other read paths
//	  labs/lab4.Lab()     sharding: 4A the shard controller, 4B shards that move, 4C progress, nothing left behind
//	  labs/private        none; the place of an instructor's own cases
//	  labs/rsm            3R: a replicated state machine by itself, in the form of 2025; on request
//	  labs/shardgrp       4D to 4F: shards moved by their controllers, in the form of 2025; on request
//	  labs/porcupine      long histories of both services under composed faults; on request
package labs

import (
	"raftlab/labs/lab1"
	"raftlab/labs/lab2"
	"raftlab/labs/lab3"
	"raftlab/labs/lab4"
	"raftlab/labs/porcupine"
	private "raftlab/labs/private"
	"raftlab/labs/rsm"
	"raftlab/labs/shardgrp"
	"raftlab/tester"
)

// All returns all labs, in the order in which they are done.
func All() []tester.Lab {
	return []tester.Lab{
		lab1.Lab().With(private.Cases("lab1")...), lab2.Lab().With(private.Cases("lab2")...),
		lab3.Lab().With(private.Cases("lab3")...), lab4.Lab().With(private.Cases("lab4")...),
		rsm.Lab(), shardgrp.Lab(), porcupine.Lab(), porcupine.ShardLab(),
	}
}
