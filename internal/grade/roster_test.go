package grade

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What Gradescope exports has a folder for each submission, and a file that says whose it is.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"submission_1", "submission_2", "submission_3", "submission_4", "submission_5"} {
		put(t, dir, folder+"/raft.go", peer)
	}
	put(t, dir, exportFile, "---\nsubmission_1:\n  :submitters:\n  - :name: Zoë Ångström\n    :sid: '007'\n    :email: z@example.org\n  :score: 3\n"+
		"submission_2:\n  :submitters:\n  - :name: Alice\n  - :name: Bob B.\n"+
		"submission_3:\n  :submitters:\n  - :name: Ben\nsubmission_4:\n  :submitters:\n  - :name: Ben\n")
	roster, ignored, err := FindRoster(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range roster {
		names = append(names, e.Name)
	}
	assert.Equal(t, []string{"Alice, Bob B.", "Zoë Ångström", "submission_3", "submission_4", "submission_5"}, names, "two of one name are told apart by their folders")
	assert.Equal(t, []string{exportFile}, ignored)

	put(t, dir, exportFile, "- no map\n")
	_, _, err = FindRoster(dir)
	assert.ErrorContains(t, err, "move it away")
}
