package raft

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ended is how a read came out.
type ended struct {
	index int
	ok    bool
	after time.Duration
}

// readOn starts a read on peer i, whose end comes through the channel.
func (c *cluster) readOn(i int) chan ended {
	end := make(chan ended, 1)
	began := time.Now()
	go func() {
		index, ok := c.peers[i].ReadIndex()
		end <- ended{index, ok, time.Since(began)}
	}()
	return end
}

func TestReadIndex(t *testing.T) {
	inCluster(t, 3, all(Config{ReadIndex: true}), func(c *cluster) {
		leader := c.leader()
		index := c.commit(leader, "x")
		counts := c.situations()
		for i := range c.peers {
			e := <-c.readOn(i)
			require.True(t, e.ok, "peer %d", i)
			require.GreaterOrEqual(t, e.index, index)
			require.Less(t, e.after, 10*time.Millisecond, "two messages, or four")
		}
		require.Equal(t, 2, counts("read forwarded to the leader"))
		require.Equal(t, 3, counts("read confirmed"))
	})
}

func TestReadIndexIsOffByDefault(t *testing.T) {
	inCluster(t, 3, nil, func(c *cluster) {
		_, ok := c.peers[c.leader()].ReadIndex()
		require.False(t, ok)
	})
	inCluster(t, 1, all(Config{ReadIndex: true}), func(c *cluster) {
		leader := c.leader()
		index, ok := c.peers[leader].ReadIndex() // a cluster of one asks nobody
		require.True(t, ok)
		require.Equal(t, 1, index, "the no-op")
	})
}

// A leader of the past does not confirm a read, whenever it was cut off: with calls of its own on
// their way, or their answers. When it hears of its successor its readers are told at once.
func TestDeposedLeaderConfirmsNothing(t *testing.T) {
	inCluster(t, 3, all(Config{ReadIndex: true}), func(c *cluster) {
		for round := range 30 {
			old := c.leader()
			c.commit(old, round)
			time.Sleep(time.Duration(round) * 3 * time.Millisecond)
			c.Isolate(old)
			c.commitSomewhere(c.others(old)...)

			read := c.readOn(old)
			time.Sleep(10 * time.Second)
			_, leads := c.peers[old].GetState()
			require.True(t, leads, "it does not know better: no CheckQuorum here")
			require.Empty(t, read, "and its reader gets no answer")

			healed := time.Now()
			c.Net.HealAll()
			e := <-read
			require.False(t, e.ok)
			_, leads = c.peers[old].GetState()
			require.False(t, leads)
			require.Less(t, time.Since(healed), 200*time.Millisecond)
		}
	})
}

// Answers to calls that were made before the read confirm nothing, however late they come in. Here
// they are all that the old leader gets to hear: its own messages are lost, and its successor's.
func TestLateAnswersConfirmNothing(t *testing.T) {
	inCluster(t, 3, all(Config{ReadIndex: true}), func(c *cluster) {
		tried := 0
		for range 40 {
			c.Net.LongReordering(false)
			c.commitSomewhere(0, 1, 2)
			time.Sleep(3 * time.Second)
			old := c.leader()
			c.Net.LongReordering(true) // two replies of three take 0.2 to 2.2 s
			time.Sleep(500 * time.Millisecond)
			if _, leads := c.peers[old].GetState(); !leads {
				continue
			}
			successor, voter := c.others(old)[0], c.others(old)[1]
			c.Net.Cut(old, successor)
			c.Net.Cut(old, voter)
			c.Net.Cut(successor, old) // what the voter still has to say to the old leader gets through
			c.leader(successor, voter)
			if _, leads := c.peers[old].GetState(); leads {
				tried++
				read := c.readOn(old)
				time.Sleep(3 * time.Second)
				if len(read) > 0 {
					require.False(t, (<-read).ok)
				}
			}
			c.Net.HealAll()
		}
		require.NotZero(t, tried)
	})
}

// A server that hears nobody says so at once, and does not go on asking a leader that it has given
// up (etcd#8334).
func TestNoLeaderIsKnown(t *testing.T) {
	for _, config := range []Config{{ReadIndex: true}, {ReadIndex: true, PreVote: true}} {
		inCluster(t, 3, all(config), func(c *cluster) {
			c.Net.LongDelays(true)
			alone := (c.leader() + 1) % 3
			c.Isolate(alone)
			time.Sleep(601 * time.Millisecond)
			e := <-c.readOn(alone)
			require.Equal(t, ended{}, e)
		})
	}
}

