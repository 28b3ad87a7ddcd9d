package raft

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Some peers have an extension, others have not, in whatever mix: after every disturbance that ends
// the cluster goes on.
func TestMixedConfigurationsGoOn(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 0))
		configs := make([]Config, 5)
		for i := range configs {
			yes := func() bool { return r.IntN(2) == 0 }
			configs[i] = Config{PreVote: yes(), CheckQuorum: yes(), ReadIndex: yes(), Transfer: yes(), Pipeline: yes()}
		}
		inCluster(t, 5, func(i int) Config { return configs[i] }, func(c *cluster) {
			c.Net.Reliable(seed%2 == 0)
			for range 20 {
				for range 1 + r.IntN(4) {
					c.disturb(r)
					time.Sleep(time.Duration(r.IntN(2000)) * time.Millisecond)
				}
				c.Net.HealAll()
				began := time.Now()
				c.commitSomewhere(0, 1, 2, 3, 4)
				require.Less(t, time.Since(began), 10*time.Second, "%v", configs)
			}
		})
	}
}

// A leader whose links are all cut but for one, to a server that hears everybody else:
//
//	leader --- bridge --- a          e is down; a, b and the bridge are a majority
//	               \     /
//	                `-- b
//
// The bridge gets the leader's entries, so that its log is the newest, and nobody can commit them.
// Without PreVote a's or b's growing term deposes the leader by way of the bridge. With PreVote
// alone the bridge refuses a and b for their logs, and hears its leader: for ever. CheckQuorum
// deposes it.
func TestBridge(t *testing.T) {
	for _, c := range []struct {
		config Config
		live   bool
	}{
		{Config{}, true},
		{Config{CheckQuorum: true}, true},
		{Config{PreVote: true}, false},
		{Config{PreVote: true, CheckQuorum: true}, true},
		{everything, true},
	} {
		t.Run(fmt.Sprintf("PreVote=%v,CheckQuorum=%v", c.config.PreVote, c.config.CheckQuorum), func(t *testing.T) {
			inCluster(t, 5, all(c.config), func(cl *cluster) {
				leader := cl.leader()
				cl.commit(leader, "before")
				cl.settle()
				rest := cl.others(leader)
				a, b, e := rest[1], rest[2], rest[3] // rest[0] is the bridge
				cl.Isolate(e)
				for _, i := range []int{a, b} {
					cl.Net.Cut(leader, i)
					cl.Net.Cut(i, leader)
				}
				before, term := cl.newestCommit(), cl.term()
				for range 100 {
					for _, rf := range cl.peers {
						rf.Start("whoever leads")
					}
					time.Sleep(100 * time.Millisecond)
				}
				if c.live {
					require.Greater(t, cl.newestCommit(), before+10)
				} else {
					require.Equal(t, before, cl.newestCommit())
				}
				_, leads := cl.peers[leader].GetState()
				require.Equal(t, !c.live, leads && cl.term() == term)
			})
		})
	}
}

func (c *cluster) newestCommit() (newest int) {
	for i := range c.peers {
		newest = max(newest, c.committed(i))
	}
	return newest
}
