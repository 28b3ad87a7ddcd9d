package kvraft

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/servertest"
	"raftlab/kvapi"
	"raftlab/kvraft/rsm"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

func TestClassicInterface(t *testing.T) {
	eachPath(t, func(t *testing.T, options []Option) {
		inBubble(t, -1, options, func(c *cluster) {
			ck, other := c.clerk(), c.clerk()
			require.Equal(t, "", ck.Get("x"))
			require.Zero(t, ck.session, "who only reads needs no session")
			ck.Append("x", "1")
			ck.Append("x", "2")
			require.Equal(t, "12", other.Get("x"))
			other.Put("x", "3")
			require.Equal(t, "3", ck.Get("x"))
			require.Equal(t, "", ck.Get("y"))
		})
	})
}

func TestVersionedInterface(t *testing.T) {
	inBubble(t, -1, nil, func(c *cluster) {
		ck := c.versioned()
		_, _, err := ck.Get("x")
		require.Equal(t, kvapi.ErrNoKey, err)
		require.Equal(t, kvapi.ErrNoKey, ck.Put("x", "a", 1))
		require.Equal(t, kvapi.OK, ck.Put("x", "a", 0))
		require.Equal(t, kvapi.ErrVersion, ck.Put("x", "b", 0))
		require.Equal(t, kvapi.OK, ck.Put("x", "b", 1))
		c.clerk().Append("x", "c") // the same data
		value, version, err := ck.Get("x")
		require.Equal(t, kvapi.OK, err)
		require.Equal(t, "bc", value)
		require.Equal(t, kvapi.Version(3), version)
	})
}

// requireAppends checks that value consists of the clerks' appends, each once, each clerk's in
// order.
func requireAppends(t *testing.T, value string, clerks, each int) {
	t.Helper()
	parts := strings.Fields(value)
	require.Len(t, parts, clerks*each)
	next := make([]int, clerks)
	for _, part := range parts {
		var clerk, n int
		_, err := fmt.Sscanf(part, "%d:%d", &clerk, &n)
		require.NoError(t, err)
		require.Equal(t, next[clerk], n, "clerk %d: %s", clerk, value)
		next[clerk]++
	}
}

// Clerks append on a bad network while servers crash and are cut off.
func TestAppendsHappenOnce(t *testing.T) {
	const clerks, each = 4, 25
	situations := servertest.Reached(func() {
		eachPath(t, func(t *testing.T, options []Option) {
			inBubble(t, 1500, options, func(c *cluster) {
				c.Net.Reliable(false)
				c.Net.Duplicates(true)
				var group sync.WaitGroup
				for i := range clerks {
					ck := c.clerk()
					group.Go(func() {
						for n := range each {
							ck.Append("x", fmt.Sprintf("%d:%d ", i, n))
							require.Contains(t, ck.Get("x"), fmt.Sprintf("%d:%d ", i, n), "a clerk sees its own writes")
						}
					})
				}
				over := make(chan struct{})
				go func() { group.Wait(); close(over) }()
				c.trouble(over)
				requireAppends(t, c.clerk().Get("x"), clerks, each)
			})
		})
	})
	for _, s := range []string{
		"service took a snapshot", "service restarted from its snapshot", "clerk found another leader",
		"read waited for applied index",
	} {
		require.True(t, situations[s], "%s", s)
	}
	require.True(t, situations["retry found its earlier result"] || situations["duplicate request in the log ignored"])
}

// trouble crashes servers and cuts them off, until over.
func (c *cluster) trouble(over <-chan struct{}) {
	for round := 0; ; round++ {
		select {
		case <-over:
			return
		case <-time.After(700 * time.Millisecond):
		}
		victim := c.leader()
		if round%2 == 0 {
			c.Isolate(victim)
			time.Sleep(time.Second)
			c.Rejoin(victim)
		} else {
			c.crash(victim)
			time.Sleep(300 * time.Millisecond)
			c.start(victim)
		}
	}
}

