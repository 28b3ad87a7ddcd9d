//go:build unix

package etcdraft_test

import (
	"fmt"
	"io"
	"log"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"raftlab/etcdraft"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

// BenchmarkCommands measures what a command costs the processors of a whole cluster, from Start
// until the leader's service has it: docs/bench.md has the table, and `make bench` the runs that it
// is made of.
//
// Everything is in one process, and messages go from peer to peer as pointers, so nothing is
// encoded on the way. What is stored is encoded, once at each peer, and goes through a persister
// that forgets it. Times of day would say what else the machine has to do; cpu-ns/op is processor
// time.
func BenchmarkCommands(b *testing.B) {
	for _, peers := range []int{1, 3, 5} {
		for _, size := range []int{16, 64 << 10} {
			for _, outstanding := range []int{1, 256} {
				for _, s := range systems {
					name := fmt.Sprintf("peers=%d/bytes=%d/outstanding=%d/system=%s", peers, size, outstanding, s.name)
					b.Run(name, func(b *testing.B) {
						m := &meter{B: b, outstanding: outstanding, command: make([]byte, size)}
						s.run(m, peers)
						m.report()
					})
				}
			}
		}
	}
}

// systems are what is compared.
var systems = []struct {
	name string
	run  func(m *meter, peers int)
}{
	{"paper", func(m *meter, n int) { runPeers(m, referencePeers(m, n, raft.Config{})) }},
	{"extended", func(m *meter, n int) {
		runPeers(m, referencePeers(m, n, raft.Config{
			PreVote: true, CheckQuorum: true, ReadIndex: true, LeaseRead: true, Transfer: true, Pipeline: true, EagerCommit: true,
			UncommittedLimit: 1 << 30, Disk: true, Batch: true, ApplyRuns: true,
		}))
	}},
	{"etcdraft", func(m *meter, n int) { runPeers(m, adaptedPeers(m, n)) }},
	{"rawnode", func(m *meter, n int) { newBare(m, n).run() }},
}

// meter counts what is used between the first command and the last.
type meter struct {
	*testing.B
	outstanding int // commands that are proposed before the first of them has to be applied
	command     []byte
	began       time.Duration
}

// loop is B.Loop.
func (m *meter) loop() bool {
	if m.began == 0 {
		m.began = processorTime()
	}
	return m.Loop()
}

func (m *meter) report() {
	m.ReportAllocs()
	m.ReportMetric(float64(processorTime()-m.began)/float64(m.N), "cpu-ns/op")
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// compactEvery is after how many commands a service takes a snapshot, so that nobody's log grows.
const compactEvery = 512

// warmUp is how many commands come before the first that is counted: stacks and the heap have grown
// by then, and each log has been cut once.
const warmUp = compactEvery

// forgets is a storage that keeps nothing.
type forgets struct{}

func (forgets) Save([]byte, []byte)  {}
func (forgets) Write(raftapi.Update) {}
func (forgets) Load() raftapi.Stored { return raftapi.Stored{} }
func (forgets) StateSize() int       { return 0 }
func (forgets) SnapshotSize() int    { return 0 }

// pointers is the carrier: a call is a call.
type pointers func(args, reply any)

func (p pointers) Call(_ string, args, reply any) bool {
	p(args, reply)
	return true
}

// member is a peer and its apply channel.
type member struct {
	raftapi.Raft
	applied chan raftapi.ApplyMsg
}

// ends connects each of n peers with all others; call makes a call to one of them.
func ends(n int, call func(to int, args, reply any)) (ends []*labrpc.ClientEnd) {
	for to := range n {
		ends = append(ends, labrpc.MakeCarried(pointers(func(args, reply any) { call(to, args, reply) })))
	}
	return ends
}

// referencePeers starts n peers of package raft. The first is sure to lead.
func referencePeers(m *meter, n int, config raft.Config) (all []member) {
	peers := make([]*raft.Raft, n)
	config.Peers = ends(n, func(to int, args, reply any) {
		switch args := args.(type) {
		case *raft.AppendEntriesArgs:
			peers[to].AppendEntries(args, reply.(*raft.AppendEntriesReply))
		case *raft.RequestVoteArgs:
			peers[to].RequestVote(args, reply.(*raft.RequestVoteReply))
		case *raft.RequestPreVoteArgs:
			peers[to].RequestPreVote(args, reply.(*raft.RequestPreVoteReply))
		case *raft.InstallSnapshotArgs:
			peers[to].InstallSnapshot(args, reply.(*raft.InstallSnapshotReply))
		default:
			m.Errorf("a call with a %T", args)
		}
	})
	for i := n - 1; i >= 0; i-- {
		config.Me, config.Persister, config.ApplyCh = i, raftapi.NewPersister(forgets{}), make(chan raftapi.ApplyMsg)
		config.CatchUpEntries, config.CatchUpBytes = compactEvery, 1<<30 // enough for whoever is slowest
		config.HeartbeatInterval, config.ElectionTimeout = 50*time.Millisecond, 10*time.Second
		if i == 0 {
			config.ElectionTimeout = 500 * time.Millisecond
		}
		peers[i] = raft.New(config)
		all = append([]member{{peers[i], config.ApplyCh}}, all...)
	}
	return all
}

// adaptedPeers starts n peers of package etcdraft. The first is sure to lead.
func adaptedPeers(m *meter, n int) (all []member) {
	peers := make([]*etcdraft.Peer, n)
	between := ends(n, func(to int, args, reply any) {
		peers[to].Exchange(args.(*etcdraft.Bundle), reply.(*etcdraft.Bundle))
	})
	for i := n - 1; i >= 0; i-- {
		config := etcdraft.Config{Peers: between, Me: i, Persister: raftapi.NewPersister(forgets{}), ApplyCh: make(chan raftapi.ApplyMsg),
			CatchUpEntries: compactEvery, CatchUpBytes: 1 << 30, Tick: 10 * time.Millisecond, HeartbeatTicks: 5, ElectionTicks: 1000}
		if i == 0 {
			config.ElectionTicks = 10
		}
		peers[i] = etcdraft.New(config)
		all = append([]member{{peers[i], config.ApplyCh}}, all...)
	}
	return all
}

// runPeers proposes commands to the first of some peers.
func runPeers(m *meter, peers []member) {
	room := make(chan struct{}, m.outstanding)
	ended := make(chan struct{})
	for i, p := range peers {
		go func() {
			for {
				select {
				case <-ended:
					return
				case msg := <-p.applied:
					if i == 0 && msg.CommandValid {
						<-room
					}
					if msg.CommandIndex%compactEvery == 0 {
						p.Raft.(raftapi.Snapshotter).Snapshot(msg.CommandIndex, []byte{})
					}
				}
			}
		}()
		defer p.Kill()
	}
	defer close(ended)
	require.Eventually(m, func() bool { _, leads := peers[0].GetState(); return leads }, 10*time.Second, time.Millisecond)
	propose := func() {
		room <- struct{}{}
		if _, _, ok := peers[0].Start(m.command); !ok {
			m.Fatal("the first peer does not lead any more")
		}
	}
	for range warmUp {
		propose()
	}
	for m.loop() {
		propose()
	}
	for range m.outstanding {
		room <- struct{}{}
	}
}

// bare is a cluster of the library's RawNodes, and nothing around them: one goroutine takes their
// turns.
type bare struct {
	m       *meter
	nodes   []*etcd.RawNode
	stores  []*etcd.MemoryStorage
	disks   []*raftapi.Persister
	inboxes [][]*pb.Message
	applied int // commands, at the first
}

func newBare(m *meter, n int) *bare {
	c := &bare{m: m, inboxes: make([][]*pb.Message, n)}
	state := &pb.ConfState{}
	for i := range n {
		state.Voters = append(state.Voters, uint64(i+1))
	}
	for i := range n {
		store := etcd.NewMemoryStorage()
		metadata := &pb.SnapshotMetadata{ConfState: state, Index: proto.Uint64(0), Term: proto.Uint64(0)}
		require.NoError(m, store.ApplySnapshot(&pb.Snapshot{Metadata: metadata}))
		node, err := etcd.NewRawNode(&etcd.Config{ID: uint64(i + 1), ElectionTick: 10, HeartbeatTick: 1, Storage: store,
			MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 512, Logger: &etcd.DefaultLogger{Logger: log.New(io.Discard, "", 0)}})
		require.NoError(m, err)
		c.nodes, c.stores = append(c.nodes, node), append(c.stores, store)
		c.disks = append(c.disks, raftapi.NewPersister(forgets{}))
	}
	require.NoError(m, c.nodes[0].Campaign())
	c.settle()
	return c
}

func (c *bare) run() {
	proposed := 0
	propose := func() {
		require.NoError(c.m, c.nodes[0].Propose(c.m.command))
		if proposed++; proposed%c.m.outstanding == 0 {
			c.settle()
		}
	}
	for range warmUp {
		propose()
	}
	for c.m.loop() {
		propose()
	}
	c.settle()
	require.Equal(c.m, proposed, c.applied)
}

// settle has all nodes take turns until there is nothing to do.
func (c *bare) settle() {
	for busy := true; busy; {
		busy = false
		for i, node := range c.nodes {
			inbox := c.inboxes[i]
			c.inboxes[i] = nil
			for _, message := range inbox {
				_ = node.Step(message)
			}
			for node.HasReady() {
				busy = true
				c.turn(i)
			}
		}
	}
}

// turn does what the library's documentation asks for: store, send, apply, advance.
func (c *bare) turn(i int) {
	ready := c.nodes[i].Ready()
	if len(ready.Entries) > 0 {
		u := raftapi.Update{From: int(ready.Entries[0].GetIndex())}
		for _, e := range ready.Entries {
			encoded, err := proto.Marshal(e)
			require.NoError(c.m, err)
			u.Entries = append(u.Entries, encoded)
		}
		c.disks[i].Write(u)
	}
	require.NoError(c.m, c.stores[i].Append(ready.Entries))
	if !etcd.IsEmptyHardState(ready.HardState) {
		require.NoError(c.m, c.stores[i].SetHardState(ready.HardState))
	}
	for _, message := range ready.Messages {
		to := message.GetTo() - 1
		c.inboxes[to] = append(c.inboxes[to], message)
	}
	for _, e := range ready.CommittedEntries {
		if i == 0 && len(e.GetData()) > 0 {
			c.applied++
		}
		if e.GetIndex()%compactEvery == 0 {
			_, err := c.stores[i].CreateSnapshot(e.GetIndex(), nil, nil)
			require.NoError(c.m, err)
			require.NoError(c.m, c.stores[i].Compact(e.GetIndex()))
		}
	}
	c.nodes[i].Advance(ready)
}
