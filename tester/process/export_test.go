//go:build !wasip1

package process

import (
	"os"
	"testing"

	"raftlab/internal/record"
)

// RunInChild runs a case in a child process, in the test called root, and returns also what would
// be printed about a failure.
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
