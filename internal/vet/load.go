package vet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checkTime is how much processor time the type checker may take. Real code takes a tenth of a
// second; but there are types and constants that double in size with every line.
const checkTime = 30 * time.Second

// Config says what to check.
type Config struct {
	Spent     func() time.Duration // processor time of this process so far
	Framework string               // root of the framework's checkout
	Replace   map[string][]byte    // files of the framework that are others, or nil that are not there
	GoRoot    string               // of the go command that will compile
	// UnderTest are the files of the packages under test, by import path. All files of a package
	// here are compiled.
	UnderTest map[string][]File
	// Exports returns the export data of packages that do not import code under test.
	Exports func(ctx context.Context, paths []string) (map[string][]byte, error)
	// Also is a package of the framework that may be imported, although it is not on the list, or
	// "".
	Also string
}

// loader is one call of [Load].
type loader struct {
	Config
	*Checked
	sources  map[string]*Package // packages to be read from source, by path
	exports  map[string]bool     // import paths of the others
	visiting map[string]bool
	importer types.Importer
	language string
	messages []string // about imports that lead nowhere
}

// Load parses the code under test, checks its types, and looks for what it may not use. The error
// is a [SourceError] where the code is to blame. With refusals that show without types, types are
// not looked at.
func Load(ctx context.Context, cfg Config) (*Checked, error) {
	l := &loader{Config: cfg, Checked: &Checked{Files: token.NewFileSet()}, sources: map[string]*Package{},
		exports: map[string]bool{}, visiting: map[string]bool{}}
	for _, path := range sortedKeys(cfg.UnderTest) {
		p := &Package{Path: path, UnderTest: true}
		l.sources[path] = p
		for _, f := range cfg.UnderTest[path] {
			if err := l.parse(p, f); err != nil {
				return nil, err
			}
		}
	}
	for _, path := range sortedKeys(cfg.UnderTest) {
		for _, file := range l.sources[path].Files {
			l.syntax(file)
			l.imports(file)
		}
	}
	if len(l.refusals) > 0 {
		return l.Checked, nil
	}
	if len(l.messages) > 0 {
		return nil, &SourceError{l.messages}
	}
	if err := l.bulky(l.sources); err != nil {
		return nil, err
	}
	if err := l.order(); err != nil {
		return nil, err
	}
	if err := l.types(ctx); err != nil {
		return nil, err
	}
	if err := l.proliferates(); err != nil {
		return nil, err
	}
	for _, p := range l.Packages {
		if p.UnderTest {
			l.uses(p)
			l.writes(p)
			l.openUses(p)
			l.common(p)
		}
	}
	return l.Checked, nil
}

// imports looks at what a file under test imports.
func (l *loader) imports(file *ast.File) {
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || l.sources[path] != nil || path != "" && path == l.Also {
			continue
		}
		why, refused := refusedImport(path)
		first, _, _ := strings.Cut(path, "/")
		switch {
		case refused && why != whyUnlisted:
			l.refuse(spec.Pos(), why, "imports %.200s", path)
		case strings.Contains(first, "."):
			l.messages = append(l.messages, fmt.Sprintf("%s: import %q: only the standard library and the framework's packages "+
				"(raftlab/labrpc, raftlab/labgob, raftlab/raftapi, ...) can be used", l.position(spec.Pos()), path))
		case !l.exists(path):
			l.messages = append(l.messages, fmt.Sprintf("%s: package %s is not in std", l.position(spec.Pos()), path))
		case refused:
			l.refuse(spec.Pos(), why, "imports %.200s", path)
		}
	}
}

// exists reports whether there is such a package, in the framework or in the standard library.
func (l *loader) exists(path string) bool {
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return false
	}
	if dir, ok := strings.CutPrefix(path, Module+"/"); ok {
		files, err := l.frameworkFiles(dir)
		return err == nil && len(files) > 0
	}
	info, err := os.Stat(filepath.Join(l.GoRoot, "src", filepath.FromSlash(path)))
	return err == nil && info.IsDir()
}

// order puts the packages in the order in which they can be checked. A package of the framework
// that imports code under test belongs to them: its types are other ones with every submission.
func (l *loader) order() error {
	for _, path := range sortedKeys(l.UnderTest) {
		if _, err := l.visit(path); err != nil {
			return err
		}
	}
	for _, p := range l.Packages {
		for _, path := range importsOf(p) {
			if l.sources[path] == nil && path != "unsafe" { // which has no export data; only the framework imports it
				l.exports[path] = true
			}
		}
	}
	return nil
}

// visit reports whether the package depends on code under test, or is code under test.
func (l *loader) visit(path string) (fromSource bool, err error) {
	dir, own := strings.CutPrefix(path, Module+"/")
	if !own {
		return false, nil
	}
	if done, seen := l.visiting[path]; seen {
		return done, nil
	}
	p := l.sources[path]
	l.visiting[path] = p != nil // in a circle, which the type checker reports
	if p == nil {
		p = &Package{Path: path}
		files, err := l.frameworkFiles(dir)
		if err != nil {
			return false, fmt.Errorf("read the framework's package %s: %w", dir, err)
		}
		for _, f := range files {
			if err := l.parse(p, f); err != nil {
				return false, fmt.Errorf("read the framework's package %s: %w", dir, err)
			}
		}
	}
	fromSource = p.UnderTest
	for _, imported := range importsOf(p) {
		dependent, err := l.visit(imported)
		if err != nil {
			return false, err
		}
		fromSource = fromSource || dependent
	}
	l.visiting[path] = fromSource
	if fromSource {
		l.sources[path], l.Packages = p, append(l.Packages, p)
	}
	return fromSource, nil
}

