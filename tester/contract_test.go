//go:build !wasip1

package tester_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/contract"
	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// conditional is a puppet of 2021.
type conditional struct {
	*puppet
	yes   bool
	asked atomic.Int32
	crash func() // while it is asked; may be nil
}

func (p *conditional) CondInstallSnapshot(term, index int, snapshot []byte) bool {
	p.asked.Add(1)
	if p.crash != nil {
		p.crash()
	}
	return p.yes
}

// inYear plays f with two puppets that take a snapshot every ten entries, by the contract of a
// year. Peers of the form of 2021 are asked, and say yes.
func inYear(t *testing.T, year string, f func(c cluster, th cast, form func(int) *conditional)) record.Verdict {
	t.Helper()
	th := &theatre{}
	forms := map[int]*conditional{}
	make := func(ends []*labrpc.ClientEnd, me int, store *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
		p := &conditional{puppet: th.make(ends, me, store, applyCh).(*puppet), yes: true}
		forms[me] = p
		return p
	}
	v, _ := tester.RunInBubble(t, tester.Case{Part: "2D", Name: "Years", Section: "§0", Run: func(e *tester.Env) {
		f(e.NewCluster(make, 2, tester.Options{SnapshotEvery: 10}), th, func(i int) *conditional { return forms[i] })
	}}, record.Params{Seed: 1, Contract: year})
	return v
}

// eachContract plays f by every contract that there is.
func eachContract(t *testing.T, f func(t *testing.T, c contract.Contract)) {
	for _, year := range append(contract.Years(), "") {
		c, err := contract.Of(year)
		require.NoError(t, err)
		t.Run("year "+year, func(t *testing.T) { f(t, c) })
	}
}

// keep has a puppet keep the newest snapshot that it is given.
func keep(p *puppet, into *[]byte) {
	p.snap = func(index int, snapshot []byte) { *into = snapshot }
}

// applies has a puppet apply commands at indices.
func applies(c cluster, p *puppet, from, to int) {
	for i := from; i <= to; i++ {
		p.command(i, fmt.Sprint("command ", i))
	}
	settle(c)
}

func TestOldCommandsAfterASnapshot(t *testing.T) {
	eachContract(t, func(t *testing.T, terms contract.Contract) {
		v := inYear(t, terms.Year, func(c cluster, th cast, _ func(int) *conditional) {
			var snapshot []byte
			keep(th.peer(0), &snapshot)
			applies(c, th.peer(0), 1, 12)
			th.peer(1).send(raftapi.ApplyMsg{SnapshotValid: true, Snapshot: snapshot, SnapshotIndex: 10})
			applies(c, th.peer(1), 8, 12) // 8, 9 and 10 were under way
			require.Equal(t, 12, c.AppliedThrough(1))
		})
		if terms.IgnoresOld {
			passes(t, v)
		} else {
			breaks(t, v, tester.RuleApplyOrder, "applies index 8 again")
		}
		require.Equal(t, terms.Year == "", strings.HasSuffix(v.Message, "--contract 2021"), "a hint to who gave no year")
	})
}

func TestOldCommandsDoNotChange(t *testing.T) {
	v := inYear(t, "2021", func(c cluster, th cast, _ func(int) *conditional) {
		applies(c, th.peer(0), 1, 12)
		th.peer(0).command(9, "another")
		settle(c)
	})
	breaks(t, v, tester.RuleTwoCommands, "at index 9")
}

func TestCommandsTwiceWithoutASnapshot(t *testing.T) {
	eachContract(t, func(t *testing.T, terms contract.Contract) {
		v := inYear(t, terms.Year, func(c cluster, th cast, _ func(int) *conditional) {
			applies(c, th.peer(0), 1, 9)
			applies(c, th.peer(0), 9, 9)
		})
		breaks(t, v, tester.RuleApplyOrder, "applies index 9 again")
	})
}

func TestSkippedCommandsAfterASnapshot(t *testing.T) {
	v := inYear(t, "2021", func(c cluster, th cast, _ func(int) *conditional) {
		applies(c, th.peer(0), 1, 12)
		applies(c, th.peer(0), 14, 14)
	})
	breaks(t, v, tester.RuleApplyOrder, "applies index 14 right after 12")
}

