package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"raftlab/internal/vet"
)

// This file is a second fence, behind package vet. That reads the source; this reads what the
// compiler made of it, and so finds whatever the first has overlooked: each symbol of another
// package that the machine code wants has to be one that vet would let pass. Where a short function
// of another package was compiled into the code under test, what that function wants is wanted
// here; of those symbols, which no source can name, some packages may have any.

// compiledIn are packages whose symbols come with short functions of the packages that code under
// test may use.
var compiledIn = []string{"internal/abi", "internal/bytealg", "internal/byteorder", "internal/chacha8rand", "internal/cpu", "internal/filepathlite",
	"internal/fmtsort", "crypto/fips140", "weak",
	"internal/godebug", "internal/goarch", "internal/goos", "internal/itoa", "internal/oserror", "internal/race", "internal/reflectlite",
	"internal/runtime/", "internal/saferio", "internal/strconv", "internal/stringslite", "internal/sync", "internal/testlog",
	"internal/unsafeheader", "crypto/internal/", "io/fs", "log/internal", "log/slog/internal/", "math/rand/internal/", "unique"}

// compiledInNames are single symbols of that sort: names of functions, variables or types.
var compiledInNames = map[string][]string{
	"sync/atomic": {"LoadPointer", "StorePointer", "SwapPointer", "CompareAndSwapPointer"}, // of Pointer[T]
	"syscall": {"Getenv", "Environ", "Getpid", "Getppid", "Getuid", "Getgid", "Geteuid", "Getegid", "Getpagesize", "Exit",
		"Errno", "Signal", "ENOENT", "EINVAL", "Link", "Symlink", "Truncate"},
	"flag":    {"CommandLine"},               // of Parse
	"reflect": {"valueMethodName", "toType"}, // of DeepEqual and TypeOf
}

// fence is what is known of the code whose symbols are looked at.
type fence struct {
	underTest func(pkg string) bool
	written   map[string][]string // by package: what the engine's rewrite has put into the code
}

// refuses says why code under test may not want a symbol. ok is true if it may.
func (f fence) refuses(s symbol) (why string, ok bool) {
	pkg, owner, name, isCode := s.parts()
	switch {
	case !isCode || f.underTest(pkg):
		return "", true
	case s.linkname:
		return "it goes around the package's own interface (go:linkname)", false
	case pkg == "runtime" && !exported(name):
		return "", true // the compiler's own calls: nothing else can name them
	}
	if written, ours := f.written[pkg]; ours { // and what comes with it, which no source can name
		hidden := !exported(name) || owner != "" && !exported(owner)
		return "only the engine calls it", hidden || slices.Contains(written, name)
	}
	if _, refused := vet.RefusesPackage(pkg); !refused {
		if owner != "" && !exported(owner) || !exported(name) {
			if pkg == "reflect" && owner == "" && !slices.Contains(compiledInNames[pkg], name) {
				return "no source can name it", false
			}
			return "", true
		}
		why, refused := vet.Refuses(pkg, owner, name)
		return why, !refused || slices.Contains(compiledInNames[pkg], name)
	}
	for _, p := range compiledIn {
		if pkg == p || strings.HasSuffix(p, "/") && strings.HasPrefix(pkg, p) {
			return "", true
		}
	}
	if slices.Contains(compiledInNames[pkg], name) || slices.Contains(compiledInNames[pkg], owner) {
		return "", true
	}
	why, _ = vet.RefusesPackage(pkg)
	return why, false
}

func exported(name string) bool { return name != "" && name[0] >= 'A' && name[0] <= 'Z' }

// parts takes a symbol apart: "sync.(*Mutex).Lock" is of sync, Mutex and Lock. isCode is false for
// what only describes types, places and the order of initialization.
func (s symbol) parts() (pkg, owner, name string, isCode bool) {
	text := s.name
	if strings.HasPrefix(text, "go:") || strings.HasPrefix(text, "type:") || strings.HasSuffix(text, ".go") || strings.HasPrefix(text, "<") ||
		strings.HasSuffix(text, "..inittask") || strings.HasPrefix(text, "gclocals") {
		return "", "", "", false
	}
	text, _, _ = strings.Cut(text, "[") // of a generic function; what it was made for is not its name
	slash := strings.LastIndex(text, "/")
	dot := strings.Index(text[slash+1:], ".")
	if dot < 0 {
		return "", "", text, false
	}
	pkg = strings.ReplaceAll(text[:slash+1+dot], "%2e", ".")
	rest := strings.Split(strings.Trim(text[slash+1+dot+1:], "."), ".")
	if len(rest) > 1 && (strings.HasPrefix(rest[0], "(*") || !strings.HasPrefix(rest[1], "func")) {
		return pkg, strings.Trim(rest[0], "(*)"), strings.TrimSuffix(rest[1], "-fm"), true
	}
	return pkg, "", strings.TrimSuffix(rest[0], "-fm"), true
}

