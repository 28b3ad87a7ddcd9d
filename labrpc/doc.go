// Package labrpc is a network in one process: remote procedure calls between the peers of a
// distributed system, with everything that real networks do to them.
//
// A peer holds a [ClientEnd] for each server that it wants to call. A server is a collection of
// services, objects with methods of a certain form. [ClientEnd.Call] looks like a function call,
// and returns false if it did not work out, for whatever reason. That is all a caller ever learns.
//
//	peer 0                    Network                         peer 1
//	+----------------+        +---------------------+        +-----------------------------+
//	| end.Call(      |  req   |  lost? delayed?     |  req   | func (rf *Raft) RequestVote(|
//	|  "Raft.Request |------->|  twice? link cut?   |------->|   args *RequestVoteArgs,    |
//	|   Vote",       |        |  server there?      |        |   reply *RequestVoteReply)  |
//	|   args, reply) |<-------|  overtaken by       |<-------|                             |
//	+----------------+  reply |  later ones?        |  reply +-----------------------------+
//	   true or false          +---------------------+
//
// Messages are encoded, so the two sides share no memory. Field names must therefore start with a
// capital letter, and concrete types inside interfaces be given to labgob.Register.
//
// # What false means
//
//	request lost        |---X                        the handler never runs
//	reply lost          |-------> handler ---X       it ran
//	server taken down   |-------> handler ...        it runs, perhaps half of it counts
//	cut off             |---X  or  ---X              either
//
// The caller cannot tell these apart. A protocol that is right has to be right in all four cases,
// and when the request is repeated: in the end that is what makes distributed systems hard.
//
// # The weather
//
// The network is [Network.Reliable] at first: each message takes 0.1 to 0.9 ms, or what
// [Network.Latency] says. It can be made unreliable, reordering, slow to fail, duplicating. Which
// message is hit and how long another takes is a function of the seed, the two peers, and the
// number of the call between them, and of nothing else (weather.go): a run can be repeated, and a
// change that sends one message more between two peers leaves the weather between the others as it
// was.
//
// # Faults
//
// [Network.Cut] cuts the way from one peer to another, in one direction, so that any topology can
// be made. [Network.Enable] switches single ends, [Network.DeleteServer] takes a server down, and
// [Network.AddServer] puts another in its place: that is a crash and a restart. Calls in flight are
// told at once, wherever they are:
//
//	what happens               request on its way    handler runs             reply on its way
//	------------------------   -------------------   ----------------------   ----------------
//	way there cut              lost, false           -                        -
//	way back cut               false, delivered      false, handler goes on   lost, false
//	end disabled               lost, false           false, handler goes on   lost, false
//	end stranded               lost, false           false, handler goes on   lost, false
//	server gone or replaced    lost, false           false, what the old      lost, false
//	                                                 one does counts for
//	                                                 nobody
//
// Behind an end that is stranded ([Network.Strand]) is a process that has died: whatever it calls
// later never returns.
//
// [Network.Hold] pauses a peer: what it sends and what it is sent waits until [Network.Release].
//
// Calls made while something is down return false after up to 0.1 s, or 7 s with
// [Network.LongDelays], as a real caller would see a timeout.
//
// # Watching
//
// [Network.Observe] shows every message with its decoded content. Misuse, such as a method that
// does not exist, is no weather: [Network.OnMistake] names it, and the line of the caller.
//
// Time is package time's. In a testing/synctest bubble, or in raftlab's engine, none of it is spent
// waiting.
//
// Contents:
//
//   - [Network], [ClientEnd]: the network as the harness sees it (network.go, links.go, hold.go, strand.go)
//   - [ClientEnd.Call] and the life of a call (call.go, handle.go, flights.go)
//   - [Server], [Service]: what is called (server.go)
//   - [Carrier]: ends and servers without this network, for real processes (carrier.go)
//   - the weather (weather.go), what an observer is told (message.go), mistakes (mistake.go)
package labrpc
