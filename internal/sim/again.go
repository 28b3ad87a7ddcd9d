package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"raftlab/internal/vet"
)

// This file makes a test binary again after an edit without the go command. That looks at all
// hundred and fifty packages of a test binary before it compiles the one that has changed, which
// takes longer than the compiler does:
//
//	first build    go test -c      and then  go list -export   -> recipes/KEY.json
//	after an edit  compile what has changed, compile what imports it, link: with the archives that the recipe names
//
// KEY is a hash of everything but the code under test, of which only the names of files and what
// they import count. Whatever does not go as expected is left to the go command, which also words
// the errors. It is for native builds of one's own code.

// recipe says how a test binary is made.
type recipe struct {
	Steps    []step            // packages that depend on the code under test, each behind those that it imports
	Archives map[string]string // what the compiler made of all the others
	Language string            // "go1.26"
	Debug    string            // GODEBUG settings that the linker writes into the binary
}

// step is a package to compile.
type step struct {
	Path    string   // "raftlab/raft"
	Main    bool     // it is the program
	Files   []string // relative to the framework, or with their whole path
	Imports []string
	Archive string // what the compiler made of it the last time that the go command was asked
	Source  string // hash of what that was made of, if it is under test: see [again.source]
}

// again is one attempt.
type again struct {
	compilation
	file string // with the recipe; "": it is not tried
}

// again finds out whether a build may be made again. Bundles and other builds with edits are made
// once.
func (c compilation) again(edited map[string][]byte) again {
	a := again{compilation: c}
	if !c.Native || c.Race || c.Debug || c.Blocks || len(c.Edits) > 0 {
		return a
	}
	rest := &tree{replace: map[string][]byte{}}
	for name, text := range c.code.replace {
		if _, ok := c.code.underTestFiles[name]; ok {
			text = importsOf(text)
		}
		rest.replace[name] = text
	}
	entrance := path.Join(path.Clean(filepath.ToSlash(c.Package)), "lab_test.go")
	text, err := os.ReadFile(filepath.Join(c.Framework, filepath.FromSlash(entrance)))
	if err != nil {
		return a
	}
	rest.replace[entrance] = text
	if key, _, err := c.key(c.tools, rest, edited, c.code.underTest...); err == nil {
		a.file = filepath.Join(c.store.dir, "recipes", key+".json")
	}
	return a
}

// importsOf lists what a file imports.
func importsOf(text []byte) []byte {
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ImportsOnly)
	if file == nil || err != nil {
		return text
	}
	list := []string{file.Name.Name}
	for _, spec := range file.Imports {
		list = append(list, spec.Path.Value)
	}
	slices.Sort(list)
	return []byte(strings.Join(slices.Compact(list), " "))
}

// make makes the binary, if there is a recipe for it.
func (a again) make(ctx context.Context, dir, made string) bool {
	if a.file == "" {
		return false
	}
	text, err := os.ReadFile(a.file)
	var r recipe
	if err != nil || json.Unmarshal(text, &r) != nil {
		return false
	}
	for _, archive := range r.Archives {
		if _, err := os.Stat(archive); err != nil {
			return false // the go command has cleaned up its cache
		}
	}
	if slices.ContainsFunc(r.Steps, func(s step) bool { return s.Source == "" && a.code.isUnderTest(s.Path) }) {
		return false // an older raftlab wrote it
	}
	fresh := map[string]bool{} // packages whose importers have to be compiled again
	for i, s := range r.Steps {
		archive := s.Archive
		if !slices.ContainsFunc(s.Imports, func(p string) bool { return fresh[p] }) && a.source(s) == s.Source && whole(readDefinition(archive)) {
			r.Archives[s.Path] = archive
			continue
		}
		archive = filepath.Join(dir, fmt.Sprintf("again%d.a", i))
		if a.compileStep(ctx, r, s, dir, archive) != nil {
			return false
		}
		r.Archives[s.Path] = archive
		fresh[s.Path] = !sameInterface(archive, s.Archive)
	}
	return a.link(ctx, r, dir, made) == nil
}

