package tester

import (
	"fmt"
	"sync"
	"time"

	"raftlab/internal/record"
	"raftlab/internal/scenario"
	"raftlab/labrpc"
)

// script is the scenario of a run: what differs in it (package scenario). A run without one has
// none of this but the numbers by which faults go.
type script struct {
	now func() time.Duration
	mu  sync.Mutex // a leaf
	s   *scenario.Scenario
}

// newScript reads the scenario that the run was given, if it was.
func newScript(p record.Params, now func() time.Duration) (*script, error) {
	if p.Scenario == "" {
		return nil, nil
	}
	s, err := scenario.Parse(p.Scenario)
	if err != nil {
		return nil, fmt.Errorf("reading the scenario: %w", err)
	}
	return &script{s: s, now: now}, nil
}

// plays says whether the scenario lets something take place.
func (s *script) plays(k scenario.Key) bool {
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.s.Plays(k, s.now())
}

// unmatched are the scenario's lines about things that did not occur, and for each what there was.
func (s *script) unmatched() (lines []string, instead map[string]string) {
	if s == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.s.Unmatched() {
		if instead == nil {
			instead = map[string]string{}
		}
		lines = append(lines, line)
		instead[line] = s.s.Instead(line)
	}
	return lines, instead
}

// fates is what the scenario says about the calls of one network.
func (s *script) fates(cluster int) func(from, to int, n uint64) labrpc.Fate {
	if s == nil {
		return nil
	}
	return func(from, to int, n uint64) labrpc.Fate {
		s.mu.Lock()
		defer s.mu.Unlock()
		now := s.now()
		fate := labrpc.Fate{NoLoss: s.s.Every(scenario.Loss, now), NoDelay: s.s.Every(scenario.Delay, now),
			NoOvertaking: s.s.Every(scenario.Overtaken, now), NoDuplicate: s.s.Every(scenario.Duplicate, now)}
		f := s.s.FateOf(scenario.Call{From: from, To: to, N: n, Cluster: cluster})
		if f == nil {
			return fate
		}
		fate.LoseRequest, fate.LoseReply = f.LoseRequest, f.LoseReply
		fate.Request, fate.Reply, fate.Twice = f.Request, f.Reply, f.Twice
		if f.Alone {
			fate.NoLoss, fate.NoDelay, fate.NoOvertaking, fate.NoDuplicate = true, true, true, true
		}
		return fate
	}
}

// next is the key of the next fault or operation of a kind. Each call of the case counts, whatever
// comes of it, so that the numbers do not depend on how the peers are.
func (c *machines) next(kind scenario.Kind) scenario.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults[kind]++
	return scenario.Key{Kind: kind, N: c.faults[kind], Client: record.None, Cluster: c.number}
}

// plays says whether a fault takes place, and tells the trace if not.
func (c *machines) plays(k scenario.Key, what string, args ...any) bool {
	if c.r.script.plays(k) {
		return true
	}
	c.r.tell(record.None, k, "left out: "+fmt.Sprintf(what, args...))
	return false
}

// tell adds a note about something that has a key.
func (r *run) tell(peer int, k scenario.Key, text string) {
	r.emit(record.Event{Kind: record.Note, Peer: peer, Other: record.None, Text: text}, r.detail(k))
}

// detail is the key of a fault as the trace has it: beside what is hashed, where details are asked
// for.
func (r *run) detail(k scenario.Key) string {
	if !r.params.Detail || k.N == 0 {
		return ""
	}
	return k.String()
}

// Takes says whether the client's next operation takes place: a scenario can leave it out. A case
// asks before each operation that others can do without, such as those of a random load; it is for
// the client's goroutine.
func (cl *Client) Takes() bool {
	cl.operations++
	k := scenario.Key{Kind: scenario.Operation, N: cl.operations, Client: cl.number, Cluster: cl.s.number}
	return cl.s.operates(k, record.FirstClient+cl.number)
}

// Takes says whether the next command of the case is proposed: a scenario can leave it out. A case
// asks before commands that nothing else in it depends on. [Cluster.Propose] asks by itself.
func (c *Cluster) Takes() bool { return c.operates(c.next(scenario.Operation), record.None) }

// operates says whether an operation takes place. In a run with a scenario the trace tells of each,
// so that one knows what there is to leave out.
func (c *machines) operates(k scenario.Key, who int) bool {
	if c.r.script == nil {
		return true
	}
	plays := c.r.script.plays(k)
	text := "operation"
	if !plays {
		text = "left out: operation"
	}
	c.r.tell(who, k, text)
	return plays
}
