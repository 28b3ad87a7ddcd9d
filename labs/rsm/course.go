package rsm

// demanded are the cases that set up what a test of the course sets up, and ask for the same, by
// that test. Whatever is not here only raftlab asks for: `raftlab list` and grades tell the two
// apart.
var demanded = map[string]string{
	"3R/OneByOne":      "Basic",
	"3R/Together":      "Concurrent",
	"3R/LeaderCrashes": "LeaderFailure",
	"3R/CutOff":        "LeaderPartition",
	"3R/Replay":        "RestartReplay",
	"3R/ShutDown":      "Shutdown, RestartSubmit",
	"3R/ShortLog":      "Snapshot",
}
