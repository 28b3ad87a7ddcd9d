package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// compilation is one call of the go command.
type compilation struct {
	Build
	tools toolchain
	code  *tree
	store cache
	names map[string]string // of files that were replaced, by where their new content is
}

// compile makes the test binary and puts it into the cache.
func (c compilation) compile(ctx context.Context, edited map[string][]byte) (*Binary, error) {
	dir, remove, err := c.store.tempDir()
	if err != nil {
		return nil, fmt.Errorf("make a directory for the build: %w", err)
	}
	defer remove()
	overlay, err := c.writeOverlay(dir, edited)
	if err != nil {
		return nil, fmt.Errorf("write the overlay for the compiler: %w", err)
	}
	made := filepath.Join(dir, "test.made")
	again := c.again(edited)
	if !again.make(ctx, dir, made) {
		if err := c.goTest(ctx, dir, overlay, made); err != nil {
			return nil, err
		}
		again.remember(ctx, dir, overlay)
	}
	text, err := os.ReadFile(made)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("package %s has no tests: its lab_test.go, which belongs to the framework, is missing. "+
			"`raftlab init --update DIR`, in a checkout of the framework, brings it back", c.Package)
	}
	if err == nil && !c.Native { // what a program of this machine may import is not up to a host
		err = checkImports(text)
		if err == nil {
			err = c.checkSymbols(ctx, overlay, dir)
		}
		text = mergeSegments(text)
		err = errors.Join(err, os.WriteFile(made, text, 0o644))
	}
	if err != nil {
		return nil, err
	}
	overlayed, _ := overlayVersion(c.tools) // what does not fit is in the build's notes
	binary := &Binary{ID: contentID(text), GoVersion: c.tools.version, Overlay: overlayed, UnderTest: c.code.underTest}
	if c.Native {
		binary.Native, binary.ID = true, hostPrefix+binary.ID
	}
	binary.Path = c.store.binary(binary.ID)
	if err := os.Rename(made, binary.Path); err != nil {
		if _, missing := readBinary(binary.Path); missing != nil { // on Windows it may be there already, and in use
			return nil, fmt.Errorf("keep the test binary: %w", err)
		}
	}
	return binary, nil
}

// lessGarbage lets compilers collect garbage half as often as they would, unless the user has said
// how often: a package then takes a tenth less processor time.
func lessGarbage() []string {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	return []string{"GOGC=200"}
}

// goTest has the go command make the test binary.
func (c compilation) goTest(ctx context.Context, dir, overlay, made string) error {
	args := append([]string{"test", "-c", "-o", made, "-overlay", overlay}, c.flags()...)
	cmd := exec.Command(c.tools.command, append(args, c.Package)...)
	cmd.Dir, cmd.Env = c.Framework, append(append(c.environment(), "GOTMPDIR="+dir), lessGarbage()...)
	out, err := compiling.output(ctx, "the compiler", cmd)
	if err == nil {
		return nil
	}
	var short *cutShort
	if errors.As(err, &short) {
		return fmt.Errorf("compile the code under test: %w", err)
	}
	return c.blame(out, err, cmd.ProcessState)
}

// writeOverlay writes all replaced files and the list of them below dir, and returns the list's
// path.
func (c compilation) writeOverlay(dir string, edited map[string][]byte) (string, error) {
	replace := map[string]string{}
	put := func(original string, text []byte) error {
		if text == nil {
			replace[original] = ""
			return nil
		}
		name := filepath.Join(dir, fmt.Sprintf("%d_%s", len(replace), filepath.Base(original)))
		replace[original] = name
		return os.WriteFile(name, text, 0o644)
	}
	for _, name := range sortedKeys(c.code.replace) {
		original := filepath.Join(c.Framework, filepath.FromSlash(name))
		if err := put(original, c.code.replace[name]); err != nil {
			return "", err
		}
		c.names[replace[original]] = name
	}
	for _, name := range sortedKeys(edited) {
		if err := put(filepath.Join(c.tools.root, "src", filepath.FromSlash(name)), edited[name]); err != nil {
			return "", err
		}
	}
	list, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, list, 0o644)
}

// brokenOverlayError says that the compiler did not like the edited Go runtime.
type brokenOverlayError struct{ error }

func overlayBroken(err error) bool {
	var broken brokenOverlayError
	return errors.As(err, &broken)
}

