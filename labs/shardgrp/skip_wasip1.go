package shardgrp

import "raftlab/shardapi"

// skips: the engine runs nothing that it was not asked for.
func skips(shardapi.Service) bool { return false }
