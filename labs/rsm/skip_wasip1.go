package rsm

import "raftlab/kvapi"

// skips: the engine runs nothing that it was not asked for.
func skips(kvapi.Service) bool { return false }
