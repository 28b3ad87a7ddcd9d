// Package rsm holds lab "rsm": what a replicated state machine owes its service, apart from any
// service. It is for services in the form of 6.5840 since 2025, which are built on a package rsm
// with one method, Submit.
//
//	hand (a client)                 hand
//	   | Submit(note 7)               | Submit(note 8)
//	   v                              v
//	replica 0 -- Raft -- replica 1 -- Raft -- replica 2       under test
//	   | DoOp       | DoOp                       | DoOp
//	   v            v                            v
//	journal      journal                      journal         the harness's machines
//	[7 8]        [7 8]                        [7]
//
// An operation is a note with a number of its own. A journal writes notes down, and answers with
// the place of each. So everything can be checked when it happens: all journals have the same note
// at the same place, no note has two places, whoever is told OK is told the place of their own
// note, and a note that was begun after another was confirmed stands behind it.
//
// What is no OK promises nothing. That leaves a replica free to wait, to give up, or to say
// ErrWrongLeader whenever it is in doubt; it may not be in doubt for ever (tester.ProgressLimit)
// once the network is whole.
//
// The cases are one part, 3R, and run on request: a service that has no [kvapi.Service.Replicate]
// is not asked.
//
//	table.go     Lab: the table; Run
//	service.go   replicas, journals, and what is checked about them
//	hand.go      clients
//	cases.go     the stories
package rsm
