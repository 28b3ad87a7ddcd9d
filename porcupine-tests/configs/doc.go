// Package configs says what a shard controller may answer, and judges histories by it. It is to the
// controller of lab 4 what package model is to a key/value service.
//
// A controller is one sequence of numbered configurations, to which each join, leave and move adds
// the next one. Where the shards go is the controller's own choice, within rules; so there is no
// single right answer to compare with. But there is no need for one either: after everything is
// over, the sequence itself can be asked for, number by number, and then two questions are left.
//
//	number    0         1            2             3
//	groups    -         1            1 2           2
//	shards    0...      1...         1... 2...     2...
//	               ^           ^             ^
//	            join 1      join 2        leave 1       is each step what some request asks for?   [Explain]
//
//	client 0  |- join 1 -||- leave 1 -----------|
//	client 1     |- join 2 -|     |- query: 2 -|        is there one order of the requests, within the
//	                                                    times at which they went on, that makes these
//	                                                    steps, and shows every query what it saw?   [Check]
//
// The second is linearizability, with a state that is no more than a number: how far in the
// sequence the controller is. So the search is quick, also for many clients.
//
//   - op.go: [Op], a request of a client
//   - rules.go: [Sound], [Explain]: what a configuration has to be, and the step from one to the
//     next
//   - check.go: [Check]
package configs
