//raftlab:checkout-only (a course tree is a student's, who has nobody to grade)

package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"raftlab/internal/grade"
	"raftlab/internal/plain"
	"raftlab/internal/submission"
)

// roster finds the submissions.
func (g *gradeRun) roster(submissions string) ([]grade.Entry, error) {
	if g.flags.one {
		return grade.One(submissions)
	}
	roster, ignored, err := grade.FindRoster(submissions)
	if err != nil {
		return nil, err
	}
	if len(roster) == 0 {
		return nil, fmt.Errorf("%s: there is nothing in it to grade; name the folder that holds one folder or archive for each student", submissions)
	}
	if len(ignored) > 0 {
		fmt.Fprintf(g.err, "not submissions, and passed over: %s\n", strings.Join(ignored, ", "))
	}
	if twice := twice(roster); len(twice) > 0 {
		fmt.Fprintf(g.err, "called the same but for case and ending, and each graded by itself: %s\n", strings.Join(twice, ", "))
	}
	return roster, nil
}

// twice are those that may be one student's: alice, alice.zip and Alice.tar.gz.
func twice(roster []grade.Entry) (names []string) {
	by := map[string][]string{}
	for _, e := range roster {
		short, _ := submission.CutArchive(filepath.Base(e.Path))
		key := strings.ToLower(strings.TrimSuffix(short, ".git"))
		by[key] = append(by[key], plain.Line(e.Name, plain.MaxName))
	}
	for _, key := range slices.Sorted(maps.Keys(by)) {
		if len(by[key]) > 1 {
			names = append(names, strings.Join(by[key], " and "))
		}
	}
	return names
}

func (f *gradeFlags) chooseShard(a *app) (*grade.Shard, error) {
	if f.shard != "" {
		s, err := grade.ParseShard(f.shard)
		if err != nil {
			return nil, fmt.Errorf("--shard %w", err)
		}
		return s, nil
	}
	s, source, err := grade.DetectShard(os.Getenv)
	if s != nil {
		fmt.Fprintf(a.err, "shard %s, because of %s in the environment\n", s, source)
	}
	return s, err
}

// choose limits the grading to those that --only and --group name.
func (g *gradeRun) choose(roster []grade.Entry) error {
	names := g.flags.only
	if g.flags.group != "" {
		results, err := g.class.Collect(g.class.Out)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(results.Groups, func(x grade.Group) bool { return x.ID == g.flags.group })
		if i < 0 {
			return fmt.Errorf("--group %s: no failure of these grades is of that group; failures.csv lists them", g.flags.group)
		}
		names = append(names, results.Groups[i].Students...)
	}
	if len(names) == 0 {
		return nil
	}
	chosen, err := grade.Find(roster, names)
	if err != nil {
		return fmt.Errorf("--only: %w", err)
	}
	g.class.Only = func(e grade.Entry) bool { return chosen[e.Name] }
	return nil
}
