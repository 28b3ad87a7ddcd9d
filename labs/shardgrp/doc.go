// Package shardgrp holds lab "shardgrp": what a sharded service owes whose shards are moved by its
// controller, in the form of 6.5840 since 2025 (shardkv1). It runs on request, for services that
// set [shardapi.Service.Moved].
//
//	controller 0   controller 1 ...     user 0   user 1 ...        clients of the network
//	     |  \           |                  |  \
//	     |   +----------+-----------+------+   +-----------------+
//	     v                          v                            v
//	store (server 0)         group 1 (servers 1 to 3)     group 2 (4 to 6) ...
//
// A controller is a client that asks one group to freeze a shard, another one to install it, and
// the first to delete it. It has no log, and may die between any two messages. So part 4D has one
// controller that lives, part 4E has controllers that die and others that go on, and part 4F has
// several at once, some of whom only seem to be dead.
//
// What no case assumes: how a controller notes what it is about to do; whether one that was
// overtaken returns or asks for ever; in which order shards move. What every case ends with: a new
// controller is started, some placement that somebody asked for is the present one, all shards are
// served by whom it says, and the history of all users is linearizable.
//
//	table.go      Lab: the table; Run
//	service.go    the service under test, its users, and the end of most cases
//	mover.go      controllers, and placements
//	moving.go     4D: one controller
//	progress.go   4D: what is served meanwhile, and what is kept
//	dying.go      4E: controllers that die
//	several.go    4F: several controllers
package shardgrp
