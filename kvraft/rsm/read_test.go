package rsm

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/servertest"
	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

// reading switches on what the read paths need.
func reading(config *Config[string, int]) {
	config.Extensions = []string{raftapi.ReadIndex, raftapi.CheckQuorum, raftapi.Lease}
}

// count reads how many lines there are.
func (c *cluster) count(i int, path kvapi.ReadPath) (n int, err error) {
	err = c.replicas[i].Read(path, func() { n = len(c.journals[i].lines) })
	return n, err
}

func TestReadsSeeWhatWasWrittenBefore(t *testing.T) {
	for _, path := range kvapi.ReadPaths {
		t.Run(string(path), func(t *testing.T) {
			inBubble(t, 3, reading, func(c *cluster) {
				leader := c.leader()
				time.Sleep(time.Second)
				for n := range 20 {
					_, err := c.replicas[leader].Do(fmt.Sprint(n))
					require.NoError(t, err)
					seen, err := c.count(leader, path)
					require.NoError(t, err)
					require.Equal(t, n+1, seen)

					follower := (leader + 1 + n%2) % 3
					seen, err = c.count(follower, path)
					switch path {
					case kvapi.ReadIndexFollower:
						require.NoError(t, err)
						require.Equal(t, n+1, seen)
					case kvapi.ReadLocal:
						require.NoError(t, err)
						require.LessOrEqual(t, seen, n+1)
					default:
						require.ErrorIs(t, err, ErrNotLeader)
					}
				}
			})
		})
	}
}

// The leader is cut off, and the others go on without it. It must not answer from its old state.
func TestADeposedLeaderDoesNotAnswerReads(t *testing.T) {
	for _, path := range kvapi.ReadPaths {
		for _, quorum := range []bool{false, true} {
			t.Run(fmt.Sprint(path, " ", quorum), func(t *testing.T) {
				adjust := func(config *Config[string, int]) {
					config.Extensions = []string{raftapi.ReadIndex}
					if quorum {
						config.Extensions = append(config.Extensions, raftapi.Lease)
					}
				}
				if path == kvapi.ReadLease && !quorum {
					t.Skip("a lease implies it")
				}
				inBubble(t, 3, adjust, func(c *cluster) {
					old := c.leader()
					_, err := c.replicas[old].Do("a")
					require.NoError(t, err)
					c.Isolate(old)
					next := c.leader(old)
					_, err = c.replicas[next].Do("b")
					require.NoError(t, err)

					seen, err := c.count(old, path)
					if path == kvapi.ReadLocal {
						require.NoError(t, err)
						require.Equal(t, 1, seen, "it promises nothing")
					} else {
						requireOneOf(t, err, ErrNotLeader, ErrUnknown)
					}
					c.Rejoin(old)
					c.agree(2)
				})
			})
		}
	}
}

// Reads at the same time share rounds, cost no log entry, and on a lease no message either.
func TestWhatReadsCost(t *testing.T) {
	inBubble(t, 3, reading, func(c *cluster) {
		leader := c.leader()
		_, err := c.replicas[leader].Do("a")
		require.NoError(t, err)
		time.Sleep(time.Second)

		cost := func(path kvapi.ReadPath) (messages, bytes int) {
			messages, bytes = c.Net.GetTotalCount(), c.Disks[leader].RaftStateSize()
			var group sync.WaitGroup
			for range 100 {
				group.Go(func() {
					seen, err := c.count(leader, path)
					require.NoError(t, err)
					require.Equal(t, 1, seen)
				})
			}
			group.Wait()
			return c.Net.GetTotalCount() - messages, c.Disks[leader].RaftStateSize() - bytes
		}
		messages, bytes := cost(kvapi.ReadLease)
		require.Zero(t, messages)
		require.Zero(t, bytes)

		messages, bytes = cost(kvapi.ReadIndexLeader)
		require.Less(t, messages, 10, "of 100 reads")
		require.Zero(t, bytes)

		_, bytes = cost(kvapi.ReadLog)
		require.NotZero(t, bytes)
	})
}

