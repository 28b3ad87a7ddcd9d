package suite

import (
	"fmt"
	"slices"
)

// Changed tells in which verdicts two reports on the same code differ, run by run, and how many
// runs both have. What only one of them has is told by its case.
func Changed(then, now *Report) (lines []string, compared int) {
	if then.Status != now.Status {
		lines = append(lines, fmt.Sprintf("%s then%s, %s now%s", then.Status, because(then), now.Status, because(now)))
	}
	find := func(r *Report, id string) *CaseResult {
		if i := slices.IndexFunc(r.Cases, func(c CaseResult) bool { return c.Case == id }); i >= 0 {
			return &r.Cases[i]
		}
		return nil
	}
	for _, was := range then.Cases {
		is := find(now, was.Case)
		if is == nil {
			lines = append(lines, was.Case+" is no case any more")
			continue
		}
		for _, a := range was.Runs {
			b := is.Run(a.Seed)
			if b == nil {
				continue
			}
			if compared++; a.Outcome != b.Outcome || a.Rule != b.Rule {
				lines = append(lines, fmt.Sprintf("%s seed %d: %s then, %s now", was.Case, a.Seed, ended(a), ended(*b)))
			}
		}
	}
	for _, is := range now.Cases {
		if find(then, is.Case) == nil {
			lines = append(lines, fmt.Sprintf("%s is new: %s", is.Case, is.Outcome))
		}
	}
	return lines, compared
}

// ended is how a run ended, without the moment, which another run has elsewhere.
func ended(r RunResult) string {
	if r.Rule == "" {
		return string(r.Outcome)
	}
	return fmt.Sprintf("%s (%s)", r.Outcome, r.Rule)
}

// because is why nothing ran, in brackets.
func because(r *Report) string {
	switch {
	case r.Error != "":
		return " (" + r.Error + ")"
	case len(r.Faults) > 0:
		return " (" + r.Faults[0].String() + ")"
	}
	return ""
}
