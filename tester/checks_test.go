//go:build !wasip1

package tester_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/raftapi"
	"raftlab/tester"
)

type (
	cluster = *tester.Cluster
	cast    = *theatre
)

func TestTwoLeadersByTheirOwnWord(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).lead(3)
		th.peer(2).lead(3)
		c.Leader()
		settle(c)
	})
	breaks(t, v, tester.RuleTwoLeaders, "peers 0 and 2 both lead term 3")
	require.Equal(t, []int{0, 2}, v.Peers)
}

func TestTwoLeadersByTheirHeartbeats(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).heartbeat(1, 3)
		th.peer(2).heartbeat(1, 4)
		th.peer(2).heartbeat(1, 3)
		settle(c)
	})
	breaks(t, v, tester.RuleTwoLeaders, "peers 0 and 2 both lead term 3")
}

func TestTwoVotesInATerm(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).grant = true
		th.peer(1).askForVote(0, 7)
		th.peer(1).askForVote(0, 7) // the same candidate again is fine
		th.peer(2).askForVote(0, 8)
		c.Env().Note("now the second vote")
		th.peer(2).askForVote(0, 7)
		settle(c)
	})
	breaks(t, v, tester.RuleTwoVotes, "peer 0 voted in term 7 for peer 1, and then for peer 2")
}

func TestVoteForAnotherAfterItsOwn(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).grant = true
		th.peer(0).askForVote(2, 7)
		th.peer(1).askForVote(0, 7)
		settle(c)
	})
	breaks(t, v, tester.RuleTwoVotes, "peer 0 voted in term 7 for peer 0, and then for peer 1")
}

func TestTwoVotesAcrossARestart(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).grant = true
		th.peer(1).askForVote(0, 7)
		c.Restart(0)
		th.peer(0).grant = true
		th.peer(2).askForVote(0, 7)
		settle(c)
	})
	breaks(t, v, tester.RuleTwoVotes, "peer 0 voted in term 7")
}

func TestPreVotesAreNoVotes(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).grant = true
		for _, candidate := range []int{1, 2} {
			var reply VoteReply
			th.peer(candidate).ends[0].Call("puppet.PreVote", &VoteArgs{Term: 7, CandidateId: candidate}, &reply)
			require.True(t, reply.VoteGranted)
		}
		settle(c)
	})
	passes(t, v)
	require.Contains(t, v.NotChecked, string(tester.RuleTwoVotes))
}

func TestTermBackInMessages(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).heartbeat(1, 5)
		c.Restart(0)
		th.peer(0).askForVote(1, 5) // not yet: the same term
		settle(c)
		th.peer(0).askForVote(1, 4)
		settle(c)
	})
	breaks(t, v, tester.RuleTermBack, "peer 0 acted in term 5 before a restart, and now in term 4")
}

func TestTermBackInGetState(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).heartbeat(1, 5) // peer 1 agrees to term 5
		c.Restart(1)
		c.State(1) // too early to be held against it
		settle(c)
		c.State(1)
		settle(c)
	})
	breaks(t, v, tester.RuleTermBack, "peer 1 acted in term 5 before a restart, and now says that its term is 0")
}

func TestTwoCommandsAtOneIndex(t *testing.T) {
	v, _ := play(t, 2, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).command(1, "x")
		settle(c)
		th.peer(1).command(1, "y")
		settle(c)
	})
	breaks(t, v, tester.RuleTwoCommands, `at index 1 peer 1 applies "y", but peer 0 applied "x" there`)
}

func TestNoOpAgainstCommand(t *testing.T) {
	v, _ := play(t, 2, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).send(raftapi.ApplyMsg{CommandIndex: 1})
		settle(c)
		th.peer(1).command(1, 4)
		settle(c)
	})
	breaks(t, v, tester.RuleTwoCommands, "applies 4, but peer 0 applied a no-op")
}

// TestIndicesThatThereCannotBe: whatever a peer says where it is, that is an answer, and no run
// without an end.
func TestIndicesThatThereCannotBe(t *testing.T) {
	for _, index := range []int{math.MinInt, -1 << 62, -5, 0, 1 << 62, math.MaxInt} {
		v, _ := play(t, 2, tester.Options{SnapshotEvery: 10}, func(c cluster, th cast) {
			th.peer(0).command(index, "x")
			settle(c)
		})
		breaks(t, v, tester.RuleApplyOrder, fmt.Sprint(index))
		v, _ = play(t, 2, tester.Options{SnapshotEvery: 10}, func(c cluster, th cast) {
			th.peer(0).send(raftapi.ApplyMsg{SnapshotValid: true, SnapshotIndex: index, SnapshotTerm: index})
			settle(c)
		})
		breaks(t, v, tester.RuleSnapshot, "is not one that the service made")
	}
}

