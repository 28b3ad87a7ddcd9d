package suite

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/tester"
)

func TestNumbering(t *testing.T) {
	ours := []Case{{Case: tester.Case{Part: "2A", Name: "InitialElection"}, Lab: "lab2", Package: "./raft"},
		{Case: tester.Case{Part: "2E", Name: "Rejoin"}, Lab: "lab2", Package: "./raft"},
		{Case: tester.Case{Part: "3A", Name: "Rules"}, Lab: "lab3", Package: "./kvraft"}, {Case: tester.Case{Part: "4A", Name: "Empty"}, Lab: "lab4", Package: "./shardkv"}}
	ids := func(n Numbering, selectors ...string) (all []string) {
		cases, err := SelectParts(n.Rename(ours), selectors)
		require.NoError(t, err)
		for _, c := range cases {
			all = append(all, c.ID()+" "+c.Own().ID())
		}
		return all
	}
	assert.Equal(t, []string{"3A/InitialElection 2A/InitialElection", "3E/Rejoin 2E/Rejoin"}, ids("2025", "3A-3E"))
	assert.Equal(t, []string{"3A/InitialElection 2A/InitialElection"}, ids("2025", "lab3"), "a lab is its parts without the extensions")
	assert.Equal(t, []string{"4B/Rules 3A/Rules"}, ids("2025", "lab4"))
	assert.Equal(t, []string{"4A/Rules 3A/Rules"}, ids("2024", "4A"))
	assert.Equal(t, []string{"5D/Empty 4A/Empty"}, ids("2025", "empty"))
	assert.Equal(t, []string{"2A/InitialElection 2A/InitialElection"}, ids("", "2A"))
	b := Options{}.Job(nil, Numbering("2025").Rename(ours)[0], 1)
	assert.Equal(t, "2A/InitialElection", b.Params.Case, "test binaries know their own names")
	assert.ErrorContains(t, Numbering("2019").Check(), "there are 2024 and 2025")
	assert.NoError(t, Numbering("").Check())
}

func TestNumberingOfPages(t *testing.T) {
	for ours, theirs := range map[string]string{
		"Part 2A of lab 2 (lab2a.md): raftlab test 2A-2D --labs lab2":      "Part 3A of lab 3 (lab3a.md): raftlab test 3A-3D --labs lab3",
		"[3A](lab3a.md), labs 3 and 4, Lab 1, lab4.html, 3C/OnTheWay":      "[4B](lab4b.md), labs 4 and 5, Lab 2, lab5.html, 4D/OnTheWay",
		"go test ./raft -run Lab2/2A; import raftlab/labs/lab2, 0x2A, 12A": "go test ./raft -run Lab2/2A; import raftlab/labs/lab2, 0x2A, 12A",
		"TODO(2B): write it":                    "TODO(3B): write it",
		"4A to 4C, 4D/Stuck in lab4d.md":        "5D to 5F, 5A/Stuck in lab5a.md",
		"3R/Submits (lab3r.md), 2G in lab2g.md": "4A/Submits (lab4a.md), 3G in lab3g.md",
	} {
		assert.Equal(t, theirs, Numbering("2025").Text(ours))
	}
	for _, part := range []string{"1D", "2A", "2F", "2G", "3A", "3E", "3R", "4A", "4C", "4D", "4F", "2X"} {
		for _, n := range []Numbering{"", "2024", "2025"} {
			assert.Equal(t, part, n.own(n.Part(part)), n)
		}
	}
}