// A conditional write whose answers are lost may end in ErrMaybe. With increments guarded by
// versions, the count is at least that of the OKs, and at most that of OKs and maybes.
func TestMaybe(t *testing.T) {
	situations := servertest.Reached(func() {
		inBubble(t, -1, nil, func(c *cluster) {
			c.Net.Reliable(false)
			c.Net.Duplicates(true)
			var mu sync.Mutex
			sure, maybe := 0, 0
			var group sync.WaitGroup
			for range 4 {
				ck := c.versioned()
				group.Go(func() {
					for range 30 {
						_, version, _ := ck.Get("count")
						err := ck.Put("count", fmt.Sprint(version+1), version)
						mu.Lock()
						switch err {
						case kvapi.OK:
							sure++
						case kvapi.ErrMaybe:
							maybe++
						}
						mu.Unlock()
					}
				})
			}
			group.Wait()
			value, version, err := c.versioned().Get("count")
			require.Equal(t, kvapi.OK, err)
			require.Equal(t, fmt.Sprint(version), value)
			require.GreaterOrEqual(t, int(version), sure)
			require.LessOrEqual(t, int(version), sure+maybe)
			require.NotZero(t, maybe)
		})
	})
	require.True(t, situations["version refused after an unanswered try"])
	require.True(t, situations["copy of a request ignored"])
}

// Without unanswered tries there is no doubt, though the clerk does not know the leader at first.
func TestNoMaybeWithoutReason(t *testing.T) {
	inBubble(t, -1, nil, func(c *cluster) {
		leader := c.leader()
		require.Equal(t, kvapi.OK, c.versioned().Put("x", "a", 0))
		for first := range c.servers {
			ck := c.versioned()
			ck.courier.Leader = first
			require.Equal(t, kvapi.ErrVersion, ck.Put("x", "b", 0))
			require.Equal(t, leader, ck.courier.Leader)
		}
	})
}

// A clerk that is stuck with a leader who is cut off goes elsewhere, and a write is done soon.
func TestALeaderWithoutFollowers(t *testing.T) {
	eachPath(t, func(t *testing.T, options []Option) {
		inBubble(t, -1, options, func(c *cluster) {
			ck := c.clerk()
			ck.Put("x", "1")
			c.Isolate(c.leader())
			start := time.Now()
			ck.Append("x", "2")
			require.Equal(t, "12", ck.Get("x"))
			require.Less(t, time.Since(start), 6*time.Second)
		})
	})
}

func TestFollowersAnswerReads(t *testing.T) {
	options := []Option{WithReads(kvapi.ReadIndexFollower)}
	inBubble(t, -1, options, func(c *cluster) {
		ck := c.clerk()
		ck.Put("x", "1")
		served := map[int]int{}
		c.Net.Observe(func(m *labrpc.Message) {
			if m.Kind == labrpc.Delivered && m.Method == "KVServer.Get" {
				served[m.To]++
			}
		})
		for range 30 {
			require.Equal(t, "1", ck.Get("x"))
		}
		require.Equal(t, map[int]int{0: 10, 1: 10, 2: 10}, served)
	})
}

// Local reads may be old. (If they never were, nothing here would show that the others are not.)
func TestLocalReadsMayBeOld(t *testing.T) {
	inBubble(t, -1, []Option{WithReads(kvapi.ReadLocal)}, func(c *cluster) {
		ck := c.clerk()
		ck.Put("x", "old")
		time.Sleep(time.Second)
		c.Isolate((c.leader() + 1) % 3)
		ck.Put("x", "new")
		seen := map[string]bool{}
		for range 3 {
			seen[ck.Get("x")] = true
		}
		require.Equal(t, map[string]bool{"old": true, "new": true}, seen)
	})
}

// The persisted state stays within its bound, and snapshots stay small.
func TestSizes(t *testing.T) {
	inBubble(t, 1000, nil, func(c *cluster) {
		ck := c.clerk()
		for i := range 200 {
			ck.Put("x", fmt.Sprint(i))
			ck.Put("y", fmt.Sprint(i))
			for _, p := range c.Disks {
				require.LessOrEqual(t, p.RaftStateSize(), 1000)
				require.LessOrEqual(t, p.SnapshotSize(), 500)
			}
		}
	})
}

