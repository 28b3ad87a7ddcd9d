// Package record defines what a run leaves behind: its trace, a list of events with their
// virtual times, and its verdict. The harness inside a run writes them, the engine and the command
// line read them; the package knows neither.
//
//   - [Event], [Kind]: one line of the trace (event.go); documented for users in docs/trace.md
//   - [Verdict], [Outcome]: how a run ended (verdict.go)
//   - [Params]: what the host tells a run before it starts (params.go)
package record
