package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"raftlab/internal/course"
	"raftlab/internal/sim"
	"raftlab/internal/timeline"
)

// knownGo is the Go release that the framework is known to work with, patches included.
const knownGo = "go1.26"

func doctorCommand(a *app) *cobra.Command {
	f := &enginesFlags{}
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look at the toolchain and the cache: what is missing, and how to get it",
		Long: `Look at everything that the other commands need. The exit code is 3 if something essential is missing.

With --engines, find out instead whether the native engine makes the same runs as the wasm engine on this machine, by a
sample of less than a minute, and remember it: this tree's own code runs natively then. With cases or peers
(doctor --engines 2A --seeds 1-20), or with --full, that comparison is made of all of them; it is interrupted with
Ctrl-C, and the same command goes on where it was. The exit code is 1 if a run was another one in each engine.`,
		Args: f.args,
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := interruptible(c.Context())
			defer stop()
			if f.engines {
				return a.compareEngines(ctx, f, args)
			}
			d := &doctor{app: a}
			d.examine(ctx)
			if d.bad > 0 {
				return broken(fmt.Errorf("%d essential things are missing, see above", d.bad))
			}
			return nil
		},
	}
	f.add(c.Flags())
	return c
}

// doctor prints one line per finding.
type doctor struct {
	*app
	bad int // essential things that are missing
}

func (d *doctor) ok(what, format string, args ...any)   { d.line("ok  ", what, format, args...) }
func (d *doctor) note(what, format string, args ...any) { d.line("note", what, format, args...) }
func (d *doctor) missing(what, format string, args ...any) {
	d.bad++
	d.line("FAIL", what, format, args...)
}

func (d *doctor) line(mark, what, format string, args ...any) {
	const before = 23 // what stands in front of the text
	var lines []string
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		if n := screen(d.out); n > 0 {
			lines = append(lines, timeline.Wrap(line, n-before)...)
		} else {
			lines = append(lines, line)
		}
	}
	fmt.Fprintf(d.out, "%s  %-15s  %s\n", mark, what, strings.Join(lines, "\n"+strings.Repeat(" ", before)))
}

func (d *doctor) examine(ctx context.Context) {
	d.ok("this program", "%s/%s, built with %s", runtime.GOOS, runtime.GOARCH, runtime.Version())
	root, err := d.root()
	if err != nil {
		d.missing("framework", "%v", err)
		return
	}
	d.tree(root)
	health := sim.Doctor(ctx, root.Dir)
	d.toolchain(health)
	if health.GoVersion != "" {
		d.canBuild(ctx, root)
	}
	d.cache(health)
	d.overlay(health)
	d.engines(ctx, root)
	d.ok("machine", "%d processors; %d runs at once by default (-j)", runtime.NumCPU(), health.Workers)
	d.race(ctx)
}

func (d *doctor) tree(root course.Root) {
	kind := "checkout of the framework, with the reference peer"
	if root.Course {
		kind = "course tree"
	}
	d.ok("framework", "%s (%s)", root.Dir, kind)
}

func (d *doctor) toolchain(h sim.Health) {
	switch {
	case h.GoVersion == "":
		d.missing("go", "the go command was not found or does not work; get %s from https://go.dev/dl and put its bin directory on PATH\n%s",
			knownGo, strings.Join(h.Problems, "\n"))
	case h.GoVersion == knownGo || strings.HasPrefix(h.GoVersion, knownGo+"."):
		d.ok("go", "%s in %s", h.GoVersion, h.GoRoot)
	default:
		d.note("go", "%s in %s; the framework is known to work with %s. Runs of different releases differ", h.GoVersion, h.GoRoot, knownGo)
	}
}

// canBuild compiles a package of the framework for the engine. The first time, this compiles the
// standard library as well.
func (d *doctor) canBuild(ctx context.Context, root course.Root) {
	build := exec.CommandContext(ctx, "go", "build", "./labrpc")
	build.Dir = root.Dir
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		d.missing("wasip1", "the framework does not build for the engine (%v):\n%s\n"+
			"If modules are missing, `go mod download` gets them; if the standard library is, reinstall Go", err, strings.TrimSpace(string(out)))
		return
	}
	d.ok("wasip1", "the framework builds for the engine")
}

func (d *doctor) cache(h sim.Health) {
	if h.Cache == "" {
		d.missing("cache", "%s", strings.Join(h.Problems, "\n"))
		return
	}
	d.ok("cache", "%s holds %s of compiled binaries; it may be deleted at any time", filepath.FromSlash(h.Cache), bytesText(h.CacheSize))
}

func (d *doctor) overlay(h sim.Health) {
	if h.GoVersion == "" {
		return
	}
	if len(h.Overlay) > 0 {
		d.ok("runtime overlay", "%s", strings.Join(h.Overlay, "; "))
	}
	for _, p := range h.Problems {
		d.note("engine", "%s", p)
	}
}

// engines says where code runs, as far as that is known.
func (d *doctor) engines(ctx context.Context, root course.Root) {
	here, err := sim.FindEngines(ctx, root.Dir)
	if err != nil {
		return // said already
	}
	switch known := sim.RecallEngines(here); {
	case here.Problem != "":
		d.note("native engine", "%s\nEverything runs in the wasm engine", here.Problem)
	case known == nil:
		d.ok("native engine", "not yet compared with the wasm engine here; the first `raftlab test` does so, and `raftlab doctor --engines`")
	case known.Equal():
		d.ok("native engine", "%d of %[1]d runs were the same as in the wasm engine (%s, overlay %s, on %s)",
			known.Runs, known.GoVersion, known.Overlay, known.When.Local().Format(time.DateOnly))
	default:
		d.note("native engine", "it makes other runs than the wasm engine, where everything runs therefore: %s", known.Differs)
	}
}

// race looks whether `go test -race` will work. Nothing else needs a C compiler.
func (d *doctor) race(ctx context.Context) {
	out, err := exec.CommandContext(ctx, "go", "env", "CC").Output()
	cc := strings.TrimSpace(string(out))
	if err != nil || cc == "" {
		return // said already
	}
	if runtime.GOOS == "darwin" {
		d.ok("go test -race", "needs nothing more here")
		return
	}
	if fields := strings.Fields(cc); len(fields) > 0 {
		if _, err := exec.LookPath(fields[0]); err != nil {
			d.note("go test -race", "needs a C compiler, and %q was not found: install gcc (Debian: apt install gcc; Windows: https://www.mingw-w64.org). "+
				"Everything else works without", fields[0])
			return
		}
	}
	d.ok("go test -race", "C compiler %s", cc)
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