// The peer persists its snapshot in an envelope, and crashes.
func TestSnapshotsOfThePeersOwn(t *testing.T) {
	eachContract(t, func(t *testing.T, terms contract.Contract) {
		v := inYear(t, terms.Year, func(c cluster, th cast, _ func(int) *conditional) {
			var snapshot []byte
			keep(th.peer(0), &snapshot)
			applies(c, th.peer(0), 1, 12)
			th.peer(0).store.Save([]byte("state"), append([]byte("mine: "), snapshot...))
			c.Restart(0)
			applies(c, th.peer(0), 11, 13) // what it has behind the snapshot
			require.Equal(t, 13, c.AppliedThrough(0))
		})
		if terms.OwnSnapshots {
			passes(t, v)
		} else {
			breaks(t, v, tester.RuleSnapshot, "is not one that the service made")
		}
	})
}

func TestASnapshotOfThePeersOwnIsNoneOfTheService(t *testing.T) {
	v := inYear(t, "2021", func(c cluster, th cast, _ func(int) *conditional) {
		applies(c, th.peer(0), 1, 12)
		th.peer(1).send(raftapi.ApplyMsg{SnapshotValid: true, Snapshot: []byte("mine"), SnapshotIndex: 10})
		settle(c)
	})
	breaks(t, v, tester.RuleSnapshot, "is not one that the service made")
}

func TestWhoIsAskedWhetherASnapshotIsWanted(t *testing.T) {
	eachContract(t, func(t *testing.T, terms contract.Contract) {
		v := inYear(t, terms.Year, func(c cluster, th cast, form func(int) *conditional) {
			var snapshot []byte
			keep(th.peer(0), &snapshot)
			applies(c, th.peer(0), 1, 12)
			form(1).yes = false
			th.peer(1).send(raftapi.ApplyMsg{SnapshotValid: true, Snapshot: snapshot, SnapshotIndex: 10})
			settle(c)
			asked, through := int32(0), 10
			if terms.AsksPeer {
				asked, through = 1, 0
			}
			require.Equal(t, asked, form(1).asked.Load())
			require.Equal(t, through, c.AppliedThrough(1))
		})
		passes(t, v)
	})
}

// The peer crashes while it is asked, and has said yes to itself and to its disk, or no.
func TestACrashWhileThePeerIsAsked(t *testing.T) {
	for _, yes := range []bool{true, false} {
		v := inYear(t, "2021", func(c cluster, th cast, form func(int) *conditional) {
			var snapshot []byte
			keep(th.peer(0), &snapshot)
			applies(c, th.peer(0), 1, 12)
			applies(c, th.peer(1), 1, 3)
			form(1).crash = func() {
				if yes {
					th.peer(1).store.Save([]byte("state"), append([]byte("mine: "), snapshot...))
				}
				c.Crash(1)
			}
			go th.peer(1).send(raftapi.ApplyMsg{SnapshotValid: true, Snapshot: snapshot, SnapshotIndex: 10})
			settle(c)
			c.Restart(1)
			if yes {
				applies(c, th.peer(1), 11, 12)
			} else {
				applies(c, th.peer(1), 4, 12)
			}
			require.Equal(t, 12, c.AppliedThrough(1))
		})
		passes(t, v)
	}
}

// TestOrderOfEnds: where the contract says so, a client's ends are in the order of the servers, and
// otherwise, with seven of them, in some other order.
func TestOrderOfEnds(t *testing.T) {
	eachContract(t, func(t *testing.T, terms contract.Contract) {
		v, _ := tester.RunInBubble(t, tester.Case{Part: "3A", Name: "Echo", Run: func(e *tester.Env) {
			cl := e.NewServers(startEcho, 7, tester.Options{}).NewClient()
			require.Equal(t, terms.InOrder, inOrder(cl, 7))
		}}, record.Params{Seed: 1, Contract: terms.Year})
		require.Equal(t, record.Pass, v.Outcome, v.Message)
	})
}

// inOrder reports whether the client's i-th end leads to the i-th of n servers.
func inOrder(cl *tester.Client, n int) bool {
	for i, end := range cl.Ends()[:n] {
		if cl.EndsTo(i)[0] != end {
			return false
		}
	}
	return true
}
