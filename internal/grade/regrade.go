package grade

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"raftlab/internal/record"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
)

// Recorded are runs that were made earlier, of one submission or of one `raftlab test`, and how to
// make them again.
type Recorded struct {
	Name     string
	Code     suite.Code
	Options  suite.Options
	Outcome  record.Outcome // where nothing ran
	Faults   []suite.Fault
	Unbuilt  []string // packages that did not compile, where others did
	Builds   []suite.Build
	Identity sim.Identity // empty where it was not recorded
	Runs     []Run
	// Changed says that the code is not what ran then.
	Changed bool
}

// Repeated is what became of them.
type Repeated struct {
	Name     string
	Compared int
	Skipped  int      // runs without a verdict, which cannot be compared
	Differ   []string // runs that ended otherwise, and how
	Because  []string // what is not as it was
}

// Identical reports whether everything went as it did then.
func (r Repeated) Identical() bool { return len(r.Differ) == 0 }

// Load returns the runs of a student in a directory of grades.
func (p *Plan) Load(dir, framework string, packages []string, l Listed) (*Recorded, error) {
	r, err := readRecord(recordFile(dir, l.File))
	if err != nil || r == nil {
		return nil, errors.Join(err, notGraded(r == nil && err == nil, l.Name))
	}
	if r.Problem != "" {
		return nil, fmt.Errorf("%s has no grade: %s", l.Name, r.Problem)
	}
	rec := &Recorded{Name: l.Name, Options: p.options(r.Contract), Outcome: r.Outcome, Faults: r.Faults, Unbuilt: r.Unbuilt, Builds: r.Builds, Identity: r.Key.Identity, Runs: r.Runs}
	if r.Outcome == NotHandedIn {
		return rec, nil
	}
	code := codeDir(dir, l.File)
	tree, err := Open(context.Background(), From{Path: code}, packages)
	if err != nil {
		return nil, fmt.Errorf("the code that was graded is kept in %s, and cannot be read there: %w", code, err)
	}
	rec.Changed = tree.Hash() != r.Key.Source
	found, err := suite.FindCode(framework, false, code, packages)
	rec.Code = found.FromDirs(r.Dirs)
	return rec, err
}

func notGraded(so bool, name string) error {
	if !so {
		return nil
	}
	return fmt.Errorf("%s is not graded yet", name)
}

// Repeat makes recorded runs again, and compares. cases are all there are.
func (r *Recorded) Repeat(ctx context.Context, c *Class, cases []suite.Case) (Repeated, error) {
	out := Repeated{Name: r.Name}
	if r.Changed {
		out.Because = append(out.Because, "the code is not what ran then")
	}
	if r.Identity != (sim.Identity{}) {
		for _, f := range []struct{ what, was, is string }{
			{"the Go release", r.Identity.GoVersion, c.Identity.GoVersion}, {"the engine", r.Identity.Engine, c.Identity.Engine},
			{"the framework's sources", r.Identity.Framework, c.Identity.Framework}, {"the instructor's cases", r.Identity.Cases, c.Identity.Cases},
		} {
			out.because(f.what, f.was, f.is)
		}
	}
	if r.Outcome == NotHandedIn {
		out.Compared = 1
		return out, nil
	}
	binaries := map[string]*sim.Binary{}
	items, err := r.items(cases, &out)
	if err != nil {
		return out, err
	}
	for _, pkg := range r.packages(items) {
		b, err := c.Compile(ctx, r.Code, pkg)
		if err != nil {
			return out, r.unbuilt(ctx, err, &out)
		}
		binaries[pkg] = b
		for _, was := range r.Builds {
			if was.Package == pkg {
				out.because("build "+strings.TrimPrefix(pkg, "./"), was.ID, b.ID)
				if r.Identity == (sim.Identity{}) {
					out.because("the Go release", was.GoVersion, b.GoVersion)
				}
			}
		}
	}
	if err := r.stillUnbuilt(ctx, c, &out); err != nil {
		return out, err
	}
	if r.Outcome != "" {
		out.Compared, out.Differ = 1, append(out.Differ, fmt.Sprintf("it was %s, and it compiles", r.Outcome))
		return out, nil
	}
	g := &grading{Class: &Class{Plan: &Plan{Options: r.Options}}, record: &Record{}, binaries: binaries}
	finished := suite.Execute(ctx, c.Engine, c.Workers, suite.Plan(items, g.job, suite.Costs{}), suite.Hooks{})
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	r.compare(finished, &out)
	return out, nil
}

func (r *Repeated) because(what, was, is string) {
	if was != is {
		short := func(s string) string { return s[:min(len(s), 12)] }
		r.Because = append(r.Because, fmt.Sprintf("%s: %s then, %s now", what, short(was), short(is)))
	}
}

