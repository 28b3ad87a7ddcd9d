package deduce

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// trace makes the events of calls.
type trace struct {
	events []record.Event
	n      uint64
	now    time.Duration
}

// pause lets time pass.
func (t *trace) pause(d time.Duration) { t.now += d }

func (t *trace) add(k record.Kind, p, q int, n uint64, method, detail string) {
	t.now += time.Millisecond
	t.events = append(t.events, record.Event{Time: t.now, Kind: k, Peer: p, Other: q, N: n, Method: method, Detail: detail})
}

// call is answered, if reply is not empty, and lost otherwise.
func (t *trace) call(p, q int, method, args, reply string) {
	t.n++
	t.add(record.Sent, p, q, t.n, method, args)
	if reply == "" {
		t.add(record.Dropped, p, q, t.n, method, "")
		return
	}
	t.add(record.Delivered, p, q, t.n, method, args)
	t.add(record.Handled, p, q, t.n, method, reply)
	t.add(record.Replied, p, q, t.n, method, reply)
}

func TestReadRequest(t *testing.T) {
	r := ReadRequest("Raft.AppendEntries", `{Term:3 LeaderId:1 PrevLogIndex:4 PrevLogTerm:2 Entries:[{Term:3 Command:"put \"a\" ]x"} {Term:3 Command:{Op:7 Key:"}"}}] LeaderCommit:4}`)
	assert.Equal(t, Append, r.RPC)
	assert.Equal(t, []Entry{{3, `"put \"a\" ]x"`}, {3, `{Op:7 Key:"}"}`}}, r.Entries)
	assert.Equal(t, "term 3, entries 5 to 6 (term 3) after 4 (term 2), commit 4", r.Brief())
	assert.True(t, r.Carries(6))
	assert.False(t, r.Carries(7))

	cut := ReadRequest("Raft.AppendEntries", `{term:3 Prev_Log_Index:4 Log:[{Term:3 Command:1} ...(900 in all)] LeaderId:0}`)
	assert.Equal(t, Append, cut.RPC)
	assert.True(t, cut.More)

	long := ReadRequest("Raft.AppendEntries", `{Term:3 PrevLogIndex:4 Entries:[{Term:3 Command:"x"...(3345 bytes)} {Term:2 Command:...} ...(4 in all)] LeaderCommit:...}`)
	assert.Len(t, long.Entries, 2)
	assert.True(t, long.More, "a command that was cut does not hide what follows it")
	assert.Len(t, cut.Entries, 1)

	assert.Equal(t, Vote, ReadRequest("Raft.RequestVote", "{Term:2 CandidateId:0 LastLogIndex:0 LastLogTerm:0}").RPC)
	assert.Equal(t, PreVote, ReadRequest("Raft.RequestPreVote", "{Term:2 CandidateId:0 LastLogIndex:0 LastLogTerm:0}").RPC)
	assert.Equal(t, Install, ReadRequest("Raft.InstallSnapshot", `{Term:2 LeaderId:0 LastIncludedIndex:9 LastIncludedTerm:1 Data:"..."}`).RPC)
	for _, strange := range []string{"", "{", "{}", "{Term:}", "[[[", `{Term:1 Entries:[`, `{Key:"x}`, "nil", "{Term:1 X:map[a:{B:1}]}"} {
		assert.Equal(t, Other, ReadRequest("KV.Get", strange).RPC, strange)
	}
}

func TestLegs(t *testing.T) {
	var run trace
	run.call(0, 1, "Raft.RequestVote", "{Term:1 CandidateId:0}", "{Term:1 VoteGranted:false}")
	run.call(0, 1, "Raft.RequestVote", "{Term:2 CandidateId:0}", "")
	run.add(record.Sent, 0, 1, 9, "Raft.RequestVote", "{Term:3 CandidateId:0}")
	run.add(record.Delivered, 0, 1, 9, "Raft.RequestVote", "")
	run.add(record.Delivered, 0, 1, 9, "Raft.RequestVote", "")
	run.events[len(run.events)-1].Time += time.Second
	var fates []Fate
	var replies []bool
	for _, l := range Legs(run.events) {
		fates, replies = append(fates, l.Fate), append(replies, l.Reply)
	}
	assert.Equal(t, []Fate{Arrives, Refused, Lost, Arrives, Duplicate, Underway}, fates)
	assert.Equal(t, []bool{false, true, false, false, false, true}, replies)
}

// TestChanges follows an entry that is overwritten.
func TestChanges(t *testing.T) {
	var run trace
	run.call(0, 1, "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:0 PrevLogTerm:0 Entries:[{Term:1 Command:5}] LeaderCommit:0}", "{Term:1 Success:true}")
	run.call(2, 1, "Raft.AppendEntries", "{Term:2 LeaderId:2 PrevLogIndex:0 PrevLogTerm:0 Entries:[{Term:2 Command:6}] LeaderCommit:1}", "{Term:2 Success:true}")
	run.call(2, 1, "Raft.AppendEntries", "{Term:2 LeaderId:2 PrevLogIndex:5 PrevLogTerm:2 Entries:[{Term:2 Command:7}] LeaderCommit:1}", "{Term:2 Success:false}")
	var ofPeer1 []Change
	for _, c := range Changes(run.events) {
		if c.Peer == 1 {
			c.At = 0
			ofPeer1 = append(ofPeer1, c)
		}
	}
	assert.Equal(t, []Change{
		{Peer: 1, What: Follows, Term: 1},
		{Peer: 1, What: Entered, Index: 1, Term: 1, Command: "5"},
		{Peer: 1, What: Follows, Term: 2},
		{Peer: 1, What: Truncated, Index: 1, Term: 1, Command: "5"},
		{Peer: 1, What: Entered, Index: 1, Term: 2, Command: "6"},
		{Peer: 1, What: Committed, Index: 1},
	}, ofPeer1)
}

