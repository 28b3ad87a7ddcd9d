package kit

import (
	"cmp"
	"slices"
	"time"

	"raftlab/tester"
)

// Hundred makes points of the weights that stand in a table: those of each part sum up to 100, and
// are to each other as the weights are. So a new case reprices nobody by hand. Weights that sum up
// to 100 already stay as they are.
//
// What is left after rounding down goes to the largest remainders, and among equals to the rows
// further up.
func Hundred(cases []tester.Case) []tester.Case {
	parts := map[string][]int{}
	for i, c := range cases {
		parts[c.Part] = append(parts[c.Part], i)
	}
	all := slices.Clone(cases)
	for _, rows := range parts {
		weight, given := 0, 0
		for _, i := range rows {
			weight += cases[i].Points
		}
		remainder := func(i int) int { return 100 * cases[i].Points % weight }
		for _, i := range rows {
			all[i].Points = 100 * cases[i].Points / weight
			given += all[i].Points
		}
		slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(remainder(b), remainder(a)) })
		for _, i := range rows[:100-given] {
			all[i].Points++
		}
	}
	return all
}

// Unhurried gives cases of services fifteen minutes, unless they name a limit of their own. Many of
// them have two hundred operations one after the other, and a service that needs a second or two for
// each is slow and not wrong: tester.ProgressLimit is for one of them. Where speed is what a case is
// about, it measures that.
func Unhurried(cases []tester.Case) []tester.Case {
	all := slices.Clone(cases)
	for i := range all {
		all[i].Limit = cmp.Or(all[i].Limit, 15*time.Minute)
	}
	return all
}
