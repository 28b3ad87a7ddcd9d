package shardkv

import (
	"fmt"
	"math/rand/v2"
	"raftlab/internal/servertest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestShardsMoveAndNothingIsLost(t *testing.T) {
	eachPath(t, func(t *testing.T, options []Option) {
		inBubble(t, 3, -1, options, func(c *cluster) {
			ck := c.clerk()
			c.join(1)
			c.fill(ck, "a")
			c.join(2, 3)
			c.fill(ck, "b")
			c.settled(1, 2, 3)
			c.ctrl.Leave([]int{1})
			c.fill(ck, "c")
			c.requireAll(ck, "abc")
			c.settled(1, 2, 3)
			c.ctrl.Leave([]int{2, 3})
			c.join(1) // what was nobody's for a while
			c.requireAll(c.clerk(), "abc")
			c.settled(1, 2, 3)
		})
	})
}

// Clerks append while groups come and go, servers crash, and the network loses messages. Each value
// has to be there once, in the order in which its clerk wrote.
func TestExactlyOnceWhileEverythingMoves(t *testing.T) {
	var situations map[string]bool
	eachPath(t, func(t *testing.T, options []Option) {
		situations = servertest.Reached(func() {
			inBubble(t, 3, 1000, options, func(c *cluster) {
				c.net.Reliable(false)
				c.net.Duplicates(true)
				c.join(1)
				const clerks, each = 4, 40
				done := make(chan bool)
				for who := range clerks {
					ck := c.clerk()
					go func() {
						for i := range each {
							ck.Append(keyIn(i%10), fmt.Sprintf("[%d %d]", who, i))
							time.Sleep(rand.N(100 * time.Millisecond))
						}
						done <- true
					}()
				}
				for range 8 {
					gid := 1 + rand.IntN(3)
					c.join(gid)
					time.Sleep(rand.N(300 * time.Millisecond))
					c.crashAll(gid)
					time.Sleep(rand.N(100 * time.Millisecond))
					c.startAll(gid)
					c.ctrl.Leave([]int{1 + gid%3})
					time.Sleep(rand.N(500 * time.Millisecond))
				}
				for range clerks {
					<-done
				}
				ck := c.clerk()
				for shard := range 10 {
					value := ck.Get(keyIn(shard))
					for who := range clerks {
						last := -1
						for i := shard; i < each; i += 10 {
							part := fmt.Sprintf("[%d %d]", who, i)
							require.Equal(t, 1, strings.Count(value, part), "%s in %q", part, value)
							require.Greater(t, strings.Index(value, part), last, "%s in %q", part, value)
							last = strings.Index(value, part)
						}
					}
				}
				c.settled(1, 2, 3)
			})
		})
	})
	for _, s := range []string{"kept shard discarded", "shard awaited from another group", "service restarted from its snapshot"} {
		require.True(t, situations[s], s)
	}
}

// The old owner is down when its shard must be fetched. Other shards go on, and the rest follows.
func TestOtherShardsAreServedMeanwhile(t *testing.T) {
	inBubble(t, 3, -1, nil, func(c *cluster) {
		ck := c.clerk()
		c.join(1, 2)
		c.fill(ck, "a")
		c.settled(1, 2)
		config := c.ctrl.Query(-1)
		c.crashAll(2)
		c.join(3)
		next := c.ctrl.Query(-1)
		time.Sleep(2 * time.Second)
		from1, blocked := 0, 0
		for shard := range 10 {
			switch {
			case config.Shards[shard] == 2:
				blocked++
				continue
			case next.Shards[shard] == 3:
				from1++
			}
			require.Equal(t, "a", ck.Get(keyIn(shard)), "shard %d", shard)
		}
		require.Positive(t, from1)
		require.Positive(t, blocked)
		c.startAll(2)
		c.requireAll(ck, "a")
		c.settled(1, 2, 3)
	})
}