func TestOtherCommandAfterARestart(t *testing.T) {
	v, _ := play(t, 1, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).command(1, 10)
		th.peer(0).command(2, 20)
		settle(c)
		c.Restart(0)
		th.peer(0).command(1, 10)
		th.peer(0).command(2, 21)
		settle(c)
	})
	breaks(t, v, tester.RuleTwoCommands, "at index 2")
}

func TestApplyOrder(t *testing.T) {
	for name, indices := range map[string][]int{"skips": {1, 3}, "again": {1, 2, 2}, "first": {2}, "zero": {0}} {
		t.Run(name, func(t *testing.T) {
			v, _ := play(t, 1, tester.Options{}, func(c cluster, th cast) {
				for _, i := range indices {
					th.peer(0).command(i, "x")
				}
				settle(c)
			})
			breaks(t, v, tester.RuleApplyOrder, "peer 0 applies")
		})
	}
}

func TestLostCommit(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).heartbeat(1, 3)
		th.peer(0).command(1, "kept?")
		settle(c)
		th.peer(1).start = func(any) (int, int, bool) { return 1, 4, true }
		c.Propose(1, "new")
		settle(c)
	})
	breaks(t, v, tester.RuleLostCommit, "peer 1, leader of term 4, puts a new command at index 1")
}

func TestStartInTheTermOfTheCommitIsNoLoss(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).heartbeat(1, 4)
		th.peer(0).command(1, "kept")
		settle(c)
		th.peer(0).start = func(any) (int, int, bool) { return 1, 4, true }
		c.Propose(0, "late answer")
		settle(c)
	})
	passes(t, v)
}

func TestUnknownShapesAreNotChecked(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		var reply OddReply
		th.peer(0).ends[1].Call("puppet.Odd", &OddArgs{1, 2}, &reply)
		require.True(t, reply.Fine)
		settle(c)
	})
	passes(t, v)
	require.ElementsMatch(t, []string{string(tester.RuleTwoVotes), string(tester.RuleLostCommit), string(tester.RuleTermBack)}, v.NotChecked)
}

func TestMistakesOnTheNetwork(t *testing.T) {
	v, _ := play(t, 2, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).ends[1].Call("puppet.RequestVotes", &VoteArgs{}, &VoteReply{})
		settle(c)
	})
	breaks(t, v, tester.RuleNetwork, "RequestVotes")
}

func TestSnapshots(t *testing.T) {
	var taken []byte
	fill := func(c cluster, th cast) {
		th.peer(0).snap = func(index int, snapshot []byte) {
			if index == 2 {
				taken = snapshot
			}
		}
		for i := 1; i <= 4; i++ {
			th.peer(0).command(i, i)
		}
		settle(c)
	}
	install := func(p *puppet, index int, data []byte) {
		p.send(raftapi.ApplyMsg{SnapshotValid: true, SnapshotIndex: index, SnapshotTerm: 1, Snapshot: data})
	}
	for _, s := range []struct {
		name, want string
		do         func(c cluster, th cast)
	}{
		{"right", "", func(c cluster, th cast) { install(th.peer(1), 2, taken); th.peer(1).command(3, 3) }},
		{"other index", "the state in it is that after index 2", func(c cluster, th cast) { install(th.peer(1), 3, taken) }},
		{"garbage", "is not one that the service made", func(c cluster, th cast) { install(th.peer(1), 2, []byte("x")) }},
		{"back", "goes back to index 2", func(c cluster, th cast) { install(th.peer(0), 2, taken) }},
		{"persisted garbage", "has persisted is not one", func(c cluster, th cast) {
			th.peer(1).store.Save(nil, []byte("rubbish"))
			c.Restart(1)
		}},
		{"persisted", "", func(c cluster, th cast) {
			th.peer(1).store.Save(nil, taken)
			c.Restart(1)
			require.Equal(t, 2, c.AppliedThrough(1))
			th.peer(1).command(3, 3)
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			v, _ := play(t, 2, tester.Options{SnapshotEvery: 2}, func(c cluster, th cast) {
				fill(c, th)
				s.do(c, th)
				settle(c)
			})
			if s.want == "" {
				passes(t, v)
				return
			}
			breaks(t, v, tester.RuleSnapshot, s.want)
		})
	}
}