// checkSymbols compares what the compiled code under test wants with the list. overlay is the one
// it was compiled with, so the go command has nothing left to compile.
func (c compilation) checkSymbols(ctx context.Context, overlay, temp string) error {
	objects, err := c.archives(ctx, overlay, temp)
	if err != nil {
		return err
	}
	fence := fence{func(pkg string) bool { return c.code.isUnderTest(pkg) || pkg == c.also() }, c.code.written}
	var refusals []Refusal
	for _, pkg := range sortedKeys(objects) {
		archive, err := os.ReadFile(objects[pkg])
		if err != nil {
			return fmt.Errorf("read what the compiler made of %s: %w", pkg, err)
		}
		o, err := readObject(archive)
		if err != nil {
			return fmt.Errorf("read what the compiler made of %s: %w", pkg, err)
		}
		for _, r := range o.refusals(fence) {
			r.File, r.Line = c.code.firstFile(pkg), 1
			refusals = append(refusals, r)
		}
	}
	if len(refusals) > 0 {
		return &RefusedError{Refusals: refusals}
	}
	return nil
}

// refusals are those for one package, without their places.
func (o object) refusals(f fence) (refusals []Refusal) {
	if o.fromHost {
		refusals = append(refusals, Refusal{What: "a function of the host", Why: "only the Go runtime and the harness talk to the host"})
	}
	for _, s := range o.wants {
		if why, ok := f.refuses(s); !ok {
			refusals = append(refusals, Refusal{What: fmt.Sprintf("the compiled package wants %.100s", s.name), Why: why})
		}
	}
	return refusals
}

// isUnderTest reports whether a package is one of the submission's.
func (t *tree) isUnderTest(pkg string) bool {
	pkg, inside := strings.CutPrefix(pkg, vet.Module+"/")
	if !inside {
		return false
	}
	for _, dir := range t.underTest {
		if pkg == dir || strings.HasPrefix(pkg, dir+"/") {
			return true
		}
	}
	return false
}

// firstFile is a file of a package under test, as the user knows it.
func (t *tree) firstFile(pkg string) string {
	dir := strings.TrimPrefix(pkg, vet.Module+"/")
	for _, name := range sortedKeys(t.underTestFiles) {
		if path.Dir(name) == dir {
			return t.underTestFiles[name].display
		}
	}
	return dir
}

// archives finds where the compiler has put the packages under test that are part of the test
// binary.
func (c compilation) archives(ctx context.Context, overlay, temp string) (map[string]string, error) {
	args := []string{"list", "-deps", "-export", "-json=ImportPath,Export", "-overlay", overlay}
	for _, flag := range c.flags() {
		if !strings.HasPrefix(flag, "-vet") {
			args = append(args, flag)
		}
	}
	args = append(args, "--")
	for _, dir := range c.code.underTest {
		args = append(args, vet.Module+"/"+dir)
	}
	cmd := exec.Command(c.tools.command, args...)
	cmd.Dir, cmd.Env = c.Framework, append(c.environment(), "GOTMPDIR="+temp)
	out, err := compiling.separate(ctx, "the compiler", cmd)
	if err != nil {
		return nil, fmt.Errorf("find what the compiler made of the code under test: %w", err)
	}
	found := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		if c.code.isUnderTest(p.ImportPath) {
			found[p.ImportPath] = p.Export
		}
	}
	for _, dir := range c.code.underTest {
		if found[vet.Module+"/"+dir] == "" {
			return nil, fmt.Errorf("go list does not say what the compiler made of package %s", dir)
		}
	}
	return found, nil
}
