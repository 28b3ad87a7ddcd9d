package grade

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"raftlab/internal/suite"
)

// ShardDir is where a shard keeps its grades below the directory of the class.
func ShardDir(out string, s *Shard) string {
	if s == nil {
		return out
	}
	return filepath.Join(out, fmt.Sprintf("shard-%d-of-%d", s.Number, s.Of))
}

// ShardsIn returns dirs, with those that hold shards replaced by these.
func ShardsIn(dirs []string) (all []string, err error) {
	for _, dir := range dirs {
		found, err := filepath.Glob(filepath.Join(quoteGlob(dir), "shard-*-of-*"))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			found = []string{dir}
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// quoteGlob makes a pattern that matches the path itself.
func quoteGlob(path string) string {
	var b []rune
	for _, r := range path {
		if r == '*' || r == '?' || r == '[' {
			b = append(b, '[', r, ']')
			continue
		}
		b = append(b, r)
	}
	return string(b)
}

// Merge puts the grades in dirs together in out, as if they had been made there. It can be
// repeated: what is there is replaced by the same. The shards have to be of one class, graded in
// one way; those that are missing leave students that are not graded yet.
func Merge(out string, dirs []string, cases []suite.Case) (*Plan, error) {
	var whole *Plan
	shards := map[int]string{}
	for _, dir := range dirs {
		p, err := ReadPlan(dir, cases)
		if err != nil {
			return nil, err
		}
		shard := p.Shard
		p.Shard = nil
		if whole == nil {
			whole = p
		} else if err := same(whole, p); err != nil {
			return nil, fmt.Errorf("%s and %s cannot be merged: %w", dirs[0], dir, err)
		}
		if shard == nil {
			shard = &Shard{}
		} else if first, ok := shards[shard.Number]; ok {
			return nil, fmt.Errorf("%s and %s are both shard %s; leave one out", first, dir, shard)
		}
		shards[shard.Number] = dir
		for i, l := range p.Students {
			if shard.Of > 0 && !shard.has(i) {
				continue
			}
			if err := copyTree(home(out, l.File), home(dir, l.File)); err != nil {
				return nil, err
			}
		}
	}
	if whole == nil {
		return nil, errors.New("there is nothing to merge; name the directories that the shards wrote")
	}
	if err := copyTree(filepath.Join(out, CasesDir), filepath.Join(dirs[0], CasesDir)); err != nil {
		return nil, err
	}
	return whole, writeJSON(filepath.Join(out, planFile), whole)
}

// same says in what two plans differ.
func same(a, b *Plan) error {
	for _, f := range []struct {
		what string
		a, b any
	}{
		{"the cases", a.Cases, b.Cases}, {"the seeds", a.Seeds, b.Seeds}, {"the secret", a.Salt, b.Salt}, {"the options", a.Options, b.Options},
		{"the releases", a.Raftlab, b.Raftlab}, {"--race", a.Race, b.Race}, {"the policy", a.Policy, b.Policy}, {"the students", a.Students, b.Students}, {"the Go release", a.Identity.GoVersion, b.Identity.GoVersion},
		{"the engine", a.Identity.Engine, b.Identity.Engine}, {"the framework's sources", a.Identity.Framework, b.Identity.Framework},
		{"the instructor's cases", a.Identity.Cases, b.Identity.Cases},
	} {
		x, errX := json.Marshal(f.a)
		y, errY := json.Marshal(f.b)
		if errX != nil || errY != nil || string(x) != string(y) {
			return fmt.Errorf("%s differ; grade all shards with one command, on one version of raftlab", f.what)
		}
	}
	return nil
}

// copyTree makes to a copy of from, if there is one. It is made beside it and then renamed.
func copyTree(to, from string) error {
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil // not graded yet
	}
	next := to + ".new"
	if err := errors.Join(os.RemoveAll(next), os.MkdirAll(filepath.Dir(to), 0o755)); err != nil {
		return err
	}
	if err := os.CopyFS(next, os.DirFS(from)); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return errors.Join(os.RemoveAll(to), os.Rename(next, to))
}
