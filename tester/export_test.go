//go:build !wasip1

package tester

import (
	"os"
	"testing"

	"raftlab/internal/record"
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
	h := &hereHost{}
	inBubble(t, func() { runCase(h, c, nil, p) })
	return h.total, h.tail()
}

// RunInChild runs a case of the lab that the test called root runs in a child process, and returns
// also what would be printed about a failure.
func RunInChild(t *testing.T, root string, lab Lab, id string) (record.Verdict, string) {
	c, err := lab.find(id)
	if err != nil {
		t.Fatal(err)
	}
	rep, out := runInChild(t, root, record.Params{Case: id, Seed: 1})
	return rep.Verdict, failure(lab, c, 1, rep, out)
}

// isChild is set before Run looks at the environment, and clears it.
var isChild = os.Getenv(paramsVariable) != ""

// IsChild says whether this process is a child.
func IsChild() bool { return isChild }

// DiskInBubble switches the disk model on in bubbles, until the test ends. Peers must hold no lock
// while they write.
func DiskInBubble(t *testing.T) {
	diskInBubble = true
	t.Cleanup(func() { diskInBubble = false })
}
