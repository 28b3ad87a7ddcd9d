package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"raftlab/internal/submission"
	"raftlab/internal/vet"
)

// engineVersion is part of every key of the cache. To be changed when the same sources would be
// compiled in another way.
const engineVersion = "6"

// compileFlags are for `go test`. -trimpath makes builds in different directories equal; -w leaves
// out debug information that nothing here reads (stacks keep their files and lines). With -s as
// well, the linker of Go 1.26 makes modules of some programs that are not valid: they call
// functions that there are not.
var compileFlags = []string{"-trimpath", "-vet=off", "-ldflags=-w", "-buildvcs=false"}

// toolchain is the go command that guests are compiled with.
type toolchain struct{ command, version, root string }

// toolchains are those that were asked already, by directory, command and environment: a build
// needs the answer several times.
var toolchains sync.Map

// findToolchain asks the go command in dir about itself.
func findToolchain(ctx context.Context, dir string) (toolchain, error) {
	command, err := exec.LookPath("go")
	if err != nil {
		return toolchain{}, fmt.Errorf("find the go command, which compiles the code under test (get it from https://go.dev/dl): %w", err)
	}
	asked := strings.Join(append(guestBuildEnv(), dir, command), "\x00")
	if known, ok := toolchains.Load(asked); ok {
		return known.(toolchain), nil
	}
	t, err := askToolchain(ctx, command, dir)
	if err == nil {
		toolchains.Store(asked, t)
	}
	return t, err
}

func askToolchain(ctx context.Context, command, dir string) (toolchain, error) {
	cmd := exec.CommandContext(ctx, command, "env", "GOVERSION", "GOROOT")
	cmd.Dir, cmd.Env = dir, guestBuildEnv()
	out, err := cmd.Output()
	if err != nil {
		return toolchain{}, fmt.Errorf("ask %s for its version: %w", command, explained(err))
	}
	lines := strings.Split(strings.ReplaceAll(string(out), "\r", ""), "\n")
	if len(lines) < 2 {
		return toolchain{}, fmt.Errorf("ask %s for its version: it said %q", command, out)
	}
	return toolchain{command, lines[0], lines[1]}, nil
}

// guestBuildEnv is the environment of the go command: the caller's, but for what would make builds
// differ.
func guestBuildEnv() []string {
	return append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off",
		"GOEXPERIMENT=", "GOWASM=", "GODEBUG=")
}

// explained adds what a command wrote to its standard error.
func explained(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}

// Binary compiles what b describes, or finds it in the cache. progress, if not nil, is told what
// takes long. The error is a [*RefusedError] or a [*CompileError] where the code under test is to
// blame.
func (b Build) Binary(ctx context.Context, progress func(string)) (*Binary, error) {
	binary, err := b.findOrMake(ctx, progress)
	return binary, advised(err)
}

func (b Build) findOrMake(ctx context.Context, progress func(string)) (*Binary, error) {
	if progress == nil {
		progress = func(string) {}
	}
	store, err := openCache()
	if err != nil {
		return nil, err
	}
	p, err := b.prepare(ctx)
	if err != nil {
		return nil, err
	}
	var key string
	if key, p.source, err = p.Build.key(p.tools, p.code, p.edited); err != nil {
		return nil, err
	}
	if binary := store.find(key); binary != nil {
		binary.Warnings = p.code.warnings(binary.Variables)
		return binary, nil
	}
	progress("compiling the code under test with the framework")
	var binary *Binary
	if b.Native { // native code is the user's own, and made here
		binary, err = p.make(ctx, store)
	} else {
		binary, key, err = b.made(ctx)
	}
	if err != nil {
		return nil, err
	}
	if !b.Native {
		progress("compiling the test binary to machine code")
		if err := makeNative(ctx, binary); err != nil {
			return nil, err
		}
	}
	if err := store.store(key, binary); err != nil {
		return nil, fmt.Errorf("remember the build: %w", err)
	}
	store.prune(maxCache, binary.ID)
	return binary, nil
}

// make checks and compiles what b describes, in this process and those that it starts. key is that
// of the sources it has read.
func (b Build) make(ctx context.Context) (binary *Binary, key string, err error) {
	store, err := openCache()
	if err != nil {
		return nil, "", err
	}
	p, err := b.prepare(ctx)
	if err != nil {
		return nil, "", err
	}
	if key, p.source, err = p.Build.key(p.tools, p.code, p.edited); err != nil {
		return nil, "", err
	}
	binary, err = p.make(ctx, store)
	return binary, key, err
}

// make is [Build.make], once the sources were read.
func (p prepared) make(ctx context.Context, store cache) (*Binary, error) {
	checked, err := p.vet(ctx, store)
	if err != nil {
		return nil, err
	}
	if p.yields && !p.NoYield {
		p.code.interruptible(checked)
	}
	var blocks []Block
	if p.Blocks {
		blocks = p.code.mark(checked)
	}
	if p.counts {
		p.code.replace[peaksFile] = []byte(peaksText)
	}
	variables, err := p.code.keepApart(checked, p.owners)
	if err != nil {
		return nil, err
	}
	c := compilation{Build: p.Build, tools: p.tools, code: p.code, store: store, names: map[string]string{}}
	binary, err := c.compile(ctx, p.edited)
	if err != nil && len(checked.Errors) > 0 && ctx.Err() == nil && !blames(err) {
		return nil, typeErrors(checked) // whatever else is wrong, and whatever the compiler has been made to say
	}
	if err != nil && len(p.edited) > 0 && overlayBroken(err) && !p.Native && c.editsBreak(ctx, p.edited) {
		p.notes = append(p.notes, fmt.Sprintf("the Go runtime overlay does not compile with %s: printing and garbage collections "+
			"change runs, and goroutines run first in, first out", p.tools.version))
		delete(p.code.replace, globalsFile) // then all goroutines are owner 0's
		delete(p.code.replace, peaksFile)
		p.code.uninterrupted()
		binary, err = c.compile(ctx, nil)
	}
	if err != nil {
		return nil, err
	}
	if len(checked.Errors) > 0 {
		return nil, typeErrors(checked)
	}
	binary.Notes, binary.Variables, binary.Blocks = p.notes, variables, blocks
	binary.Source, binary.Outside = p.source, outside(checked, p.Framework)
	binary.Warnings = p.code.warnings(binary.Variables)
	return binary, nil
}