// Whoever waits for a read is told at once when the leadership ends.
func TestReadsEndWithTheLeader(t *testing.T) {
	t.Run("step-down", func(t *testing.T) {
		inCluster(t, 3, all(Config{ReadIndex: true, CheckQuorum: true}), func(c *cluster) {
			leader := c.leader()
			c.commit(leader, "x")
			counts := c.situations()
			c.Isolate(leader)
			e := <-c.readOn(leader)
			require.False(t, e.ok)
			require.Less(t, e.after, 301*time.Millisecond)
			_, leads := c.peers[leader].GetState()
			require.False(t, leads)
			require.Equal(t, 1, counts("reads ended with the leadership"))
		})
	})
	t.Run("Kill", func(t *testing.T) {
		inCluster(t, 3, all(Config{ReadIndex: true}), func(c *cluster) {
			leader := c.leader()
			c.Isolate(leader)
			reads := []chan ended{c.readOn(leader), c.readOn(c.others(leader)[0])}
			time.Sleep(time.Millisecond)
			for _, rf := range c.peers {
				rf.Kill()
			}
			for _, read := range reads {
				e := <-read
				require.False(t, e.ok)
				require.Equal(t, time.Millisecond, e.after)
			}
		})
	})
	t.Run("follower", func(t *testing.T) {
		inCluster(t, 3, all(Config{ReadIndex: true, PreVote: true}), func(c *cluster) {
			leader := c.leader()
			c.commit(leader, "x")
			c.settle()
			c.Net.LongDelays(true) // a call to nobody takes up to 7 s to fail
			counts := c.situations()
			for range 10 {
				c.Isolate(leader)
				e := <-c.readOn((leader + 1) % 3)
				require.False(t, e.ok)
				require.Less(t, e.after, 601*time.Millisecond, "when its election timeout ran out, at the latest")
				c.Net.HealAll()
				time.Sleep(10 * time.Second)
				leader = c.leader()
			}
			require.NotZero(t, counts("forwarded read ended with the leader"))
		})
	})
}

// Many readers at once cost hardly more messages than one.
func TestReadsShareCalls(t *testing.T) {
	inCluster(t, 3, all(Config{ReadIndex: true}), func(c *cluster) {
		leader := c.leader()
		c.commit(leader, "x")
		time.Sleep(20 * time.Millisecond)
		before := c.Net.GetTotalCount()
		var readers sync.WaitGroup
		for range 100 {
			readers.Go(func() {
				_, ok := c.peers[leader].ReadIndex()
				require.True(t, ok)
			})
		}
		readers.Wait()
		require.LessOrEqual(t, c.Net.GetTotalCount()-before, 6)
	})
}

// Readers do not make a follower that does not answer the target of more than heartbeats.
func TestReadsDoNotFloodTheDead(t *testing.T) {
	inCluster(t, 3, all(Config{ReadIndex: true}), func(c *cluster) {
		leader := c.leader()
		c.commit(leader, "x")
		c.settle()
		c.Net.LongDelays(true)
		dead := c.others(leader)[0]
		c.Isolate(dead)
		for range 500 {
			_, ok := c.peers[leader].ReadIndex()
			require.True(t, ok)
		}
		c.peers[leader].mu.Lock()
		defer c.peers[leader].mu.Unlock()
		require.Less(t, c.peers[leader].followers[dead].inFlight, 30)
	})
}

// Rule 1: a leader that has committed nothing of its own term does not know what is committed.
func TestReadWaitsForOwnTerm(t *testing.T) {
	rf := newPeer(t, 5, 4, 4)
	lead(rf)
	rf.config.ReadIndex = true
	rf.setLeader(rf.me)
	beginContacts(rf.followers, time.Now())
	rf.commitIndex = 1 // its predecessor had told clients that 2 is committed
	end := make(chan ended, 1)
	go func() {
		index, ok := rf.ReadIndex()
		end <- ended{index: index, ok: ok}
	}()
	for parked := 0; parked == 0; time.Sleep(time.Millisecond) {
		rf.mu.Lock()
		parked = len(rf.reads.parked)
		rf.mu.Unlock()
	}
	r := rf.followers[1]
	answer := func() { // one follower answers a call
		start := rf.callStarts(r)
		rf.mu.Lock()
		defer rf.mu.Unlock()
		rf.callAnswered(r, start)
	}
	answer()
	require.Empty(t, end)
	rf.mu.Lock()
	rf.appendNoOp()
	rf.learnMatch(rf.followers[1], 3)
	rf.mu.Unlock()
	require.Empty(t, end, "the calls that confirm a read are made after it was let in")
	answer()
	require.Equal(t, ended{index: 3, ok: true}, <-end)
}

// Rules 3 and 4: which answers confirm which reads.
func TestWhichAnswersConfirm(t *testing.T) {
	rf := newPeer(t, 5, 5)
	lead(rf)
	rf.setLeader(rf.me)
	beginContacts(rf.followers, time.Now())
	rf.commitIndex = 1
	one, two := rf.followers[1], rf.followers[2]
	answered := func(r *progress, start callStart) {
		rf.mu.Lock()
		defer rf.mu.Unlock()
		rf.callAnswered(r, start)
	}
	letIn := func() *read {
		rf.mu.Lock()
		defer rf.mu.Unlock()
		r := &read{answer: make(chan int, 1)}
		rf.letIn(r)
		return r
	}
	early := rf.callStarts(one)
	first := letIn()
	between := rf.callStarts(two)
	second := letIn()
	late := rf.callStarts(one)

	answered(one, early)
	require.Empty(t, first.answer, "a call made before the read")
	answered(two, between)
	require.Len(t, first.answer, 1)
	require.Empty(t, second.answer, "which came after this call")
	answered(one, late)
	require.Len(t, second.answer, 1)
}
