package deduce

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/record"
)

// refused adds a call that a follower refuses, in a term.
func (t *trace) refused(leader, follower, term, prev, prevTerm, newer int) {
	t.call(leader, follower, "Raft.AppendEntries", fmt.Sprintf("{Term:%d LeaderId:%d PrevLogIndex:%d PrevLogTerm:%d Entries:[] LeaderCommit:0}",
		term, leader, prev, prevTerm), fmt.Sprintf("{Term:%d Success:false}", newer))
}

// Each story begins with entries 1 and 2 that peer 1 has taken from leader 0 of term 1.
func TestPromises(t *testing.T) {
	again := func(r *trace, text string) {
		r.add(record.CrashPeer, 1, record.None, 0, "", "")
		r.add(record.Restart, 1, record.None, 0, "", "")
		r.events[len(r.events)-1].Text = text
	}
	stories := []struct {
		name string
		what string // of the breach; "" for none
		more func(r *trace)
	}{
		{"what was promised is refused", "refuses entries after 2, but had told the leader of term 1 that it has 2", func(r *trace) {
			again(r, "")
			r.refused(0, 1, 1, 2, 1, 1)
		}},
		{"a snapshot was promised", "refuses entries after 5, but had told the leader of term 1 that it has 5", func(r *trace) {
			r.call(0, 1, "Raft.InstallSnapshot", "{Term:1 LeaderId:0 LastIncludedIndex:5 LastIncludedTerm:1}", "{Term:1}")
			again(r, "snapshot to 2")
			r.refused(0, 1, 1, 5, 1, 1)
		}},
		{"its snapshot goes further", "", func(r *trace) {
			again(r, "snapshot to 2")
			r.refused(0, 1, 1, 2, 1, 1)
		}},
		{"a newer term", "", func(r *trace) {
			again(r, "")
			r.refused(0, 1, 1, 2, 1, 3)
		}},
		{"more than was promised", "", func(r *trace) {
			again(r, "")
			r.refused(0, 1, 1, 3, 1, 1)
		}},
	}
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			var r trace
			r.start()
			r.vote(0, 1, 1, 0, 0, true)
			r.entries(0, 1, 1, 0, 0, "{Term:1 Command:5} {Term:1 Command:6}", 0)
			s.more(&r)
			var all []string
			for _, b := range Breaches(r.events) {
				if b.What == s.what {
					assert.Less(t, b.Since, b.At)
				}
				all = append(all, b.What)
			}
			if s.what == "" {
				assert.Empty(t, all)
				return
			}
			assert.Contains(t, all, s.what)
		})
	}
}

// TestPassedOver: a leader that waits for what was lost is told of only if somebody has disturbed it.
func TestPassedOver(t *testing.T) {
	var r trace
	r.start()
	r.vote(0, 1, 1, 0, 0, true)
	r.call(0, 2, "Raft.AppendEntries", "{Term:1 LeaderId:0 PrevLogIndex:0 PrevLogTerm:0 Entries:[] LeaderCommit:0}", "")
	for range 3 {
		r.pause(100 * time.Millisecond)
		r.entries(0, 1, 1, 0, 0, "", 0)
	}
	r.vote(2, 1, 2, 2, 1, true)
	bs := Breaches(r.events)
	if assert.Len(t, bs, 1) {
		assert.Contains(t, bs[0].What, "sends nothing to 2 from here on for 314ms")
		assert.True(t, bs[0].Tells(Subject{Rule: disturbed}))
		assert.False(t, bs[0].Tells(Subject{Rule: "no agreement"}))
	}
}

// TestTurnedAway: a leader that sends all clients away is told of, one that does so for a while is not.
func TestTurnedAway(t *testing.T) {
	story := func(pause time.Duration, last string) (all []string) {
		var r trace
		r.start()
		r.vote(0, 1, 1, 0, 0, true)
		r.entries(0, 1, 1, 0, 0, "", 0)
		for range 3 {
			r.call(record.FirstClient, 0, "KVServer.Get", "{Key:\"x\"}", "{Err:\"ErrWrongLeader\"}")
			r.pause(pause)
		}
		r.call(record.FirstClient, 0, "KVServer.Get", "{Key:\"x\"}", "{Err:\""+last+"\"}")
		for _, b := range Breaches(r.events) {
			if b.Peer == 0 {
				all = append(all, b.What)
			}
		}
		return all
	}
	assert.Equal(t, []string{"tells clients from here on that it does not lead, 4 times in 6s, although it leads term 1"}, story(2*time.Second, "ErrWrongLeader"))
	assert.Empty(t, story(2*time.Second, "OK"))
	assert.Empty(t, story(time.Second, "ErrWrongLeader"))
}

// TestTermOfState: a term that was forgotten shows in what a peer says when it is asked.
func TestTermOfState(t *testing.T) {
	var r trace
	r.start()
	r.vote(0, 1, 4, 0, 0, true)
	r.add(record.CrashPeer, 1, record.None, 0, "", "")
	r.add(record.Restart, 1, record.None, 0, "", "")
	r.add(record.State, 1, record.None, 0, "", "")
	r.events[len(r.events)-1].Term = 3
	bs := Breaches(r.events)
	if assert.Len(t, bs, 1) {
		assert.Equal(t, "says that its term is 3, but had been in term 4 before its restart", bs[0].What)
	}
}
