package shardctrler

import "raftlab/shardapi"

// Config is a configuration of the service; see [shardapi.Config] for its fields.
type Config = shardapi.Config

// NShards is the number of shards.
const NShards = shardapi.NShards
