// Package deduce finds out what the events of a run tell about its peers. The trace holds what the
// network saw; the state of a peer is not in it. But a peer that answers Success has the entries
// that it was sent, one that grants a vote has voted, and a leader's AppendEntries shows a part of
// the leader's log:
//
//	events ---> Calls      which arrival and which answer belong to which request, and what became of it
//	       ---> Changes    what each peer is known to hold: term, role, vote, entries, commit index, applied
//	       ---> Subject    what the verdict is about: peers, terms, an index, a key, a client
//	       ---> Weights    how much each event says about that subject
//
// Requests are read by the names of their fields, as the harness itself does, from the decoded
// arguments of the trace. Where these are missing, or have names that nobody expects, less is
// known, and nothing is guessed.
//
//   - value.go: decoded arguments, "{Term:1 Entries:[{Term:1 Command:5}]}"
//   - message.go: what a request or a reply says in the words of Figure 2
//   - calls.go: [Legs]; changes.go: [Changes]
//   - subject.go: [SubjectOf]; weights.go: [Weights]; operations.go: of what clients asked for
package deduce
