//go:build !wasip1

package tester_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/labrpc"
	"raftlab/raftapi"
	"raftlab/tester"
)

// puppet is a peer that does what a test tells it to, and else nothing. It is the smallest thing
// that can break a rule.
type puppet struct {
	me      int
	ends    []*labrpc.ClientEnd
	store   *raftapi.Persister
	applyCh chan raftapi.ApplyMsg
	killed  chan struct{}

	mu     sync.Mutex
	term   int
	leader bool
	grant  bool
	start  func(command any) (int, int, bool)
	state  func() (int, bool)
	snap   func(index int, snapshot []byte)
	onVote func()
	kill   func()
}

// VoteArgs and the others have the fields of Figure 2.
type VoteArgs struct{ Term, CandidateId, LastLogIndex, LastLogTerm int }
type VoteReply struct {
	Term        int
	VoteGranted bool
}
type AppendArgs struct {
	Term, LeaderId, PrevLogIndex, PrevLogTerm int
	Entries                                   []int
	LeaderCommit                              int
}
type AppendReply struct {
	Term    int
	Success bool
}
type OddArgs struct{ Epoch, Who int }
type OddReply struct{ Fine bool }

func (p *puppet) RequestVote(args *VoteArgs, reply *VoteReply) {
	p.mu.Lock()
	grant, onVote := p.grant, p.onVote
	p.mu.Unlock()
	if onVote != nil {
		onVote()
	}
	reply.Term, reply.VoteGranted = args.Term, grant
}

func (p *puppet) PreVote(args *VoteArgs, reply *VoteReply) { p.RequestVote(args, reply) }

func (p *puppet) AppendEntries(args *AppendArgs, reply *AppendReply) {
	reply.Term, reply.Success = args.Term, true
}

func (p *puppet) Odd(args *OddArgs, reply *OddReply) { reply.Fine = true }

func (p *puppet) Start(command any) (int, int, bool) {
	if p.start != nil {
		return p.start(command)
	}
	return 0, 0, false
}

func (p *puppet) GetState() (int, bool) {
	if p.state != nil {
		return p.state()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.term, p.leader
}

func (p *puppet) Snapshot(index int, snapshot []byte) {
	if p.snap != nil {
		p.snap(index, snapshot)
	}
}

func (p *puppet) Kill() {
	close(p.killed)
	if p.kill != nil {
		p.kill()
	}
}

// lead makes the puppet claim to lead term.
func (p *puppet) lead(term int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.term, p.leader = term, true
}

// command applies a command.
func (p *puppet) command(index int, command any) {
	p.send(raftapi.ApplyMsg{CommandValid: true, CommandIndex: index, Command: command})
}

func (p *puppet) send(m raftapi.ApplyMsg) {
	select {
	case p.applyCh <- m:
	case <-p.killed:
	}
}

// askForVote asks peer `to` for its vote.
func (p *puppet) askForVote(to, term int) bool {
	var reply VoteReply
	p.ends[to].Call("puppet.RequestVote", &VoteArgs{Term: term, CandidateId: p.me}, &reply)
	return reply.VoteGranted
}

// heartbeat sends AppendEntries as the leader of term.
func (p *puppet) heartbeat(to, term int) bool {
	var reply AppendReply
	return p.ends[to].Call("puppet.AppendEntries", &AppendArgs{Term: term, LeaderId: p.me}, &reply)
}

// theatre makes puppets and keeps the latest of each peer.
type theatre struct {
	mu      sync.Mutex
	puppets map[int]*puppet
	prepare func(p *puppet) // before Make returns; may be nil
}

func (th *theatre) make(ends []*labrpc.ClientEnd, me int, store *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
	p := &puppet{me: me, ends: ends, store: store, applyCh: applyCh, killed: make(chan struct{})}
	if th.prepare != nil {
		th.prepare(p)
	}
	th.mu.Lock()
	defer th.mu.Unlock()
	if th.puppets == nil {
		th.puppets = map[int]*puppet{}
	}
	th.puppets[me] = p
	return p
}

func (th *theatre) peer(i int) *puppet {
	th.mu.Lock()
	defer th.mu.Unlock()
	return th.puppets[i]
}

// play runs f as a case in a bubble on a cluster of n puppets.
func play(t *testing.T, n int, o tester.Options, f func(c *tester.Cluster, th *theatre)) (record.Verdict, []record.Event) {
	return playWith(t, record.Params{Seed: 1}, n, o, &theatre{}, f)
}

func playWith(t *testing.T, p record.Params, n int, o tester.Options, th *theatre, f func(c *tester.Cluster, th *theatre)) (record.Verdict, []record.Event) {
	t.Helper()
	return tester.RunInBubble(t, tester.Case{Part: "2A", Name: "Puppets", Section: "§0", Run: func(e *tester.Env) {
		f(e.NewCluster(th.make, n, o), th)
	}}, p)
}

// breaks checks that a run failed by a rule, for a reason.
func breaks(t *testing.T, v record.Verdict, rule tester.Rule, message string) {
	t.Helper()
	require.Equal(t, record.Fail, v.Outcome, "%+v", v)
	require.Equal(t, string(rule), v.Rule, v.Message)
	require.Contains(t, v.Message, message)
}

func passes(t *testing.T, v record.Verdict) {
	t.Helper()
	require.Equal(t, record.Pass, v.Outcome, "%s: %s\n%s", v.Rule, v.Message, v.Stack)
}

// settle gives messages and appliers time to arrive.
func settle(c *tester.Cluster) { c.Env().Sleep(time.Second) }
