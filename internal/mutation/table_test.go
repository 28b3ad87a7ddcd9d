package mutation

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// The table fits a narrow terminal, and keeps which peers there are and what became of them.
func TestTableFits(t *testing.T) {
	r := &Report{Subjects: []Outcome{{Name: "counts-repeated-votes", Status: Killed, Runs: 1, Kills: []Death{{Case: "2A/BridgeElections", Seed: 1}}}}}
	for _, width := range []int{0, 60, 80, 180} {
		var b strings.Builder
		require.NoError(t, WriteTable(&b, r, width))
		require.Contains(t, b.String(), "counts-repeated-votes | killed")
		if width == 60 { // longer names are folded
			long := &Report{Subjects: []Outcome{{Name: "counts-repeated-votes-of-those-that-it-has-asked-before", Status: Killed, Kills: r.Subjects[0].Kills}}}
			require.NoError(t, WriteTable(&b, long, width))
		}
		for line := range strings.Lines(b.String()) {
			require.True(t, width == 0 || utf8.RuneCountInString(line) <= width+1, "%d: %s", width, line)
		}
	}
}
