// Package suite runs cases under the engine, many at a time, and reports what came out.
//
//	labs' tables --Select--> cases --Plan--> runs --Execute--> finished runs --NewReport--> Report
//	                           x seeds       sorted            in the pool                 |
//	                                                                          table, failure texts,
//	                                                                          JSON, JUnit, last.json
//
// A run is one case with one seed. Runs of the same group, normally of the same case, stop at the
// first that does not pass. What is reported does not depend on how many runs went on at once:
// of a group, all runs before the first failing one count, and none after it.
//
//   - [ParseSeeds], [Select]: what the user asked for (seeds.go, selection.go)
//   - [Code], [FindCode]: the code under test (code.go)
//   - [Plan], [Execute]: the order of the runs, and running them (plan.go, execute.go)
//   - [Report], [Report.WriteJSON], [Report.WriteJUnit]: results for machines; docs/results.md
//   - [WriteTable], [Failure]: results for people (table.go, failure.go)
//   - [State]: what is remembered between commands in .raftlab (state.go)
//
// The package is used by `raftlab test` and `raftlab replay`; whoever has other groups of runs
// with an early end (all cases against one mutant, say) makes its own []Run and calls [Execute].
package suite
