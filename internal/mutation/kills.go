package mutation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/patch"
	"raftlab/internal/suite"
)

// Kills are the runs in which mutants died the last time that somebody has looked, by their names:
// "2B/LeadersFail 1". They only say what is run first: a mutant whose run does not kill it any more
// is hunted like any other.
type Kills map[string]string

func killsFile(root string) string { return filepath.Join(root, "mutants", "kills.json") }

// ReadKills reads those of the tree at root. A tree without the file has none.
func ReadKills(root string) (Kills, error) {
	kills := Kills{}
	text, err := os.ReadFile(killsFile(root))
	if errors.Is(err, fs.ErrNotExist) {
		return kills, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &kills)
	}
	if err != nil {
		return nil, fmt.Errorf("read where mutants died the last time (raftlab mutants --remember writes the file anew): %w", err)
	}
	return kills, nil
}

// Run is the run in which a mutant died the last time: a case and a seed. Of a mutant that is not
// known, or has a run that cannot be read, ok is false.
func (k Kills) Run(name string) (id string, seed uint64, ok bool) {
	id, text, _ := strings.Cut(k[name], " ")
	seed, err := strconv.ParseUint(text, 10, 64)
	return id, seed, err == nil
}

// Evenly returns so many subjects, from the whole list, or all of them if there are fewer.
func Evenly(all []Subject, most int) (chosen []Subject) {
	most = min(most, len(all))
	for i := range most {
		chosen = append(chosen, all[i*len(all)/most])
	}
	return chosen
}

func killOf(c string, seed uint64) string { return fmt.Sprintf("%s %d", c, seed) }

// Learn takes over where the mutants in outcomes have died, and forgets those that all does not
// name.
func (k Kills) Learn(outcomes []Outcome, all []Subject) {
	for _, o := range outcomes {
		if o.Status != Killed {
			continue
		}
		d, _ := first(o)
		k[o.Name] = killOf(d.Case, d.Seed)
	}
	maps.DeleteFunc(k, func(name, _ string) bool {
		return !slices.ContainsFunc(all, func(s Subject) bool { return s.Name == name })
	})
}

// Write writes the file of the tree at root.
func (k Kills) Write(root string) error {
	text, err := json.MarshalIndent(k, "", "\t")
	if err == nil {
		err = os.WriteFile(killsFile(root), append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write where mutants died: %w", err)
	}
	return nil
}

// Stale are the mutants that were killed, and not by the run that is remembered, although it was
// made.
func (h *Hunt) Stale(outcomes []Outcome) (names []string) {
	for _, r := range h.remembered() {
		killed := slices.ContainsFunc(outcomes, func(o Outcome) bool {
			return o.Name == r.Group && o.Status == Killed && !slices.ContainsFunc(o.Kills, func(d Death) bool { return d.Case == r.Case.ID() && d.Seed == r.Seed })
		})
		if killed {
			names = append(names, r.Group)
		}
	}
	return names
}

// remembered are the runs that are made before all others. Those under the race detector come
// first: they are the ones that wait for a build of their own.
func (h *Hunt) remembered() (runs []suite.Run) {
	for _, s := range h.Subjects {
		known, ok := h.Kills[s.Name]
		if !ok || h.everyCase(s) {
			continue
		}
		for _, c := range h.casesFor(s) {
			for _, seed := range h.Seeds {
				if known == killOf(c.ID(), seed) {
					runs = append(runs, suite.Run{Case: c, Seed: seed, Group: s.Name, Job: h.Job(s, c, seed), Cost: h.Costs.Of(c)})
				}
			}
		}
	}
	raced := func(r suite.Run) int {
		if h.subjectNamed(r.Group).Runner() == patch.Race {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(runs, func(a, b suite.Run) int { return raced(a) - raced(b) })
	return runs
}

func (h *Hunt) subjectNamed(name string) Subject {
	return h.Subjects[slices.IndexFunc(h.Subjects, func(s Subject) bool { return s.Name == name })]
}