func TestSubject(t *testing.T) {
	s := SubjectOf("two leaders in a term", "peers 0 and 2 both lead term 4", nil)
	assert.Equal(t, []int{0, 2}, s.Peers)
	assert.Equal(t, []int{4}, s.Terms)
	s = SubjectOf("not linearizable", `get "x" -> "[1]" (client 2, 0.8 to 0.9 s): but put "x" "[2]" -> OK by client 0 had ended before`, nil)
	assert.Equal(t, "x", s.Key)
	assert.Equal(t, []int{record.FirstClient + 2, record.FirstClient}, s.Clients)
	s = SubjectOf("two commands at one index", "at index 7 peer 3 applies 1, but peer 0 applied 2 there", []int{3})
	assert.Equal(t, []int{3}, s.Peers)
	assert.Equal(t, []int{7}, s.Indexes)
}

// TestWeights: what the verdict could be read off weighs most, and a heartbeat nothing.
func TestWeights(t *testing.T) {
	var run trace
	run.call(0, 1, "Raft.RequestVote", "{Term:1 CandidateId:0}", "{Term:1 VoteGranted:true}")
	run.call(0, 1, "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:0 PrevLogTerm:0 Entries:[] LeaderCommit:0}", "{Term:1 Success:true}")
	run.call(0, 1, "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:0 PrevLogTerm:0 Entries:[] LeaderCommit:0}", "{Term:1 Success:true}")
	w := Weights(run.events, SubjectOf("two votes in a term", "peer 1 voted in term 1 for peer 0, and then for peer 2", []int{1}))
	assert.Equal(t, Decisive, w[2], "the vote")
	assert.Equal(t, []Weight{Hum, Hum, Hum, Hum}, w[8:12])
	w = Weights(run.events, SubjectOf("no leader elected", "nobody", nil))
	assert.Less(t, w[2], Related)
}

// TestWeightsOfGroups: a client waits for one group, which waits for another: the first time that the
// one was told so is worth telling. And a hand-over while a write was under way is.
func TestWeightsOfGroups(t *testing.T) {
	client := record.FirstClient
	var run trace
	start := func(peer int, group string) {
		run.events = append(run.events, record.Event{Kind: record.Start, Peer: peer, Other: record.None, Text: group})
	}
	start(0, "group 1")
	start(1, "group 2")
	run.events = append(run.events, record.Event{Time: time.Millisecond, Kind: record.Invoke, Peer: client, Other: record.None, Method: "append", Text: `"a" "[2]"`})
	run.call(client, 1, "KV.Append", `{Key:"a" Value:"[2]"}`, `{Err:"ErrNotReady"}`)
	first := len(run.events)
	for range 3 {
		run.call(1, 0, "KV.Pull", "{Shard:3 Num:5}", `{Err:"ErrNoKey"}`)
		run.call(client, 1, "KV.Append", `{Key:"a" Value:"[2]"}`, `{Err:"ErrNotReady"}`)
	}
	w := Weights(run.events, SubjectOf("no progress", `client 0 waits for append "a" "[2]", 1m0s after all links work`, nil))
	for at, e := range run.events {
		if e.Method == "KV.Pull" && e.Kind == record.Replied {
			assert.Equal(t, at < first+4, w[at] == Decisive, "the first answer and no other: event %d", at)
		}
	}

	run.call(1, 0, "KV.Pull", "{Shard:3 Num:6}", `{Err:"OK" Contents:"\x04Data\x01a\x03[1]"}`)
	handed := len(run.events) - 2
	require.Equal(t, record.Handled, run.events[handed].Kind)
	run.events = append(run.events, record.Event{Time: 99 * time.Millisecond, Kind: record.Return, Peer: client, Other: record.None, Text: "OK"})
	about := func(from, to string) Subject {
		return SubjectOf("not linearizable", fmt.Sprintf(`key "a": get "a" -> "" (client 1, 0.2000 to 0.3000 s): but append "a" "[2]" -> OK (client 0, %s to %s s) had ended`, from, to), nil)
	}
	assert.Equal(t, Decisive, Weights(run.events, about("0.0010", "0.0990"))[handed])
	assert.NotEqual(t, Decisive, Weights(run.events, about("0.1000", "0.1990"))[handed], "that is about another write")
}

// TestWritesAreFew: a client that waits may have put its write into a thousand entries.
func TestWritesAreFew(t *testing.T) {
	var run trace
	for i := range 9 {
		run.call(0, 1, "Raft.AppendEntries", fmt.Sprintf(`{Term:1 LeaderId:0 PrevLogIndex:%d PrevLogTerm:1 Entries:[{Term:1 Command:{Key:"a" Value:"[2]" Seq:%d}}] LeaderCommit:0}`, i, i), "{Term:1 Success:true}")
	}
	var indexes []int
	for _, c := range Writes(run.events, Subject{Values: []string{"[2]"}}) {
		indexes = append(indexes, c.Index)
	}
	assert.Equal(t, []int{1, 2, 9}, indexes)
}
