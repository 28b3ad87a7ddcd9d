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