// source is a hash of the files of a package under test, as they are compiled; "" for others, whose
// files count in the name of the recipe.
func (a again) source(s step) string {
	if !a.code.isUnderTest(s.Path) {
		return ""
	}
	h := sha256.New()
	for _, name := range s.Files {
		fmt.Fprintf(h, "%q %d\n%s", name, len(a.code.replace[name]), a.code.replace[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func readDefinition(archive string) []byte {
	data, _ := definition(archive) // one that is damaged or gone is not whole
	return data
}

// sameInterface says that importers of a package need not be compiled again.
func sameInterface(a, b string) bool {
	_, one, ok := bytes.Cut(readDefinition(a), []byte("\n$$B\n"))
	_, other, ok2 := bytes.Cut(readDefinition(b), []byte("\n$$B\n"))
	return ok && ok2 && bytes.Equal(one, other)
}

func (a again) compileStep(ctx context.Context, r recipe, s step, dir, archive string) error {
	config, err := r.importConfig(dir)
	if err != nil {
		return err
	}
	replaced := map[string]string{}
	for temporary, name := range a.names {
		replaced[name] = temporary
	}
	short := []string{} // what stacks call the files
	var files []string
	for _, name := range s.Files {
		file := name
		if !filepath.IsAbs(name) {
			if file = replaced[name]; file == "" {
				file = filepath.Join(a.Framework, filepath.FromSlash(name))
			}
			if replaced[name] == "" && a.code.isUnderTest(s.Path) {
				return fmt.Errorf("%s is not what the engine has made of it", name)
			}
			short = append(short, file+"=>"+vet.Module+"/"+name)
		}
		files = append(files, file)
	}
	if a.code.isUnderTest(s.Path) && len(short) < len(files) {
		return fmt.Errorf("%s has files of another place", s.Path)
	}
	pkg := s.Path
	if s.Main {
		pkg = "main"
	}
	args := []string{"-o", archive, "-trimpath", strings.Join(append(short, dir+"=>"), ";"), "-p", pkg, "-lang=" + r.Language, "-complete",
		"-goversion", a.tools.version, "-c=" + strconv.Itoa(min(4, runtime.NumCPU())), "-dwarf=false", "-nolocalimports", "-importcfg", config, "-pack"}
	return a.tool(ctx, "compile", append(args, files...), dir, lessGarbage()...)
}

// importConfig writes where all packages are.
func (r recipe) importConfig(dir string) (string, error) {
	var b bytes.Buffer
	for _, path := range sortedKeys(r.Archives) {
		fmt.Fprintf(&b, "packagefile %s=%s\n", path, r.Archives[path])
	}
	name := filepath.Join(dir, "again.importcfg")
	return name, os.WriteFile(name, b.Bytes(), 0o644)
}

func (a again) link(ctx context.Context, r recipe, dir, made string) error {
	config, err := r.importConfig(dir)
	if err != nil {
		return err
	}
	args := []string{"-o", made, "-importcfg", config, "-buildmode=exe", "-s", "-w", "-X", "testing.testBinary=1"}
	if r.Debug != "" {
		args = append(args, "-X", "runtime.godebugDefault="+r.Debug)
	}
	return a.tool(ctx, "link", append(args, r.Archives[r.Steps[len(r.Steps)-1].Path]), dir)
}

func (a again) tool(ctx context.Context, name string, args []string, dir string, env ...string) error {
	tool := filepath.Join(a.tools.root, "pkg", "tool", runtime.GOOS+"_"+runtime.GOARCH, name)
	cmd := exec.Command(tool, args...)
	cmd.Dir, cmd.Env = dir, append(append(a.environment(), "GOROOT="), env...)
	_, err := compiling.output(ctx, name, cmd)
	return err
}

// listed is what `go list` says about a package.
type listed struct {
	ImportPath, Export, Dir, DefaultGODEBUG string
	GoFiles, Imports                        []string
	Module                                  *struct{ GoVersion string }
}

// remember asks the go command how it has made the binary. What comes of it is only for speed, so
// errors are no matter.
func (a again) remember(ctx context.Context, dir, overlay string) {
	if a.file == "" {
		return
	}
	args := []string{"list", "-test", "-deps", "-export", "-json=ImportPath,Export,Dir,GoFiles,Imports,Module,DefaultGODEBUG", "-overlay", overlay}
	for _, flag := range a.flags() {
		if !strings.HasPrefix(flag, "-vet") {
			args = append(args, flag)
		}
	}
	cmd := exec.Command(a.tools.command, append(args, a.Package)...)
	cmd.Dir, cmd.Env = a.Framework, append(a.environment(), "GOTMPDIR="+dir)
	out, err := compiling.separate(ctx, "the compiler", cmd)
	if err != nil {
		return
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return
		}
		packages = append(packages, p)
	}
	r, ok := a.recipe(packages)
	if !ok {
		return
	}
	text, err := json.Marshal(r)
	if err == nil && os.MkdirAll(filepath.Dir(a.file), 0o755) == nil {
		replaceFile(a.file, text, filepath.Join(a.store.dir, "tmp"), "recipe-")
	}
}

// recipe makes one of all packages of a test binary, which are listed behind those that they
// import.
func (a again) recipe(packages []listed) (r recipe, ok bool) {
	r.Archives = map[string]string{}
	program := vet.Module + "/" + path.Clean(filepath.ToSlash(a.Package)) + ".test"
	changing := map[string]bool{}
	for _, p := range packages {
		name, _, _ := strings.Cut(p.ImportPath, " ") // "raftlab/raft_test [raftlab/raft.test]"
		if p.Export == "" && name != "unsafe" || changing[name] || r.Archives[name] != "" {
			return r, false // it is there twice: once more for the test, and that is beyond this
		}
		var imports []string
		for _, i := range p.Imports {
			i, _, _ = strings.Cut(i, " ")
			imports = append(imports, i)
		}
		depends := slices.ContainsFunc(imports, func(i string) bool { return changing[i] })
		switch {
		case name == "unsafe":
		case !depends && !a.code.isUnderTest(name):
			r.Archives[name] = p.Export
		default:
			changing[name] = true
			s := step{Path: name, Main: name == program, Imports: imports, Archive: p.Export}
			for _, file := range p.GoFiles {
				s.Files = append(s.Files, a.placed(p.Dir, file))
			}
			s.Source = a.source(s)
			r.Steps = append(r.Steps, s)
			if p.Module != nil {
				r.Language = language(p.Module.GoVersion)
			}
			r.Debug = p.DefaultGODEBUG
		}
	}
	n := len(r.Steps)
	return r, n > 0 && r.Steps[n-1].Main && r.Language != ""
}

// placed is a file of a package: one of the framework by its name there.
func (a again) placed(dir, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	file = filepath.Join(dir, file)
	if relative, err := filepath.Rel(a.Framework, file); err == nil && filepath.IsLocal(relative) {
		return filepath.ToSlash(relative)
	}
	return file
}

// language is the version of the language: "go1.26" of "1.26.3".
func language(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return "go" + parts[0] + "." + parts[1]
}
