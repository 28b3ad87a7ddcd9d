package deduce

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/record"
)

// sentAt are the positions of the requests that decide.
func sentAt(r trace, rule string) (at []int) {
	for i, weight := range Weights(r.events, Subject{Rule: rule}) {
		if weight == Decisive {
			at = append(at, i)
		}
	}
	return at
}

// Entries that are sent once more for nothing are shown with the time before; after a loss or a refusal
// that is right.
func TestEntriesAgain(t *testing.T) {
	send := func(r *trace, prev, count int, reply string) {
		entries := ""
		for k := range count {
			entries += fmt.Sprintf("{Term:1 Command:%d} ", prev+k)
		}
		r.call(0, 1, "Raft.AppendEntries", fmt.Sprintf("{Term:1 LeaderId:0 PrevLogIndex:%d PrevLogTerm:1 Entries:[%s] LeaderCommit:0}", prev, entries), reply)
	}
	const yes, no = "{Term:1 Success:true}", "{Term:1 Success:false}"
	var r trace
	send(&r, 0, 2, yes) // four events each
	send(&r, 2, 1, yes)
	send(&r, 1, 2, yes)
	assert.Equal(t, []int{4, 8}, sentAt(r, "too many bytes"))
	for _, reply := range []string{"", no} {
		var r trace
		send(&r, 0, 2, reply)
		send(&r, 0, 3, yes)
		send(&r, 3, 1, yes)
		assert.Empty(t, sentAt(r, "too many bytes"), "%q", reply)
	}
}

// Clients that ask too often are shown where the first of them asked the same twice.
func TestClientsAskAgain(t *testing.T) {
	var r trace
	for range 3 {
		r.call(record.FirstClient, 0, "KV.Get", `{Key:"l"}`, `{Err:"OK"}`)
	}
	weights := Weights(r.events, SubjectOf("too many RPCs", "client 0 sent 3 requests", nil))
	assert.Equal(t, []Weight{Decisive, Decisive, Hum}, []Weight{weights[0], weights[4], weights[8]})
	assert.Empty(t, sentAt(r, "too many RPCs"), "those of peers were counted")
}

// What a case asks of peers is the story, and so is a request that hardly ever occurs; in a run in
// which it asks for much it is not.
func TestSeldom(t *testing.T) {
	for orders, want := range map[int]Weight{1: Decisive, 2: Related} {
		var r trace
		for range orders * 2 {
			r.add(record.Note, record.None, record.None, 0, "", "")
			r.events[len(r.events)-1].Text = "peer 1 is asked to make peer 2 leader"
		}
		r.call(1, 2, "Raft.TimeoutNow", "{Term:1 LeaderId:1}", "{}")
		weights := Weights(r.events, Subject{Rule: "working leader disturbed"})
		assert.Equal(t, want, weights[orders*2], orders)
	}
}

// If entries were lost and not sent again in time, what was sent instead decides: three requests.
func TestInsteadOfTheLost(t *testing.T) {
	var r trace
	send := func(entries, reply string) {
		r.call(0, 1, "Raft.AppendEntries", fmt.Sprintf("{Term:1 LeaderId:0 PrevLogIndex:1 PrevLogTerm:1 Entries:[%s] LeaderCommit:0}", entries), reply)
	}
	send("{Term:1 Command:5}", "") // two events
	for range 5 {
		send("", "{Term:1 Success:true}") // four each
	}
	var shown []int
	for at, weight := range Weights(r.events, SubjectOf("too slow", "entries were lost; that was not noticed", nil)) {
		if weight == Decisive && r.events[at].Kind == record.Sent {
			shown = append(shown, at)
		}
	}
	assert.Equal(t, []int{2, 6, 10}, shown)
}

// What a follower refuses at the end is shown where it refused it first.
func TestFirstOfTheLast(t *testing.T) {
	var r trace
	ask := func(prev, conflict int) {
		r.call(0, 1, "Raft.AppendEntries", fmt.Sprintf("{Term:1 LeaderId:0 PrevLogIndex:%d PrevLogTerm:1 Entries:[] LeaderCommit:0}", prev), fmt.Sprintf("{Term:1 Success:false ConflictIndex:%d}", conflict))
	}
	ask(9, 5)
	ask(5, 5)
	ask(5, 5)
	at := sentAt(r, "no agreement")
	assert.Contains(t, at, 6, "where its handler returned for the first time: %v", at)
}

// Of the commands that leaders refuse the first is shown, and one before which little had been taken.
func TestRefusedCommands(t *testing.T) {
	var r trace
	for _, taken := range []int{10, 12, 0, 0} {
		r.add(record.Note, record.None, record.None, 0, "", "")
		r.events[len(r.events)-1].Text = fmt.Sprintf("peer 1 leads, and refuses a command of 100000 bytes, having taken %d of them", taken)
	}
	assert.Equal(t, []int{0, 2}, sentAt(r, "no agreement"))
}
