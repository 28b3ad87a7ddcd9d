package raft

import (
	"raftlab/internal/servertest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The rules of RequestPreVote: a voter in term 5 with log 1 1 3. Whatever it answers, it changes
// nothing.
func TestRequestPreVote(t *testing.T) {
	for _, c := range []struct {
		name      string
		args      RequestPreVoteArgs
		granted   bool
		term      int // of the reply: that of the request with a Yes, one's own with a No
		situation string
	}{
		{"next term, same log", RequestPreVoteArgs{6, 1, 3, 3}, true, 6, ""},
		{"far ahead", RequestPreVoteArgs{9, 1, 3, 3}, true, 9, ""},
		{"same term", RequestPreVoteArgs{5, 1, 9, 9}, false, 5, "pre-vote refused: old term"},
		{"older term is answered", RequestPreVoteArgs{2, 1, 9, 9}, false, 5, "pre-vote refused: old term"},
		{"log behind", RequestPreVoteArgs{6, 1, 2, 3}, false, 5, "pre-vote refused: candidate's log is behind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rf := newPeer(t, 5, 1, 1, 3)
			rf.votedFor = 2 // a pre-vote is no vote: it may go to another
			rf.persistHeader()
			deadline := rf.electionDeadline
			var reply RequestPreVoteReply
			situations := servertest.Reached(func() { rf.RequestPreVote(&c.args, &reply) })
			require.Equal(t, RequestPreVoteReply{Term: c.term, VoteGranted: c.granted}, reply)
			if c.situation != "" {
				require.True(t, situations[c.situation], "%v", situations)
			}
			require.Equal(t, 5, rf.currentTerm, "nobody moves to the term of a pre-vote")
			require.Equal(t, 2, rf.votedFor)
			require.Equal(t, follower, rf.state)
			require.Equal(t, deadline, rf.electionDeadline, "a pre-vote does not reset the timer")
			requireStored(t, rf)
		})
	}
}

// The point of it: a server that was away comes back without a higher term. Without PreVote it does
// not (so this test tests something).
func TestRejoinDoesNotRaiseTerms(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		raised bool
	}{
		{"nothing", Config{}, true},
		{"CheckQuorum", Config{CheckQuorum: true}, true},
		{"PreVote", Config{PreVote: true}, false},
		{"PreVote and CheckQuorum", Config{PreVote: true, CheckQuorum: true}, false},
		{"everything", everything, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inCluster(t, 3, all(c.config), func(cl *cluster) {
				for round := range 10 {
					leader := cl.leader()
					cl.commit(leader, round)
					cl.settle()
					before := cl.term()
					away := (leader + 1) % 3
					cl.Isolate(away)
					cl.commit(leader, "while it is away")
					time.Sleep(3 * time.Second)
					require.Equal(t, c.raised, cl.term() > before, "its own term while it is away")
					cl.Net.HealAll()
					time.Sleep(3 * time.Second)
					require.Equal(t, c.raised, cl.term() > before, "everybody's term afterwards")
					if !c.raised {
						require.Equal(t, leader, cl.leader())
					}
				}
			})
		})
	}
}

// When the leader dies there is a new one, as soon as without PreVote but for a round trip.
func TestPreVoteElects(t *testing.T) {
	inCluster(t, 3, all(Config{PreVote: true}), func(c *cluster) {
		for range 10 {
			old := c.leader()
			c.settle()
			before := c.term()
			counts := c.situations()
			c.Isolate(old)
			began := time.Now()
			leader := c.leader(c.others(old)...)
			require.NotEqual(t, old, leader)
			require.Less(t, time.Since(began), 3*time.Second)
			require.Greater(t, c.term(), before)
			require.NotZero(t, counts("pre-vote won"))
			c.Net.HealAll()
			c.commit(leader, "again")
			c.settle()
		}
	})
}

// Some servers have PreVote, some have not. One without is alone in a high term with an old log;
// one that has it is needed to go on, and has to learn that term (etcd#8501).
func TestMixedPreVoteDoesNotDeadlock(t *testing.T) {
	config := func(i int) Config { return Config{PreVote: i != 2, CheckQuorum: i == 1} }
	inCluster(t, 3, config, func(c *cluster) {
		c.Isolate(2)
		leader := c.leader(0, 1)
		c.commit(leader, "2 does not have this")
		time.Sleep(5 * time.Second) // 2 raises its term
		high, _ := c.peers[2].GetState()
		other := 1 - leader
		low, _ := c.peers[other].GetState()
		require.Greater(t, high, low+3)
		counts := c.situations()
		c.Isolate(leader) // first, or it would step down and take part
		for _, pair := range [][2]int{{2, other}, {other, 2}} {
			c.Net.Heal(pair[0], pair[1])
		}
		began := time.Now()
		c.commitSomewhere(2, other)
		require.Less(t, time.Since(began), 10*time.Second)
		require.Equal(t, other, c.leader(2, other), "2 cannot win")
		require.NotZero(t, counts("pre-vote learned a newer term")+counts("vote refused: candidate's log is behind"))
	})
}

// commitSomewhere has a command committed by whoever leads among the peers. A leader that hands over
// leads and takes no commands, so that time has to pass before the next attempt.
func (c *cluster) commitSomewhere(among ...int) {
	c.T.Helper()
	for range 100 {
		leader := c.leader(among...)
		if index, _, ok := c.peers[leader].Start("anything"); ok {
			for range 50 {
				if c.committed(leader) >= index {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	require.Fail(c.T, "nothing is committed")
}

// A pre-candidate that has voted for another, or has heard from a leader, does not stand for
// election because of answers that come in late.
func TestPreVoteRoundEnds(t *testing.T) {
	for name, end := range map[string]func(rf *Raft){
		"vote": func(rf *Raft) {
			rf.RequestVote(&RequestVoteArgs{Term: 5, CandidateId: 1, LastLogIndex: 9, LastLogTerm: 9}, &RequestVoteReply{})
		},
		"leader":     func(rf *Raft) { rf.AppendEntries(&AppendEntriesArgs{Term: 5, LeaderId: 1}, &AppendEntriesReply{}) },
		"newer term": func(rf *Raft) { rf.RequestVote(&RequestVoteArgs{Term: 7, CandidateId: 1}, &RequestVoteReply{}) },
	} {
		t.Run(name, func(t *testing.T) {
			rf := newPeer(t, 5, 1)
			rf.state = preCandidate
			rf.preVote = preVoteRound{number: 1, votes: 1}
			end(rf)
			require.Equal(t, follower, rf.state)
			require.False(t, rf.replyCounts(preCandidate, 5, 5))
		})
	}
}
