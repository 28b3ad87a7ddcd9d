package lab4

// demanded are the cases that set up what a test of the course sets up, and ask for the same, by
// that test. Whatever is not here only raftlab asks for: `raftlab list` and grades tell the two
// apart.
var demanded = map[string]string{
	"4A/Empty":            "Basic",
	"4A/JoinLeave":        "Basic",
	"4A/History":          "Basic",
	"4A/Moves":            "Basic",
	"4A/FewMoves":         "Basic",
	"4A/JoinTogether":     "Basic",
	"4A/ManyAtOnce":       "Multi",
	"4A/ReplicasAgree":    "Multi",
	"4B/Static":           "StaticShards",
	"4B/ComeAndGo":        "JoinLeave",
	"4B/Missed":           "MissChange",
	"4B/Busy":             "Concurrent1",
	"4B/BusySnapshots":    "Snapshot",
	"4B/WholeGroups":      "Concurrent3",
	"4B/Unreliable":       "Unreliable3",
	"4C/NothingKept":      "Challenge1Delete",
	"4C/NothingForgotten": "Challenge1Concurrent",
	"4C/Unaffected":       "Challenge2Unaffected",
	"4C/WhileJoining":     "ProgressJoin",
}
