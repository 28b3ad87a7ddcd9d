// Package lab1 holds the cases of lab 1, the warm-up: what clients of a key/value server may see
// that runs on one machine, and what a lock on it owes.
//
// A case starts the server, sets clients to work, lets messages get lost, and has the history of
// what the clients saw judged by package porcupine-tests/history. About locks it needs no history:
// a client that holds one says so to the case (locks.go), and the case fails as soon as two hold
// the same.
//
//	func lostAnswer(e *tester.Env) {
//		s := start(e, tester.Options{})
//		u := s.user()
//		u.Client.Deafen()                                // requests arrive, and no answer does
//		done := u.Goes(func() { u.put("x", s.Value()) })
//		e.Sleep(time.Second)
//		s.healed()
//		u.Ends(done)
//		s.closes("x")                                    // read all, judge
//	}
//
// # For whoever writes a case
//
// No case fails a correct service. A lock may be fair or not, may look again every 5 ms or every
// second. A clerk may pause before it asks again or not. What a service owes is in docs/lab1.md.
//
// Services are of two dialects, the versioned one of 2025 and the classic one of 2024
// (kvapi.Single). Parts 1A and 1C take both; where a case is about versions, it asks in the classic
// dialect for what is nearest.
//
// # Contents
//
//	lab1.go      Run
//	table.go     Lab: the table
//	service.go   a service under test, and the end of most cases
//	user.go      a client of it; several of them at work
//	reliable.go  1A: nothing gets lost
//	lossy.go     1C: requests and answers get lost
//	memory.go    1A, 1C: what a server keeps
//	locks.go     a handle of a lock, and the watch over those who hold it
//	turns.go     1B: locks while nothing gets lost
//	doubt.go     1D: locks while answers get lost
package lab1
