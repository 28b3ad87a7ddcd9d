package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"raftlab/internal/contract"
	"raftlab/internal/course"
	"raftlab/internal/sim"
	"raftlab/internal/suite"
	"raftlab/raftapi"
)

// runFlags are the flags that say what runs and how, for `test` and `replay` alike.
type runFlags struct {
	impl     string
	env      []string
	with     []string
	strict   bool
	contract string
	year     string
	brief    bool // says little of what was adopted
	scenario string
	memory   string
	cpu      time.Duration

	where engineFlags
}

func (f *runFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.impl, "impl", "", "the code under test: a course tree, a `directory` with one package, a solution of 6.824 or 6.5840, etcdraft, or reference (default: this tree's own)")
	flags.StringArrayVar(&f.env, "env", nil, "`K=V` in the environment of the code under test; may be repeated")
	flags.StringSliceVar(&f.with, "with", nil, "`extensions` that all peers are to have, such as prevote,checkquorum; some with parameters, such as "+
		"pipeline:messages=8 (docs/lab2.md); there are "+strings.Join(raftapi.Extensions, ", "))
	flags.BoolVar(&f.strict, "strict", false, "a goroutine left over after Kill is a failure, not a warning")
	contractFlag(flags, &f.contract)
	yearFlag(flags, &f.year)
	flags.StringVar(&f.memory, "memory", "", "memory that a run may have, such as 512MiB (default 1GiB)")
	f.where.add(flags)
	flags.DurationVar(&f.cpu, "cpu", 0, "processor time that a run may take before it is ungraded, such as 2m (default "+sim.DefaultCPU.String()+")")
}

// options checks the flags.
func (f *runFlags) options() (suite.Options, error) {
	o := suite.Options{Strict: f.strict, Contract: f.contract, Env: f.env, CPU: f.cpu.Seconds()}
	if f.cpu < 0 || f.cpu > maxCPU {
		return o, fmt.Errorf("--cpu %v: give a time above 0 and up to %v, such as 2m", f.cpu, maxCPU)
	}
	if _, err := contract.Of(f.contract); err != nil {
		return o, fmt.Errorf("--contract %s: %w", f.contract, err)
	}
	var err error
	if o.With, err = raftapi.ParseExtensions(f.with); err != nil { // sorted, since options are compared
		return o, fmt.Errorf("--with: %w%s", err, parametersOf())
	}
	for _, kv := range f.env {
		if k, _, ok := strings.Cut(kv, "="); !ok || k == "" {
			return o, fmt.Errorf("--env %q: write K=V, for example --env DEBUG=1", kv)
		}
	}
	if f.memory != "" {
		o.MemoryLimit, err = parseSize(f.memory)
	}
	return o, err
}

// parametersOf lists what extensions can be told.
func parametersOf() string {
	var b strings.Builder
	b.WriteString("\nextensions with parameters:")
	for _, name := range raftapi.Extensions {
		for _, p := range raftapi.Parameters(name) {
			fmt.Fprintf(&b, "\n  %-28s %s", name+":"+p.Name+"=N", p.What)
		}
	}
	return b.String()
}

// contractFlag is the flag that says by which year's contract peers are judged.
func contractFlag(flags *pflag.FlagSet, year *string) {
	flags.StringVar(year, "contract", "", "the `year` of the course whose contract the code under test keeps: "+
		strings.Join(contract.Years(), ", ")+" (default: the strict one; docs/lab2d.md)")
}

// maxCPU is the longest that --cpu takes: a run that needs longer will not end.
const maxCPU = time.Hour

// parseSize reads 512MiB, 512M, 1GiB or a number of bytes.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "KMGiBkmgb ")
	unit := map[string]int64{"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
	suffix := strings.TrimSpace(strings.ToUpper(s[len(digits):]))
	if suffix != "B" {
		suffix = strings.TrimSuffix(strings.TrimSuffix(suffix, "B"), "I")
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	size, known := unit[suffix]
	const least, most = 64 << 20, 4 << 30 // a Go program needs some; a 32-bit machine has no more
	if err != nil || !known || n < 0 || n > most/size || n*size < least {
		return 0, fmt.Errorf("--memory %q: give a size from 64MiB to 4GiB, such as 512MiB", s)
	}
	return n * size, nil
}

// replayOf is the command that repeats a run, to be copied.
func (a *app) replayOf(root course.Root, given string, o suite.Options, c suite.Case, seed uint64) string {
	words := []string{program(), "replay", quote(c.ID()), "--seed", strconv.FormatUint(seed, 10)}
	if given != "." && (given != suite.Reference || root.Course) {
		words = append(words, "--impl", quote(given))
	}
	if a.framework != "" {
		words = append(words, "--framework", quote(a.framework))
	}
	if a.numbering != "" {
		words = append(words, "--numbering", a.numbering)
	}
	if c.Private {
		words = append(words, "--cases", quote(a.casesDir))
	}
	if len(o.With) > 0 {
		words = append(words, "--with", strings.Join(o.With, ","))
	}
	switch {
	case o.Race:
		words = append(words, "--race")
	case o.Native && o.EngineAsked:
		words = append(words, "--engine", suite.NativeEngine)
	}
	if o.Strict {
		words = append(words, "--strict")
	}
	if o.Contract != "" {
		words = append(words, "--contract", o.Contract)
	}
	if o.ScenarioFile != "" {
		words = append(words, "--scenario", quote(o.ScenarioFile))
	}
	for _, kv := range o.Env {
		words = append(words, "--env", quote(kv))
	}
	if o.MemoryLimit != 0 {
		words = append(words, "--memory", strconv.FormatInt(o.MemoryLimit, 10))
	}
	if o.CPU != 0 {
		words = append(words, "--cpu", time.Duration(o.CPU*float64(time.Second)).String())
	}
	return strings.Join(words, " ")
}