// slowPeer delivers committed entries late.
type slowPeer struct {
	*raft.Raft
	done chan struct{}
	once sync.Once
}

func (p *slowPeer) Kill() {
	p.once.Do(func() { close(p.done) })
	p.Raft.Kill()
}

// slow makes peers that take their time for each entry.
func slow(pause time.Duration) raftapi.MakeFunc {
	return func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
		in := make(chan raftapi.ApplyMsg)
		peer := &slowPeer{Raft: raft.Make(ends, me, p, in), done: make(chan struct{})}
		go func() {
			for {
				select {
				case msg := <-in:
					time.Sleep(pause)
					select {
					case applyCh <- msg:
					case <-peer.done:
						return
					}
				case <-peer.done:
					return
				}
			}
		}()
		return peer
	}
}

func TestAReadWaitsUntilItsIndexIsApplied(t *testing.T) {
	adjust := func(config *Config[string, int]) {
		reading(config)
		config.Make = slow(50 * time.Millisecond)
	}
	situations := servertest.Reached(func() {
		inBubble(t, 3, adjust, func(c *cluster) {
			leader := c.leader()
			for n := range 10 {
				_, err := c.replicas[leader].Do(fmt.Sprint(n))
				require.NoError(t, err)
				for i := range c.replicas {
					seen, err := c.count(i, kvapi.ReadIndexFollower)
					require.NoError(t, err)
					require.Equal(t, n+1, seen)
				}
			}
		})
	})
	require.True(t, situations["read waited for applied index"])
}

func TestAReplicaThatIsFarBehindRefuses(t *testing.T) {
	adjust := func(config *Config[string, int]) {
		reading(config)
		config.Make = slow(20 * time.Millisecond)
		config.MaxBehind = 10
	}
	situations := servertest.Reached(func() {
		inBubble(t, 3, adjust, func(c *cluster) {
			leader := c.replicas[c.leader()]
			for n := range 50 {
				go leader.Do(fmt.Sprint(n))
			}
			time.Sleep(100 * time.Millisecond)
			_, err := c.count(c.leader(), kvapi.ReadLocal)
			require.NoError(t, err, "local reads wait for nothing")
			go leader.Read(kvapi.ReadIndexLeader, func() {}) // finds out how far behind it is, and will wait
			time.Sleep(50 * time.Millisecond)
			_, err = leader.Do("one too many")
			require.ErrorIs(t, err, ErrTooManyRequests)
			_, err = leader.Open()
			require.ErrorIs(t, err, ErrTooManyRequests)
			require.ErrorIs(t, leader.Read(kvapi.ReadLease, func() {}), ErrTooManyRequests)

			time.Sleep(5 * time.Second)
			_, err = leader.Do("on time")
			require.NoError(t, err)
		})
	})
	require.True(t, situations["overload refused"])
}

func TestMissingExtensions(t *testing.T) {
	bare := func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
		return struct{ raftapi.Raft }{raft.Make(ends, me, p, applyCh)}
	}
	require.Nil(t, extendPeer(struct{ raftapi.Raft }{}, nil))
	require.Equal(t, raftapi.ReadIndex, extendPeer(struct{ raftapi.Raft }{}, []string{raftapi.ReadIndex}).Extension)
	require.Equal(t, raftapi.Lease, extendPeer(extendable{}, []string{raftapi.Lease}).Extension)
	inBubble(t, 3, nil, func(c *cluster) {
		require.PanicsWithError(t,
			"the Raft peer lacks the extension readindex, which this service needs: write Extend, as raftapi.Extendable describes it",
			func() {
				config := c.replicas[0].config
				config.Make, config.Extensions, config.Persister = bare, []string{raftapi.ReadIndex}, raftapi.MakePersister()
				New(config)
			})
	})
}

// extendable agrees to everything, and can do nothing.
type extendable struct{ raftapi.Raft }

func (extendable) Extend(...string) error { return nil }
