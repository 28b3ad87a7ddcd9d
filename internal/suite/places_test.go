package suite

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// ofVotes are the events of a peer that votes twice, with places.
func ofVotes(where string) []record.Event {
	var all []record.Event
	for p := range 3 {
		all = append(all, record.Event{Kind: record.Start, Peer: p, Other: record.None})
	}
	for i, candidate := range []int{0, 2} {
		ask := record.Event{Time: time.Duration(i+1) * time.Second, Peer: candidate, Other: 1, N: 1, Method: "Raft.RequestVote", Term: 3}
		args := "{Term:3 CandidateId:" + string(rune('0'+candidate)) + " LastLogIndex:0 LastLogTerm:0}"
		for _, k := range []record.Kind{record.Sent, record.Delivered, record.Handled, record.Replied} {
			e := ask
			e.Kind, e.Detail, e.Where = k, args, ""
			switch k {
			case record.Sent:
				e.Where = "raftlab/raft/vote.go:50 (*Raft).ask; raftlab/raft/vote.go:44 (*Raft).stand; raftlab/labs/lab2/x.go:7 f"
			case record.Handled:
				e.Detail, e.Where = "{Term:3 VoteGranted:true}", where
			case record.Replied:
				e.Detail = "{Term:3 VoteGranted:true}"
			}
			all = append(all, e)
		}
	}
	return append(all, record.Event{Time: 3 * time.Second, Kind: record.Violation, Peer: 1, Other: record.None, Text: "two votes in a term"})
}

func TestPlaces(t *testing.T) {
	f := Failure{Run: RunResult{Outcome: record.Fail, Rule: "two votes in a term", Message: "peer 1 voted in term 3 for peer 0, and then for peer 2", Peers: []int{1}},
		Events: ofVotes("raftlab/raft/vote.go:20 (*Raft).RequestVote"), Packages: []string{"raftlab/raft"},
		Show: func(place string) string { return "../mine/" + strings.TrimPrefix(place, "raftlab/raft/") }}
	require.Equal(t, []Place{{Peer: 1, At: 2, Does: "answers RequestVote of peer 2", File: "../mine/vote.go", Line: 20, Function: "(*Raft).RequestVote"}}, f.Places())
	assert.Contains(t, f.Lines(), "  code: peer 1 answers RequestVote of peer 2: ../mine/vote.go:20 (*Raft).RequestVote")
	assert.LessOrEqual(t, len(f.Lines()), maxFailureLines+1)

	f.Events = ofVotes("raftlab/labs/lab2/x.go:7 f")
	assert.Empty(t, f.Places(), "what is not the code under test is nobody's affair")
	f.Events = ofVotes("")
	f.Packages = append(f.Packages, "raftlab/labs/lab2")
	assert.Empty(t, f.Places(), "of the accused nothing is known")
}

// TestPlaceSaysNothing: of what everybody sends the place tells nothing, unless the verdict is about what
// that costs.
func TestPlaceSaysNothing(t *testing.T) {
	sent := record.Event{Time: time.Second, Kind: record.Sent, Peer: 1, Other: 0, N: 1, Method: "Raft.AppendEntries", Term: 3,
		Detail: "{Term:3 PrevLogIndex:7 PrevLogTerm:3 Entries:[]}", Where: "raftlab/raft/vote.go:50 (*Raft).tell"}
	f := Failure{Run: RunResult{Outcome: record.Fail, Rule: "wrong index", Message: "peer 1 says index 7 in term 3", Peers: []int{1}},
		Events: []record.Event{sent}, Packages: []string{"raftlab/raft"}}
	assert.Empty(t, f.Places())
	f.Run.Rule = "too many bytes"
	require.Len(t, f.Places(), 1)
	assert.Equal(t, "(*Raft).tell", f.Places()[0].Function)
}

func TestPlaceOfWhatIsSent(t *testing.T) {
	f := Failure{Packages: []string{"raftlab/raft"}}
	calls := ownCalls(ofVotes("")[3].Where, f.Packages, nil)
	require.Len(t, calls, 2)
	p := Place{Peer: 1000, Does: "sends RequestVote to peer 1", File: "raft/vote.go", Line: 50, Function: "ask", From: []string{calls[1].place}}
	assert.Equal(t, "client 0 sends RequestVote to peer 1: raft/vote.go:50 ask, from raftlab/raft/vote.go:44", p.String())
}
