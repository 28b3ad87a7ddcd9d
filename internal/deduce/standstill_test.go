package deduce

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// standstills are the words of [Breaches] about what does not follow.
func standstills(events []record.Event, word string) (found []Breach) {
	for _, b := range Breaches(events) {
		if strings.Contains(b.What, word) {
			found = append(found, b)
		}
	}
	return found
}

// upTo lets a run go on until a time.
func upTo(events []record.Event, end time.Duration) []record.Event {
	return append(events, record.Event{Time: end, Kind: record.Note, Peer: record.None, Other: record.None, Text: "all links work"})
}

func started() (events []record.Event) {
	for p := range 3 {
		events = append(events, record.Event{Kind: record.Start, Peer: p, Other: record.None})
	}
	return events
}

// exchange is a call that is answered.
func exchange(at time.Duration, from, to int, n uint64, method, args, reply string) (events []record.Event) {
	for _, kind := range []record.Kind{record.Sent, record.Delivered, record.Handled, record.Replied} {
		e := record.Event{Time: at, Kind: kind, Peer: from, Other: to, N: n, Method: method, Detail: args}
		if kind == record.Handled || kind == record.Replied {
			e.Detail = reply
		}
		events = append(events, e)
	}
	return events
}

// TestWithholds: a peer that has a committed entry and gives it to nobody is told of, unless it does, or
// is down, or its service takes what the trace does not show.
func TestWithholds(t *testing.T) {
	apply := func(peer, index int, at time.Duration) record.Event {
		return record.Event{Time: at, Kind: record.Apply, Peer: peer, Other: record.None, Index: index}
	}
	run := func(after ...record.Event) []record.Event {
		events := append(started(), apply(0, 5, time.Second))
		events = append(events, exchange(time.Second, 0, 1, 1, "Raft.InstallSnapshot",
			"{Term:1 LeaderId:0 LastIncludedIndex:5 LastIncludedTerm:1 Data:[]}", "{Term:1}")...)
		return upTo(append(events, after...), 9*time.Second)
	}
	bs := standstills(run(), "gives its service nothing")
	require.Len(t, bs, 1)
	require.Equal(t, 1, bs[0].Peer)
	require.True(t, bs[0].Idle)

	installed := record.Event{Time: time.Second, Kind: record.Snapshot, Peer: 1, Other: record.None, Index: 5, Text: "installed"}
	require.Empty(t, standstills(run(installed), "gives its service nothing"))
	down := record.Event{Time: 2 * time.Second, Kind: record.CrashPeer, Peer: 1, Other: record.None}
	require.Empty(t, standstills(run(down), "gives its service nothing"))
	require.Empty(t, standstills(upTo(run()[4:8], 9*time.Second), "gives its service nothing"), "nobody sees what services get")
}

// TestInVain: that nobody gets a vote for long is told, and not if one did, or if somebody leads.
func TestInVain(t *testing.T) {
	run := func(last ...record.Event) []record.Event {
		events := started()
		for n := range 12 {
			events = append(events, exchange(time.Duration(n+1)*100*time.Millisecond, 2, 0, uint64(n+1), "Raft.RequestPreVote",
				"{Term:0 CandidateId:2 LastLogIndex:0 LastLogTerm:0}", "{Term:0 VoteGranted:false}")...)
		}
		return upTo(append(events, last...), 9*time.Second)
	}
	bs := standstills(run(), "all 12 answers to requests for pre-votes are refusals")
	require.Len(t, bs, 1)
	require.Equal(t, 0, bs[0].Peer)
	require.True(t, bs[0].Idle)

	yes := exchange(2*time.Second, 2, 1, 20, "Raft.RequestPreVote", "{Term:1 CandidateId:2 LastLogIndex:0 LastLogTerm:0}", "{Term:1 VoteGranted:true}")
	require.Empty(t, standstills(run(yes...), "refusals"))
	leads := exchange(2*time.Second, 1, 0, 1, "Raft.AppendEntries", "{Term:1 LeaderId:1 PrevLogIndex:0 PrevLogTerm:0 Entries:[] LeaderCommit:0}", "{Term:1 Success:true}")
	require.Empty(t, standstills(run(leads...), "refusals"))
}
