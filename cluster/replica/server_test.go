package replica

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/transport"
	"raftlab/raftapi"
)

// An operation is passed on to members that do not lead, one after the other; one whose answer did
// not come is passed on to nobody else.
func TestUnknownIsNotRepeated(t *testing.T) {
	no := &road{outcome: transport.Answered, answer: Answer{Fate: int(notExecuted)}}
	away := &road{outcome: transport.NotSent}
	lost := &road{outcome: transport.Unknown}
	after := &road{outcome: transport.Answered, answer: Answer{Result: []byte("yes"), Index: 7}}
	s := startPuppet(t, nil, no, away, lost, after)
	do := func() error { _, _, err := s.Execute(context.Background(), []byte("x")); return err }
	require.ErrorIs(t, do(), ErrUnknown)
	require.Equal(t, []int{1, 1, 1, 0}, []int{no.used, away.used, lost.used, after.used})

	lost.outcome = transport.NotSent
	result, index, err := s.Execute(context.Background(), []byte("x"))
	require.NoError(t, err)
	require.Equal(t, "yes", string(result))
	require.Equal(t, 7, index)
	require.Equal(t, 1, after.used)
	require.NoError(t, do())
	require.Equal(t, 2, after.used, "the leader is remembered")
	require.Equal(t, 4, s.Leader())
	require.Equal(t, 1, no.used)

	after.answer.Fate = int(unknown)
	require.ErrorIs(t, do(), ErrUnknown)
	after.answer.Fate = int(notExecuted)
	require.ErrorIs(t, do(), ErrNotExecuted, "nobody leads")
}

// A proposal whose place another entry takes was not executed; one that is neither applied nor
// replaced is unknown.
func TestFateOfProposals(t *testing.T) {
	s := startPuppet(t, nil)
	s.lead(true)
	require.Equal(t, 1, <-s.proposed, "the barrier")
	results := make(chan outcome, 1)
	go func() { results <- s.propose(context.Background(), []byte("mine")) }()
	index := <-s.proposed
	for i := 1; i <= index; i++ {
		s.puppet.applyCh <- entry(i, "theirs")
	}
	require.ErrorIs(t, (<-results).err, ErrNotExecuted)
	require.ErrorIs(t, s.propose(context.Background(), []byte("in the air")).err, ErrUnknown)
}

// A new leader is not ready before it has applied a barrier of its own.
func TestReadyAfterTheBarrier(t *testing.T) {
	silent := &road{outcome: transport.NotSent}
	s := startPuppet(t, nil, silent)
	require.Error(t, s.Ready())
	s.lead(true)
	require.Equal(t, 1, <-s.proposed)
	require.Error(t, s.Ready())
	s.puppet.mu.Lock()
	command := s.log[0]
	s.puppet.mu.Unlock()
	s.puppet.applyCh <- raftapi.ApplyMsg{CommandValid: true, CommandIndex: 1, Command: command}
	require.Eventually(t, func() bool { return s.Ready() == nil }, 5*time.Second, time.Millisecond)
	require.Empty(t, s.notes.Text(), "a barrier does nothing")
	s.lead(false)
	require.Error(t, s.Ready())
	silent.mu.Lock()
	silent.outcome = transport.Answered
	silent.mu.Unlock()
	require.NoError(t, s.Ready(), "another member leads and is ready")
}

// What comes in while the peer is busy goes into one entry, and everybody gets the own result.
func TestBatches(t *testing.T) {
	s := startPuppet(t, func(c *Config) { c.Patience = 20 * time.Second })
	s.puppet.mu.Lock() // the peer is busy: Start waits
	s.leads, s.puppet.commit = true, true
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			r := s.propose(context.Background(), fmt.Appendf(nil, "<%d>", i))
			require.NoError(t, r.err)
			require.Equal(t, fmt.Sprintf("done <%d>", i), string(r.result))
		})
	}
	require.Eventually(t, func() bool { return len(s.queue) >= 190 }, 5*time.Second, time.Millisecond)
	s.puppet.mu.Unlock()
	all.Wait()
	s.puppet.mu.Lock()
	defer s.puppet.mu.Unlock()
	require.Less(t, len(s.log), 20)
}

// Before the peer drops entries, the database is past them on disk.
func TestSnapshotIsCommittedFirst(t *testing.T) {
	persister := raftapi.MakePersister()
	s := startPuppet(t, func(c *Config) { c.Persister, c.MaxLog, c.CommitEvery = persister, 100, time.Hour })
	dirty, index := true, 0
	s.onSnapshot = func(manifest []byte) {
		s.notes.mu.Lock()
		defer s.notes.mu.Unlock()
		dirty = s.notes.unstored
		index, _ = s.files.parse(manifest)
	}
	persister.Write(raftapi.Update{Header: make([]byte, 200)})
	s.puppet.applyCh <- raftapi.ApplyMsg{CommandIndex: 1}
	require.Eventually(t, func() bool { return s.tookSnapshot() == 1 }, 10*time.Second, time.Millisecond)
	require.False(t, dirty)
	require.Equal(t, 1, index)
}

