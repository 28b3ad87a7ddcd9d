package shardctrler

import "raftlab/kvraft"

// Situations are the situations that this package reports, beside those of kvraft's clerk; see
// kvraft.Situation. Those of rsm, on which the controller runs, are in kvraft.Situations as well.
var Situations = []kvraft.Situation{
	{Name: "request changed nothing", Meaning: "members were to join, strangers to leave, or a shard to move to where it is"},
	{Name: "more groups than shards", Meaning: "a configuration was made in which some group has no shard"},
	{Name: "all groups left", Meaning: "a configuration was made without groups, after one with some"},
	{Name: "old configuration shown", Meaning: "a query was answered with another configuration than the latest"},
}