// items are the runs that can be compared.
func (r *Recorded) items(cases []suite.Case, out *Repeated) (items []suite.Item, err error) {
	for _, run := range r.Runs {
		i := slices.IndexFunc(cases, func(k suite.Case) bool { return k.ID() == run.Case })
		switch {
		case i < 0:
			return nil, fmt.Errorf("this raftlab has no case %s; use the one that graded", run.Case)
		case !run.Outcome.Decided():
			out.Skipped++
			continue
		}
		at := slices.IndexFunc(items, func(item suite.Item) bool { return item.Case.ID() == run.Case })
		if at < 0 {
			at = len(items)
			items = append(items, suite.Item{Case: cases[i]})
		}
		items[at].Seeds = append(items[at].Seeds, run.Seed)
	}
	return items, nil
}

// packages are those to build: of the runs, or all that were handed in where nothing was built.
func (r *Recorded) packages(items []suite.Item) (all []string) {
	for _, item := range items {
		if !slices.Contains(all, item.Case.Package) {
			all = append(all, item.Case.Package)
		}
	}
	if r.Outcome != "" {
		for name := range r.Code.Impl {
			all = append(all, "./"+name)
		}
		slices.Sort(all)
	}
	return all
}

// unbuilt compares why nothing was built.
func (r *Recorded) unbuilt(ctx context.Context, err error, out *Repeated) error {
	faults, outcome := r.Code.Faults(err)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if outcome == record.FrameworkError {
		return err
	}
	out.Compared = 1
	if outcome != r.Outcome || len(faults) != len(r.Faults) || len(faults) > 0 && faults[0].String() != r.Faults[0].String() {
		was := string(r.Outcome)
		if was == "" {
			was = "built"
		}
		out.Differ = append(out.Differ, fmt.Sprintf("it was %s, and now it is %s", was, outcome))
		for _, f := range faults[:min(len(faults), 3)] {
			out.Differ = append(out.Differ, f.String())
		}
	}
	return nil
}

// stillUnbuilt compares the packages that did not compile where others did.
func (r *Recorded) stillUnbuilt(ctx context.Context, c *Class, out *Repeated) error {
	for _, name := range r.Unbuilt {
		_, err := c.Compile(ctx, r.Code, "./"+name)
		faults, outcome := r.Code.Faults(err)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			out.Differ = append(out.Differ, fmt.Sprintf("package %s did not compile, and it does now", name))
		case outcome != suite.NotBuilt:
			return err
		case len(suite.JoinFaults(r.Faults, faults)) > len(r.Faults):
			out.Differ = append(out.Differ, fmt.Sprintf("package %s did not compile, and now it does not for another reason: %s", name, faults[0]))
		}
		out.Compared++
	}
	return nil
}

// compare compares the runs one by one.
func (r *Recorded) compare(finished []suite.Finished, out *Repeated) {
	for _, f := range finished {
		id := f.Case.ID()
		i := slices.IndexFunc(r.Runs, func(run Run) bool { return run.Case == id && run.Seed == f.Seed })
		was, is := r.Runs[i], suite.NewRunResult(f)
		if f.State != suite.Ran || !is.Outcome.Decided() {
			out.Differ = append(out.Differ, fmt.Sprintf("%s seed %d: %s then, no verdict now (%s)", id, f.Seed, was.Headline(), is.Outcome))
			continue
		}
		out.Compared++
		if was.Hash == is.Hash && was.Outcome == is.Outcome {
			continue
		}
		text := fmt.Sprintf("%s seed %d: %s then, %s now", id, f.Seed, was.Headline(), suite.Headline(is))
		if was.Headline() == suite.Headline(is) {
			text = fmt.Sprintf("%s seed %d: %s both times, but not the same run", id, f.Seed, was.Headline())
		}
		if is.GCs > 0 {
			text += "; garbage was collected in it, so that memory plays a role"
		}
		out.Differ = append(out.Differ, text)
	}
}

// FromReport returns the runs in what `raftlab test --json` wrote.
func FromReport(r *suite.Report, code suite.Code) *Recorded {
	rec := &Recorded{Name: r.Impl, Code: code, Options: r.Options, Faults: r.Faults, Builds: r.Builds, Unbuilt: r.Unbuilt}
	for _, c := range r.Cases {
		if r.Status == suite.Unbuilt && (c.Outcome == suite.NotBuilt || c.Outcome == record.Tampering) {
			rec.Outcome = c.Outcome
		}
		for _, run := range c.Runs {
			rec.Runs = append(rec.Runs, runOf(c.Case, run.Seed, "", run))
		}
	}
	return rec
}

// IsDir reports whether path is a directory of grades rather than a report.
func IsDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