func TestZombiesDoNotCount(t *testing.T) {
	v, events := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		zombie := th.peer(0)
		zombie.store.Save([]byte("kept"), nil)
		zombie.command(1, "x")
		settle(c)
		c.Crash(0)
		require.False(t, c.Running(0))
		zombie.store.Save([]byte("not kept"), nil)
		require.False(t, zombie.heartbeat(1, 9), "a zombie's message must not arrive")
		c.Restart(0)
		zombie.applyCh <- raftapi.ApplyMsg{CommandValid: true, CommandIndex: 7, Command: "zombie"}
		require.Equal(t, "kept", string(th.peer(0).store.ReadRaftState()))
		require.False(t, th.peer(1).askForVote(0, 1))
		th.peer(1).heartbeat(0, 9)
		settle(c)
	})
	passes(t, v)
	starts := map[time.Duration]bool{}
	for _, e := range events {
		if e.Kind == record.Start || e.Kind == record.Restart {
			require.False(t, starts[e.Time], "two starts at one instant")
			starts[e.Time] = true
		}
	}
	require.Len(t, starts, 4)
}

func TestCrashAtPersist(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		p := th.peer(0)
		p.grant = true
		p.onVote = func() { // votes, persisting twice
			p.store.Save([]byte("term"), nil)
			p.store.Save([]byte("vote"), nil)
		}
		crashed := c.CrashAtPersist(0, 1)
		require.False(t, th.peer(1).askForVote(0, 3), "the vote must not get out")
		require.True(t, c.Env().Await(crashed, time.Second))
		require.False(t, c.Running(0))
		require.Equal(t, "term", string(c.CopyPersisted(0).ReadRaftState()))
		require.Equal(t, 4, c.PersistedSize(0))
		c.Restart(0)
		require.Equal(t, "term", string(th.peer(0).store.ReadRaftState()))
		th.peer(0).grant = true
		th.peer(2).askForVote(0, 3) // another vote in the term is fine: the first one never got out
		require.True(t, c.Env().Await(c.CrashAtPersist(1, 3), 0) == false)
		settle(c)
	})
	passes(t, v)
}

// A crash that is still to come is taken back by Mend.
func TestMendSpares(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		c.Crash(2)
		c.Disconnect(1)
		crashed := c.CrashAtPersist(0, 1)
		c.Mend()
		require.True(t, c.Env().Await(crashed, time.Second))
		th.peer(0).store.Save([]byte("term"), nil)
		settle(c)
		for i := range 3 {
			require.True(t, c.Running(i) && c.Connected(i), "peer %d", i)
		}
	})
	passes(t, v)
}

func TestTermsBelowZero(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).state = func() (int, bool) { return -1, true }
		c.State(0)
	})
	breaks(t, v, tester.RuleWrongTerm, "peer 0 says to GetState that its term is -1; terms are counted from 0")
	v, _ = play(t, 1, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).start = func(any) (int, int, bool) { return 1, -1, true }
		c.One("x", 1, false)
	})
	breaks(t, v, tester.RuleWrongTerm, "peer 0 takes a command in term -1")
	v, _ = play(t, 3, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).heartbeat(1, -2) // answered by peer 1
		settle(c)
	})
	breaks(t, v, tester.RuleWrongTerm, "acts in term -2")
}

func TestStartBelowTheFirstIndex(t *testing.T) {
	v, _ := play(t, 1, tester.Options{}, func(c cluster, th cast) {
		th.peer(0).start = func(any) (int, int, bool) { return 0, 1, true }
		c.One("x", 1, false)
	})
	breaks(t, v, tester.RuleWrongIndex, "the first index is 1")
}

func TestFloodTellsWhatWasRepeated(t *testing.T) {
	v, _ := play(t, 3, tester.Options{}, func(c cluster, th cast) {
		for range 40 {
			c.Env().Go(func() {
				for !c.Env().Failed() {
					th.peer(0).heartbeat(1, 3)
				}
			})
		}
		settle(c)
		settle(c)
	})
	breaks(t, v, tester.RuleTooManyRPCs, "peer 0 made 10001 requests within a second of virtual time")
	require.Contains(t, v.Message, "puppet.AppendEntries {Term:3 LeaderId:0")
	require.Contains(t, v.Message, "to peer 1; the last reply to it is {Term:3 Success:true}")
	require.Equal(t, []int{0}, v.Peers)
}

// A leader that sends to six followers every 5 ms, in three loops, is wasteful.
func TestWasteIsNoFlood(t *testing.T) {
	v, _ := play(t, 7, tester.Options{Unreliable: true}, func(c cluster, th cast) {
		for k := range 18 {
			c.Env().Go(func() {
				for range 6000 {
					go th.peer(0).heartbeat(1+k%6, 3)
					time.Sleep(5 * time.Millisecond)
				}
			})
		}
		c.Env().Sleep(30 * time.Second)
	})
	passes(t, v)
}
