package grade

import (
	"strings"
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

// Where there is code in two folders, the policy says which one counts.
func TestFoldersOfThePolicy(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	put(t, dir, "Zoë B./first/raft/raft.go", peer)
	put(t, dir, "Zoë B./second/raft/raft.go", peer+"// 2A/ReElects 2 fail: two leaders\n")
	before := graded(t, setting(t, dir, out, &puppets{}))
	assert.Equal(t, NeedsPerson, before.of(t, "Zoë B.").Status)
	assert.Contains(t, strings.Join(before.of(t, "Zoë B.").Why, " "), "first, second: name one of them")
	with := func(folders map[string]string) func(*Class) {
		return func(c *Class) { c.Policy.Folders = folders }
	}
	after := graded(t, setting(t, dir, out, &puppets{}, with(map[string]string{"Zoë B.": "second"})))
	assert.Equal(t, Graded, after.of(t, "Zoë B.").Status)
	assert.Contains(t, after.of(t, "Zoë B.").Notes, "the code is in the folder second")
	assert.NotEmpty(t, after.Notes(after.of(t, "Zoë B.")), "it is the folder that fails")

	roster, _, err := FindRoster(dir)
	require.NoError(t, err)
	assert.ErrorContains(t, Policy{Folders: map[string]string{"Zoe": "a"}}.checkFolders(roster), `nobody is called "Zoe" here; there are Zoë B.`)
	for _, bad := range []string{"../other", "/etc", ""} {
		assert.ErrorContains(t, Policy{Folders: map[string]string{"Zoë B.": bad}}.checkFolders(roster), "is no folder in what was handed in", bad)
	}
}