// prepared is all that a build needs to know before it compiles.
type prepared struct {
	Build
	tools  toolchain
	code   *tree
	edited map[string][]byte // files of the Go runtime
	notes  []string
	owners bool   // goroutines have owners
	yields bool   // goroutines have numbers for interruptions
	counts bool   // the runtime counts what there may be too much of
	source string // hash of the sources: see [Build.key]
}

func (b Build) prepare(ctx context.Context) (p prepared, err error) {
	if b.Framework, err = filepath.Abs(b.Framework); err != nil {
		return p, err
	}
	p.Build = b
	if p.code, err = b.sources(ctx); err != nil {
		return p, err
	}
	if p.tools, err = findToolchain(ctx, b.Framework); err != nil {
		return p, err
	}
	var applied []string
	p.edited, applied, p.notes = runtimeOverlay(p.tools.root, b.engine(), b.without()...)
	p.owners, p.yields, p.counts = slices.Contains(applied, "owner"), slices.Contains(applied, "yields"), slices.Contains(applied, "floods end")
	if b.Native && len(p.notes) > 0 {
		return p, fmt.Errorf("compile for repeatable native runs: %s. The wasm engine has no need of that (--engine wasm)", strings.Join(p.notes, "; "))
	}
	return p, nil
}

// nativeTag is the build tag of binaries for repeatable native runs.
const nativeTag = "raftlab_native"

func (b Build) engine() string {
	if b.Native {
		return nativeEngine
	}
	return wasmEngine
}

// flags are those of `go test`.
func (b Build) flags() []string {
	if !b.Native {
		return compileFlags
	}
	flags := []string{"-vet=off", "-buildvcs=false", "-tags=" + nativeTag}
	if b.Race {
		flags = append(flags, "-race")
	}
	if b.Debug {
		return append(flags, "-gcflags=raftlab/...=-N -l") // a debugger wants the files' whole names
	}
	return append(flags, "-trimpath", "-ldflags=-s -w", "-gcflags=raftlab/...=-dwarf=false")
}

// environment is the one of the go command.
func (b Build) environment() []string {
	if !b.Native {
		return guestBuildEnv()
	}
	cgo := "CGO_ENABLED=0"
	if b.Race {
		cgo = "CGO_ENABLED=1"
	}
	return append(os.Environ(), "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, cgo, "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GODEBUG=")
}

// without names the groups of runtime edits that are not wanted.
func (b Build) without() []string {
	if b.NoOrder {
		return []string{"order"}
	}
	return nil
}

// key hashes everything that the binary depends on, but for what is in the directories without.
// source leaves out what differs between the engines.
func (b Build) key(tools toolchain, code *tree, edited map[string][]byte, without ...string) (key, source string, err error) {
	h, engine := sha256.New(), sha256.New()
	fmt.Fprintln(h, engineVersion, tools.version, tools.root, b.Package, b.NoYield, vet.Rules())
	add := func(name string, text []byte) { fmt.Fprintf(h, "%q %t %d\n%s", name, text == nil, len(text), text) }
	for _, name := range sortedKeys(code.replace) {
		add(name, code.replace[name])
	}
	fmt.Fprintln(engine, b.Native, b.Blocks, b.flags())
	for _, name := range sortedKeys(edited) {
		fmt.Fprintf(engine, "%q %d\n%s", name, len(edited[name]), edited[name])
	}
	// What cannot be in the binary is skipped, so that editing it costs no build.
	skip := map[string]bool{"docs": true, "cmd": true, "mutants": true, "variants": true, "internal/sim": true}
	for _, dir := range without {
		skip[dir] = true
	}
	err = walkPackages(b.Framework, func(name string) error {
		relative, err := filepath.Rel(b.Framework, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		for dir := relative; dir != "."; dir = filepath.ToSlash(filepath.Dir(dir)) {
			if skip[dir] {
				return nil
			}
		}
		switch {
		case strings.HasSuffix(relative, "_test.go") && !strings.HasSuffix(relative, "/lab_test.go"):
			return nil
		case filepath.Ext(relative) == ".go", relative == "go.mod", relative == "go.sum":
			if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() > submission.Usual.Total {
				return nil // a course tree is a student's: a pipe or a device there would never end
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			add(relative, text)
		}
		return nil
	})
	if err != nil {
		return "", "", fmt.Errorf("read the framework: %w", err)
	}
	source = hex.EncodeToString(h.Sum(nil)[:16])
	h.Write(engine.Sum(nil))
	return hex.EncodeToString(h.Sum(nil)[:16]), source, nil
}
