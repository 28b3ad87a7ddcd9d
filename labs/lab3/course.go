package lab3

// demanded are the cases that set up what a test of the course sets up, and ask for the same, by
// that test. Whatever is not here only raftlab asks for: `raftlab list` and grades tell the two
// apart.
var demanded = map[string]string{
	"3A/OneClient":          "Basic",
	"3A/ManyClients":        "Concurrent",
	"3A/Soon":               "Speed",
	"3A/Unreliable":         "Unreliable",
	"3A/Appends":            "UnreliableOneKey",
	"3A/Minority":           "OnePartition",
	"3A/Partitions":         "ManyPartitionsManyClients",
	"3A/Restarts":           "PersistConcurrent",
	"3A/Swarm":              "PersistPartitionUnreliableLinearizable",
	"3B/LogStaysShort":      "SnapshotRPC",
	"3B/NoneUnasked":        "Basic",
	"3B/SnapshotsAreSmall":  "SnapshotSize",
	"3B/SnapshotsSurvive":   "SnapshotRecover",
	"3B/SnapshotsUnderLoad": "SnapshotRecoverManyClients",
	"3B/LeftBehind":         "SnapshotRPC",
	"3B/Lagging":            "SnapshotUnreliable",
	"3B/SnapshotSwarm":      "SnapshotUnreliableRecoverConcurrentPartitionLinearizable",
}
