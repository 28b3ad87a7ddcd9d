package nemesis

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
	Ring        Fault = "ring"         // everyone sees a majority, and no two the same; with three servers Alone
	Deaf        Fault = "deaf"         // one server hears nothing, and is heard
	Mute        Fault = "mute"         // one server is not heard, and hears
)

// Faults of servers. They restart from what they have persisted.
const (
	CrashLeader   Fault = "crash of the leader"
	CrashOne      Fault = "crash of one"
	CrashMinority Fault = "crash of a minority"
	CrashAll      Fault = "crash of all" // at one instant
	CrashWriting  Fault = "crash in a write"
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

// Transfer is no fault, but as good as one: the leader is asked to hand its office over, to a server drawn
// from the seed. It wants peers that are raftapi.LeadershipTransferrers.
const Transfer Fault = "transfer"

// lanes says which faults exclude each other.
var lanes = [][]Fault{
	{Halves, Alone, LeaderAlone, Bridge, Ring, Deaf, Mute},
	{CrashLeader, CrashOne, CrashMinority, CrashAll, CrashWriting},
	{Loss, Slow, Duplicates},
	{Drift, WildDrift},
	{Transfer},
}

// All returns the faults that every kind of server can be asked to stand: those of links, servers and the
// network.
func All() []Fault {
	var all []Fault
	for _, lane := range lanes[:3] {
		all = append(all, lane...)
	}
	return all
}
