package nemesis

import "slices"

// Fault is one thing that can go wrong.
type Fault string

// Faults of links: who hears whom. The servers have roles in an order drawn from the seed.
//
//	halves   0 1 | 2 3 4      bridge   0   3      ring    0---1        one way   0 --> all
//	alone    0 | 1 2 3 4               |\ /|            /     \                  (mute: all --> 0)
//	                                   | 2 |           4       2
//	                                   |/ \|            \     /
//	                                   1   4             3---'
const (
	Halves      Fault = "halves"       // a majority and a minority
	Alone       Fault = "alone"        // one server, and the others
	LeaderAlone Fault = "leader alone" // which goes on believing that it leads, and clients reach it
	Bridge      Fault = "bridge"       // two halves that share one server
	Ring        Fault = "ring"         // everyone sees a majority, and no two the same; with three servers a chain
	Deaf        Fault = "deaf"         // one server hears nothing, and is heard
	Mute        Fault = "mute"         // one server is not heard, and hears
)

// Faults of servers. Those that crash restart from what they have persisted.
const (
	CrashLeader   Fault = "crash of the leader"
	CrashOne      Fault = "crash of one"
	CrashMinority Fault = "crash of a minority"
	CrashAll      Fault = "crash of all" // at one instant
	CrashWriting  Fault = "crash in a write"
	PauseLeader   Fault = "pause of the leader" // it stands still for others, and then says what it wanted to say
	PauseOne      Fault = "pause of one"
)

// Faults of the network as a whole.
const (
	Loss       Fault = "loss"       // of a tenth of the requests and of the replies; the others are late by up to 26 ms
	Slow       Fault = "slow"       // replies are late by up to two seconds; calls to nobody take as long to fail
	Duplicates Fault = "duplicates" // a tenth of the requests arrives twice
)

// Faults of clocks: each server's goes at a rate of its own. They want peers that are
// raftapi.ClockDrifters.
const (
	Drift     Fault = "drift"      // by at most a ninth: no clock is 1.25 times as fast as another
	WildDrift Fault = "wild drift" // between half and twice: beyond what any lease allows for
)

// Transfer is no fault, but as good as one: the leader is asked to hand its leadership over, to a
// server drawn from the seed. It wants peers that are raftapi.LeadershipTransferrers.
const Transfer Fault = "transfer"

// Faults between groups: of the links between servers of different groups, for services that have
// several. One of the groups is one that all others depend on, C.
//
//	group alone  1 | C 2 3       unguided  1   C         strangers   1   2       sides   any servers | any others
//	(group mute:                            \ / \                      \ /
//	 1 <-- C 2 3)                            2---3                      C
const (
	GroupAlone Fault = "group alone" // one group, and all others
	GroupMute  Fault = "group mute"  // one group is not heard by the others, and hears them
	Unguided   Fault = "unguided"    // one group and the one that all depend on do not hear each other
	Strangers  Fault = "strangers"   // all groups hear the one that all depend on, and no other
	Sides      Fault = "sides"       // each server is on one of two sides, whatever group it belongs to
)

// lane is a list of faults that exclude each other.
type lane struct {
	hits   scope
	faults []Fault
}

// scope is who has a lane.
type scope int

const (
	everyone  scope = iota // one lane for all servers
	eachGroup              // one for the servers of each group
	between                // one for the links between groups, where there are several
)

var lanes = []lane{
	{eachGroup, []Fault{Halves, Alone, LeaderAlone, Bridge, Ring, Deaf, Mute}},
	{eachGroup, []Fault{CrashLeader, CrashOne, CrashMinority, CrashAll, CrashWriting, PauseLeader, PauseOne}},
	{everyone, []Fault{Loss, Slow, Duplicates}},
	{everyone, []Fault{Drift, WildDrift}},
	{eachGroup, []Fault{Transfer}},
	{between, []Fault{GroupAlone, GroupMute, Unguided, Strangers, Sides}},
}

// All returns the faults that every kind of server can be asked to stand: those of links, servers
// and the network, and, if there are several groups, those between them.
func All() []Fault {
	return slices.Concat(lanes[0].faults, lanes[1].faults, lanes[2].faults, lanes[5].faults)
}