func TestAClerkWhoseSessionIsForgotten(t *testing.T) {
	few := func(config *rsm.Config[op, result]) { config.MaxSessions = 2 }
	situations := servertest.Reached(func() {
		inBubble(t, -1, []Option{withConfig(few)}, func(c *cluster) {
			silent, a, b := c.clerk(), c.clerk(), c.clerk()
			silent.Append("x", "1")
			a.Append("x", "2")
			b.Append("x", "3")
			first := silent.session
			silent.Append("x", "4")
			require.Equal(t, "1234", silent.Get("x"))
			require.NotEqual(t, first, silent.session)
		})
	})
	require.True(t, situations["clerk opened another session"])
}

// lagging is a peer that keeps what is committed to itself for some time.
type lagging struct {
	*raft.Raft
	commit atomic.Int64
	done   chan struct{}
	once   sync.Once
}

func (p *lagging) CommitIndex() int { return int(p.commit.Load()) }

func (p *lagging) Kill() {
	p.once.Do(func() { close(p.done) })
	p.Raft.Kill()
}

// lag makes peers that deliver nothing in their first ten seconds.
func lag(ends []*labrpc.ClientEnd, me int, persister *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
	in := make(chan raftapi.ApplyMsg)
	p := &lagging{Raft: raft.Make(ends, me, persister, in), done: make(chan struct{})}
	later := time.After(10 * time.Second)
	go func() {
		var held []raftapi.ApplyMsg
		var out chan raftapi.ApplyMsg
		for {
			next := raftapi.ApplyMsg{}
			if len(held) > 0 {
				next = held[0]
			}
			to := out
			if len(held) == 0 {
				to = nil
			}
			select {
			case msg := <-in:
				p.commit.Store(int64(msg.CommandIndex))
				held = append(held, msg)
			case <-later:
				out = applyCh
			case to <- next:
				held = held[1:]
			case <-p.done:
				return
			}
		}
	}()
	return p
}

func TestClerksBackOff(t *testing.T) {
	few := func(config *rsm.Config[op, result]) { config.MaxBehind = 2 }
	situations := servertest.Reached(func() {
		inBubble(t, -1, []Option{WithRaft(lag), withConfig(few)}, func(c *cluster) {
			for i, s := range c.servers { // the network goes by the names of types
				server := labrpc.MakeServer()
				server.AddService(labrpc.MakeService(s))
				server.AddService(labrpc.MakeService(s.Raft().(*lagging).Raft))
				c.Net.AddServer(i, server)
			}
			c.leader()
			before := c.Net.GetTotalCount()
			start := time.Now()
			var group sync.WaitGroup
			for range 5 {
				ck := c.clerk()
				group.Go(func() { ck.Append("x", "1") })
			}
			group.Wait()
			require.Greater(t, time.Since(start), 7*time.Second)
			require.Less(t, c.Net.GetTotalCount()-before, 600, "heartbeats included")
			require.Equal(t, "11111", c.clerk().Get("x"))
		})
	})
	require.True(t, situations["clerk backed off"])
}

func TestOptions(t *testing.T) {
	require.Panics(t, func() {
		StartKVServer(nil, 0, raftapi.MakePersister(), -1, WithReads("telepathy"))
	})
	o := optionsFrom([]Option{WithReads(kvapi.ReadLease), WithExtensions(raftapi.PreVote, raftapi.Lease), WithCatchUp()})
	require.Equal(t, []string{"checkquorum", "lease", "prevote", "readindex"}, o.PeerExtensions())
	require.True(t, o.CatchUp)

	s := Service()
	require.NotNil(t, s.Classic(make([]*labrpc.ClientEnd, 3), kvapi.Options{}))
	require.NotNil(t, s.Versioned(make([]*labrpc.ClientEnd, 3), kvapi.Options{Reads: kvapi.ReadLocal}))
}