// editsBreak reports whether the Go runtime does not compile with the edits, by itself. What a build
// with foreign code says of it may be that code's doing, or for want of memory; and without the
// edits all servers share their variables, which nobody shall have by making a build fail.
func (c compilation) editsBreak(ctx context.Context, edited map[string][]byte) bool {
	dir, remove, err := c.store.tempDir()
	if err != nil {
		return false
	}
	defer remove()
	alone := compilation{Build: c.Build, tools: c.tools, code: &tree{}, store: c.store, names: map[string]string{}}
	overlay, err := alone.writeOverlay(dir, edited)
	if err != nil {
		return false
	}
	args := []string{"build", "-trimpath", "-overlay", overlay}
	var packages []string
	for _, name := range sortedKeys(edited) {
		packages = append(packages, path.Dir(name))
	}
	cmd := exec.Command(c.tools.command, append(args, slices.Compact(packages)...)...)
	cmd.Dir, cmd.Env = c.Framework, append(c.environment(), "GOTMPDIR="+dir)
	out, err := compiling.output(ctx, "the compiler", cmd)
	return err != nil && ctx.Err() == nil && inRuntime.MatchString(out)
}

var inRuntime = regexp.MustCompile(`(?m)^# (runtime|internal/runtime\S*|internal/sync|sync|sync/atomic|log|fmt|encoding/gob|internal/poll|flag|crypto/internal/sysrand|os|time|math/rand\S*|hash/maphash|testing/internal/testdeps)$`)

// unlinked is what the linker says of a function that the edits should have added, and full what a
// tool says that has met a full disk: at the end of a line, for a message about the code under test
// can quote anything.
var (
	unlinked = regexp.MustCompile(`(?m)^\S+: relocation target runtime\.raftlab_`)
	full     = regexp.MustCompile(`(?im)(` + strings.Join(noRoom, "|") + `)\.?$`)
)

// testSummary is what `go test` adds to the compiler's messages.
var testSummary = regexp.MustCompile(`(?m)^FAIL(\t.*)?\n?$`)

// named puts the files' own names for those of their replacements, which the compiler prints: with
// the whole path, or relative to the directory it works in, and with links followed or not.
func (c compilation) named(out string) string {
	for temporary, name := range c.names {
		if temporary == "" {
			continue
		}
		spellings := []string{temporary}
		if resolved, err := filepath.EvalSymlinks(filepath.Dir(temporary)); err == nil {
			spellings = append(spellings, filepath.Join(resolved, filepath.Base(temporary)))
		}
		for _, base := range []string{c.Framework, resolved(c.Framework)} {
			for _, spelling := range spellings[:len(spellings):len(spellings)] {
				if relative, err := filepath.Rel(base, spelling); err == nil {
					spellings = append(spellings, "."+string(filepath.Separator)+relative, relative)
				}
			}
		}
		// The longest first: one may end with another.
		slices.SortStableFunc(spellings, func(a, b string) int { return len(b) - len(a) })
		for _, spelling := range spellings {
			out = strings.ReplaceAll(out, spelling, name)
		}
	}
	for _, base := range []string{c.Framework, resolved(c.Framework)} { // where the go command says that it found something
		out = strings.ReplaceAll(out, base+string(filepath.Separator), "")
	}
	return out
}

// resolved is a path with links followed, if it can be.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// blame finds out whose mistake the compiler's output is about.
func (c compilation) blame(out string, err error, state *os.ProcessState) error {
	out = testSummary.ReplaceAllString(strings.ReplaceAll(out, "\r", ""), "")
	out = c.named(out)
	if inRuntime.MatchString(out) || unlinked.MatchString(out) {
		return brokenOverlayError{fmt.Errorf("compile the Go runtime: %w\n%s", err, out)}
	}
	if full.MatchString(out) {
		return fmt.Errorf("compile: %w\n%s", err, strings.TrimSpace(out))
	}
	blamed := guilty(out)
	for _, dir := range c.code.underTest {
		if blamed == "raftlab/"+dir || strings.HasPrefix(blamed, "raftlab/"+dir+"/") || strings.Contains(out, "# raftlab/"+dir) {
			if tooMuch := compiling.tooMuch("the compiler", out, state); tooMuch != nil {
				return tooMuch
			}
		}
		about := regexp.MustCompile(`(?m)^(# raftlab/` + regexp.QuoteMeta(dir) + `\b|(\./)?` + regexp.QuoteMeta(dir) + `/|package raftlab/` + regexp.QuoteMeta(dir) + `\b)`)
		if about.MatchString(filepath.ToSlash(out)) {
			return &CompileError{Output: strings.TrimSpace(c.code.translate(out))}
		}
	}
	return fmt.Errorf("compile the framework: %w\n%s", err, strings.TrimSpace(out))
}