// A read waits for what was answered before it, and not for the log of a peer that gives read
// indexes.
func TestReadBarrier(t *testing.T) {
	peer := &indexed{asked: make(chan int), ok: true}
	s := startPuppet(t, func(c *Config) {
		c.Patience = 10 * time.Second
		make := c.Make
		c.Make = func(ch chan raftapi.ApplyMsg) raftapi.Raft { peer.puppet = make(ch).(*puppet); return peer }
	})
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- s.ReadBarrier(context.Background()) }()
	require.Eventually(t, func() bool { return len(s.reads.join) == 0 }, time.Second, time.Millisecond)
	peer.asked <- 2
	go func() { second <- s.ReadBarrier(context.Background()) }()
	peer.asked <- 1 // a round of its own
	s.puppet.applyCh <- entry(1, "a")
	require.NoError(t, <-second)
	require.Empty(t, first, "the entry 2 is not applied here")
	s.puppet.applyCh <- entry(2, "b")
	require.NoError(t, <-first)
	require.Empty(t, s.log, "nothing in the log")
}

// leased is a peer that has a lease, or none.
type leased struct {
	*indexed
	index chan int
}

func (p *leased) LeaseRead() (int, bool) {
	index := <-p.index
	return index, index > 0
}

// While there is a lease nobody is asked; without one the read goes by an index as before.
func TestReadOnLease(t *testing.T) {
	peer := &leased{&indexed{asked: make(chan int), ok: true}, make(chan int)}
	s := startPuppet(t, func(c *Config) {
		c.Patience = 10 * time.Second
		make := c.Make
		c.Make = func(ch chan raftapi.ApplyMsg) raftapi.Raft { peer.puppet = make(ch).(*puppet); return peer }
	})
	read := make(chan error, 1)
	do := func() { read <- s.ReadBarrier(context.Background()) }
	go do()
	peer.index <- 1
	s.puppet.applyCh <- entry(1, "a")
	require.NoError(t, <-read)
	go do()
	peer.index <- 0
	select {
	case peer.asked <- 1:
		require.NoError(t, <-read)
	case <-read:
		require.Fail(t, "without a lease nobody was asked")
	}
}

// A peer without read indexes has the log.
func TestReadBarrierThroughTheLog(t *testing.T) {
	elsewhere := &road{outcome: transport.Answered, answer: Answer{Index: 2}}
	s := startPuppet(t, func(c *Config) { c.Patience = 10 * time.Second }, elsewhere)
	read := make(chan error, 1)
	go func() { read <- s.ReadBarrier(context.Background()) }()
	s.puppet.applyCh <- entry(1, "a")
	require.Eventually(t, func() bool { elsewhere.mu.Lock(); defer elsewhere.mu.Unlock(); return elsewhere.used == 1 }, 5*time.Second, time.Millisecond)
	require.Empty(t, read)
	s.puppet.applyCh <- entry(2, "b")
	require.NoError(t, <-read)
}

// telling is a puppet that knows the leader.
type telling struct {
	*puppet
	leader chan int
}

func (p *telling) Leader() (int, bool) {
	select {
	case leader := <-p.leader:
		return leader, true
	default:
		return 0, false
	}
}

// The peer's own hint counts, and otherwise whoever was found to lead.
func TestLeaderHint(t *testing.T) {
	peer := &telling{leader: make(chan int, 1)}
	no := &road{outcome: transport.NotSent}
	yes := &road{outcome: transport.Answered}
	s := startPuppet(t, func(c *Config) {
		make := c.Make
		c.Make = func(ch chan raftapi.ApplyMsg) raftapi.Raft { peer.puppet = make(ch).(*puppet); return peer }
	}, no, yes)
	peer.leader <- 2
	_, _, err := s.Execute(context.Background(), []byte("x"))
	require.NoError(t, err)
	require.Zero(t, no.used)
	require.Equal(t, 1, yes.used)
	require.Equal(t, 2, s.Leader(), "remembered")
	peer.leader <- 1
	require.Equal(t, 1, s.Leader())
}

func FuzzBatch(f *testing.F) {
	f.Add(batch{7, [][]byte{[]byte("op"), {}, []byte("another")}}.encode())
	f.Add(batch{}.encode())
	f.Fuzz(func(t *testing.T, text string) {
		b, err := decodeBatch(text)
		if err != nil {
			return
		}
		again, err := decodeBatch(b.encode())
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}
