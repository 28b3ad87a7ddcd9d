package shardkv

import "raftlab/kvraft"

// Situations are the situations that this package reports; see kvraft.Situation. Those of rsm, on
// which the groups run, are in kvraft.Situations, and those of the peer in raft.Situations.
var Situations = []kvraft.Situation{
	// Requests of clerks (machine.go, sessions.go)
	{Name: "write refused: the shard is not here", Meaning: "a write came up in the log of a group that has not, or not any more, or not yet, got the shard"},
	{Name: "read refused: the shard is not here", Meaning: "likewise, when a read was to look"},
	{Name: "shard asked for before it has arrived", Meaning: "a request reached the new owner before the shard did"},
	{Name: "repeated write ignored", Meaning: "a write came up a second time in the log"},
	{Name: "repeated write ignored that another group had executed", Meaning: "a write was repeated at the new owner of a shard, whose sessions had come along"},
	{Name: "stale write ignored", Meaning: "a write came up in the log after a later one of its session"},
	{Name: "session of a shard forgotten: too many", Meaning: "a new session took the place of the one unused for longest"},

	// Configurations (machine.go)
	{Name: "configuration out of turn ignored", Meaning: "a configuration came up in the log that was not the next one"},
	{Name: "configuration refused: shards of the last one are still awaited", Meaning: "two leaders overlapped, and the older one's configuration came up late"},
	{Name: "shard lost to another group", Meaning: "a configuration took a shard from the group"},
	{Name: "shard awaited from another group", Meaning: "a configuration gave the group a shard that another one has"},
	{Name: "shard came back that was nobody's in the meantime", Meaning: "the last group left, and is the first to join again"},

	// Moves (machine.go, server.go, mover.go)
	{Name: "shard pulled before it was given up", Meaning: "the new owner adopted a configuration before the old one did"},
	{Name: "shard served while others are awaited", Meaning: "one shard of several arrived, and did not wait for the rest"},
	{Name: "stale shard ignored", Meaning: "a shard came up in the log that had arrived already"},
	{Name: "kept shard discarded", Meaning: "the new owner has a shard, and the old one has deleted it"},
	{Name: "shard was to be discarded twice", Meaning: "a second request to delete a shard came up in the log"},
	{Name: "discarded shard pulled again", Meaning: "somebody who did not know that a shard had arrived asked for it"},
	{Name: "another server asked beside a silent one", Meaning: "the mover did not wait for a server that did not answer"},

	// Clerks (clerk.go)
	{Name: "clerk asked a group that has not got the shard", Meaning: "a clerk's configuration was older than the group's, or newer"},
	{Name: "clerk waited for a shard that was under way", Meaning: "a clerk was told that the shard would come"},
}
