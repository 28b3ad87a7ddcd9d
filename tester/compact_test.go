//go:build !wasip1

package tester_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// Services take snapshots at indices of their own, and hand them over late.
func TestSnapshotsAtDifferentIndices(t *testing.T) {
	var mu sync.Mutex
	taken := map[int][]int{}
	texts := map[int]string{}
	options := tester.Options{SnapshotEveryOf: func(i int) int { return []int{2, 3, 0}[i] }, SnapshotLag: 2}
	v, _ := play(t, 3, options, func(c *tester.Cluster, th *theatre) {
		for i := range 3 {
			th.peer(i).snap = func(index int, snapshot []byte) {
				mu.Lock()
				defer mu.Unlock()
				taken[i] = append(taken[i], index)
				if known, ok := texts[index]; ok {
					require.Equal(t, known, string(snapshot), "the same state at the same index")
				}
				texts[index] = string(snapshot)
			}
			for index := 1; index <= 9; index++ {
				th.peer(i).command(index, index)
			}
			settle(c)
		}
	})
	passes(t, v)
	require.Equal(t, map[int][]int{0: {2, 4, 6}, 1: {3, 6}}, taken)
}

// A service that began from a snapshot cannot make one of a state that it was never in.
func TestNoSnapshotsFromBeforeTheFirst(t *testing.T) {
	var mu sync.Mutex // settle lets time pass, but orders nothing
	var mine []byte
	var late []int
	v, _ := play(t, 2, tester.Options{SnapshotEvery: 2, SnapshotLag: 1}, func(c *tester.Cluster, th *theatre) {
		th.peer(0).snap = func(index int, snapshot []byte) {
			mu.Lock()
			defer mu.Unlock()
			if index == 4 {
				mine = snapshot
			}
		}
		th.peer(1).snap = func(index int, _ []byte) {
			mu.Lock()
			defer mu.Unlock()
			late = append(late, index)
		}
		for index := 1; index <= 5; index++ {
			th.peer(0).command(index, index)
		}
		settle(c)
		mu.Lock()
		snapshot := mine
		mu.Unlock()
		th.peer(1).send(raftapi.ApplyMsg{SnapshotValid: true, SnapshotIndex: 4, SnapshotTerm: 1, Snapshot: snapshot})
		for index := 5; index <= 7; index++ {
			if index > 5 {
				th.peer(0).command(index, index)
			}
			th.peer(1).command(index, index)
		}
		settle(c)
	})
	passes(t, v)
	require.Equal(t, []int{6}, late, "4 was somebody else's")
}

// keeper is a puppet that can keep entries behind its snapshots.
type keeper struct {
	*puppet
	kept *[]string
}

func (k keeper) KeepCatchUp(entries, _ int) {
	*k.kept = append(*k.kept, fmt.Sprintf("peer %d keeps %d", k.me, entries))
}

func TestCatchUpIsAskedForWherePossible(t *testing.T) {
	var kept []string
	v, _ := tester.RunInBubble(t, tester.Case{Part: "2A", Name: "Puppets", Section: "§0", Run: func(e *tester.Env) {
		th := &theatre{}
		c := e.NewCluster(func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
			peer := th.make(ends, me, p, applyCh)
			if me == 1 {
				return peer // it cannot, and goes without
			}
			return keeper{peer.(*puppet), &kept}
		}, 3, tester.Options{CatchUp: 7})
		c.Restart(2)
	}}, record.Params{Seed: 1})
	passes(t, v)
	require.Equal(t, []string{"peer 0 keeps 7", "peer 2 keeps 7", "peer 2 keeps 7"}, kept)
}
