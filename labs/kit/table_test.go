package kit

import (
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/tester"
)

func points(cases []tester.Case) (all []int) {
	for _, c := range cases {
		all = append(all, c.Points)
	}
	return all
}

func TestHundred(t *testing.T) {
	table := []tester.Case{{Part: "A", Points: 50}, {Part: "B", Points: 1}, {Part: "A", Points: 30}, {Part: "A", Points: 20}}
	require.Equal(t, []int{50, 100, 30, 20}, points(Hundred(table)), "they are a hundred already")
	more := append(table, tester.Case{Part: "A", Points: 25}, tester.Case{Part: "B", Points: 2})
	require.Equal(t, []int{40, 33, 24, 16, 20, 67}, points(Hundred(more)), "a new row takes its share from all others")
	require.Equal(t, []int{34, 33, 33}, points(Hundred([]tester.Case{{Part: "C", Points: 7}, {Part: "C", Points: 7}, {Part: "C", Points: 7}})))
	require.Equal(t, 50, table[0].Points, "the table itself stays")
}
