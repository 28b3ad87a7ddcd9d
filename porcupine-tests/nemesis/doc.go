// Package nemesis does to a cluster what Jepsen does: several kinds of faults at once, each kind on
// a schedule of its own, drawn from the seed.
//
//	links    ___[ bridge     ]______[ alone ]________[ one way  ]____
//	servers  _______[ crash of the leader ]________[ crash of all ]__
//	weather  _[ loss  ]____________[ duplicates            ]_________
//	clocks   ______[ drift                       ]___________________
//	leaders  ____|_______________|____________________|______________   transfers of leadership
//	         ----------------------- virtual time ------------------>
//
// Within a lane there is one fault at a time and a quiet time after it; between lanes anything may
// meet anything. A [Plan] is drawn before it is carried out, by [Draw], and is plain data: which
// fault, from when to when, and in which order the servers take the roles in it. Only who leads,
// for faults that are aimed at the leader, is found out at the moment itself.
//
// Plan.Carry carries a plan out on whatever has links and servers: the clusters of package tester
// with bare peers and those with a service. When it returns everything has been mended. The begin
// and end of each fault are notes in the trace, from where package model takes them into drawings.
//
// A pause of a process, as by SIGSTOP, is one for all others: the servers of a run are goroutines
// of one process, and nothing can stop some of them without their knowledge. So it is their
// messages that stand still, and come out late and all at once; the server's own timers go on.
//
// A service of several groups has a plan drawn by [DrawGroups]: the lanes of links, servers and
// leadership are there once for each group, and one lane more for the links between groups.
// Whatever hits a link, it works only if all faults of the moment leave it alone.
//
//   - fault.go: the faults, by name; [All]
//   - plan.go: [Draw], [DrawGroups], [Plan], [Step]
//   - links.go: who hears whom
//   - carry.go: Plan.Carry, [Machines]
package nemesis
