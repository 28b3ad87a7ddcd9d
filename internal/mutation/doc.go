// Package mutation tests the suite itself: it runs the cases of the labs on peers that are wrong on
// purpose, and must fail, and on peers that are right in other styles, and must pass.
//
//	mutants/*.patch ---.                                        .--> engine ------.
//	                    >-- Load --> subjects --> Bundle: one --+                  +--> Outcomes --> table, JSON
//	variants/*.patch --'                          test binary   '--> race detector-'
//	                                              for all
//
// A test that passes on the reference proves little: it may check nothing. What a suite is worth
// shows in the mistakes it finds, so the mistakes that students make are collected as small patches
// of the reference (package patch), each with the reason for which it is expected to fail. Dying of
// something else does not count: a case that fails everything would find them all. The other half
// is as important. A peer that is right and fails teaches its author to distrust the tests, or
// worse, to imitate the reference.
//
//   - [Load], [Subject]: what there is to run (subject.go)
//   - [Bundle]: all subjects in one binary (bundle.go); [Together]: with one copy of the packages for
//     all that change nothing but what functions do (onecopy.go, functions.go)
//   - [Check]: what does not apply or compile, in seconds (check.go, types.go); [patch.Carrier]
//     takes patches over
//   - [Hunt], [Settings]: which runs, in which order, and what they say (hunt.go, plan.go)
//   - [Outcome], [Death]: what became of a subject (outcome.go)
//   - [Engines], [OpenLog]: where runs happen, and how a long hunt is resumed (engines.go, race.go,
//     log.go)
//   - [Hunt.Confirm]: the same deaths in the other engine (confirm.go)
//   - [WriteTable], [WriteJSON]: results for people and machines (table.go, report.go)
package mutation
