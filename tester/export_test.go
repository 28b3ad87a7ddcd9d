//go:build !wasip1

package tester

import (
	"testing"

	"raftlab/internal/record"
	"raftlab/tester/process"
)

// For the tests in package tester_test, whose puppets are code under test: they must not be in this
// package.

// RunInBubble runs a case in a bubble of this process.
func RunInBubble(t *testing.T, c Case, p record.Params) (record.Verdict, []record.Event) {
	countQuorums = false // most puppets do what they are told without asking anybody
	defer func() { countQuorums = true }()
	return RunEarned(t, c, p)
}

// RunEarned is RunInBubble for peers that have to earn a pass.
func RunEarned(t *testing.T, c Case, p record.Params) (record.Verdict, []record.Event) {
	h := &notebook{}
	process.InBubble(t, func() { runCase(h, c, nil, p) })
	return h.verdict, h.events
}

// notebook is a host that keeps everything.
type notebook struct {
	events  []record.Event
	verdict record.Verdict
}

func (n *notebook) Event(e *record.Event, _ string) { n.events = append(n.events, *e) }
func (n *notebook) Verdict(v record.Verdict)        { n.verdict = v }

// DiskInBubble switches the disk model on in bubbles, until the test ends. Peers must hold no lock
// while they write.
func DiskInBubble(t *testing.T) {
	diskInBubble = true
	t.Cleanup(func() { diskInBubble = false })
}