// importsOf are the paths that a package imports, sorted.
func importsOf(p *Package) (paths []string) {
	for _, file := range p.Files {
		for _, spec := range file.Imports {
			if path, err := strconv.Unquote(spec.Path.Value); err == nil {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// frameworkFiles reads the package of the framework at dir, as the compiler will see it.
func (l *loader) frameworkFiles(dir string) (files []File, err error) {
	names, err := filepath.Glob(filepath.Join(l.Framework, filepath.FromSlash(dir), "*.go"))
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	for _, name := range names {
		name = dir + "/" + filepath.Base(name)
		if _, replaced := l.Replace[name]; replaced || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if texts[name], err = os.ReadFile(filepath.Join(l.Framework, filepath.FromSlash(name))); err != nil {
			return nil, err
		}
	}
	for name, text := range l.Replace {
		if path.Dir(name) == dir && text != nil && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			texts[name] = text
		}
	}
	for _, name := range sortedKeys(texts) {
		if Compiled(name, texts[name]) {
			files = append(files, File{Name: name, Display: name, Text: texts[name]})
		}
	}
	return files, nil
}

// Compiled reports whether a build with GOOS=wasip1 GOARCH=wasm uses the file. Files that it does
// not use are not handed to the compiler at all, so a mistake here cannot smuggle one in.
func Compiled(name string, text []byte) bool {
	match, err := matches(name, text)
	return match || err != nil // on an error, the parser has the word
}

// constraint is what is wrong with the lines that say when a file is compiled (//go:build). The
// compiler would say it without folder and line.
func constraint(f File) error {
	_, err := matches(f.Name, f.Text)
	if err == nil {
		return nil
	}
	return errors.New(strings.TrimPrefix(err.Error(), path.Base(f.Name)+": "))
}

func matches(name string, text []byte) (bool, error) {
	c := build.Default
	c.GOOS, c.GOARCH, c.CgoEnabled, c.BuildTags, c.Compiler = "wasip1", "wasm", false, nil, "gc"
	c.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	return c.MatchFile(".", path.Base(name))
}

// types checks all packages that were read from source.
func (l *loader) types(ctx context.Context) error {
	exported := map[string][]byte{}
	if len(l.exports) > 0 {
		var err error
		if exported, err = l.Exports(ctx, sortedKeys(l.exports)); err != nil {
			return fmt.Errorf("find the types of what the code under test imports: %w", err)
		}
	}
	l.importer = importer.ForCompiler(l.Files, "gc", func(path string) (io.ReadCloser, error) {
		data, ok := exported[path]
		if !ok {
			return nil, fmt.Errorf("there is no export data of %s", path)
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	})
	if err := l.importAll(); err != nil {
		return err
	}
	l.language = languageVersion(l.Framework)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, p := range l.Packages {
			l.check(p)
		}
	}()
	for began := l.Spent(); ; {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(checkTime / 100):
			if l.Spent()-began > checkTime { // it cannot be stopped, but nobody waits for it
				return &SourceError{[]string{fmt.Sprintf("checking the types takes more than %v of processor time: "+
					"is there a type that contains itself many times over, or a constant that doubles with every line?", checkTime)}}
			}
		}
	}
}

// importAll reads all export data, so that data that cannot be read is a fault of this program and
// not of the code under test.
func (l *loader) importAll() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("read the compiler's export data (raftlab has to be built with the Go release that it calls): %v", v)
		}
	}()
	for _, path := range sortedKeys(l.exports) {
		if _, err := l.importer.Import(path); err != nil {
			return fmt.Errorf("read the compiler's export data of %s (raftlab has to be built with the Go release that it calls): %w", path, err)
		}
	}
	return nil
}

// Import is how the type checker gets at an imported package.
func (l *loader) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if p := l.sources[path]; p != nil {
		if p.Types == nil {
			return nil, fmt.Errorf("import cycle through %s", path)
		}
		return p.Types, nil
	}
	return l.importer.Import(path)
}

// check checks the types of one package. What the checker cannot cope with is an error of the code.
func (l *loader) check(p *Package) {
	defer func() {
		if v := recover(); v != nil {
			l.Errors = append(l.Errors, fmt.Errorf("the type checker gave up on %s: %v", p.Path, v))
		}
	}()
	p.Info = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Instances: map[*ast.Ident]types.Instance{}, Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{}, Implicits: map[ast.Node]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Scopes: map[ast.Node]*types.Scope{}}
	config := types.Config{GoVersion: l.language, Importer: l, Sizes: types.SizesFor("gc", "wasm"),
		Error: func(err error) { l.Errors = append(l.Errors, err) }}
	p.Types, _ = config.Check(p.Path, l.Files, p.Files, p.Info) // the errors are in l.Errors
}

var goLine = regexp.MustCompile(`(?m)^go (\d+\.\d+)`)

// languageVersion is what the framework's go.mod says, or "" for the newest.
func languageVersion(framework string) string {
	text, err := os.ReadFile(filepath.Join(framework, "go.mod"))
	if err != nil {
		return ""
	}
	if m := goLine.FindSubmatch(text); m != nil {
		return "go" + string(m[1])
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
