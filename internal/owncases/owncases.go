// Package owncases brings in cases that an instructor has written, in a module of their own.
//
//	the instructor's module                the framework, as the compiler sees it
//	  go.mod: requires raftlab
//	  cases.go: func Cases(lab string)     labs/private/cases.go
//	  cases_test.go                        (nothing)
//	  helpers/...                          labs/private/helpers/...
//
// The files take the place of package labs/private for one build, by the same overlay that takes
// the code under test; nothing is written into the framework. The table is asked for natively, by a
// small program that prints it: the cases are their author's, and are trusted as the framework is.
//
//   - [Read]: the files, and the table of their cases (table.go)
//   - [Write]: a template to begin with (template.go)
package owncases

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// place is the package that they take the place of.
const place = "labs/private"

// module is that of the framework.
const module = "raftlab"

// Files are Go files by their slash-separated paths in the framework; nil stands for a file that
// goes.
type Files map[string][]byte

// ReadFiles reads the package at dir and those below it, without tests.
func ReadFiles(dir string) (Files, error) {
	files := Files{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := e.Name()
		if e.IsDir() {
			if name != dir && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(base) != ".go" || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		files[path.Join(place, filepath.ToSlash(rel))] = text
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("--cases %s: %w; name the directory of the package with the cases", dir, err)
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(files)), func(name string) bool { return path.Dir(name) == place }) {
		return nil, fmt.Errorf("--cases %s: there is no Go file in it; `raftlab cases init DIR` writes a package to begin with", dir)
	}
	own, err := modulePath(dir)
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		if files[name], err = moved(name, text, own); err != nil {
			return nil, fmt.Errorf("--cases %s: %w", dir, err)
		}
	}
	return files, nil
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`)

// modulePath is the import path of the package at dir, or "" if it is in no module.
func modulePath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := abs; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil {
			m := moduleLine.FindSubmatch(text)
			if m == nil {
				return "", fmt.Errorf("%s has no line `module PATH`", filepath.Join(at, "go.mod"))
			}
			rel, err := filepath.Rel(at, abs)
			return path.Join(string(m[1]), filepath.ToSlash(rel)), err
		}
		if filepath.Dir(at) == at {
			return "", nil
		}
	}
}

// moved is a file with the imports of its own module turned into what they are called in the
// framework.
func moved(name string, text []byte, own string) ([]byte, error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, text, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	for _, spec := range slices.Backward(f.Imports) {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil || own == "" || strings.HasPrefix(imported, module+"/") {
			continue
		}
		below, ok := strings.CutPrefix(imported, own+"/")
		if !ok {
			continue
		}
		from, to := files.Position(spec.Path.Pos()).Offset, files.Position(spec.Path.End()).Offset
		text = slices.Concat(text[:from], []byte(strconv.Quote(module+"/"+place+"/"+below)), text[to:])
	}
	return text, nil
}

// instead are the files with those that have to go from the framework: it may have cases of its own
// in that place.
func (f Files) instead(framework string) (Files, error) {
	all := maps.Clone(f)
	there, err := filepath.Glob(filepath.Join(framework, filepath.FromSlash(place), "*.go")) // the pattern is fixed
	for _, name := range there {
		if name = path.Join(place, filepath.Base(name)); all[name] == nil {
			all[name] = nil
		}
	}
	return all, err
}

// Hash identifies the cases.
func (f Files) Hash() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(h, "%q %d\n%s", name, len(f[name]), bytes.ReplaceAll(f[name], []byte("\r\n"), []byte("\n")))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Keep writes the files into dir, as a package that [ReadFiles] reads.
func (f Files) Keep(dir string) error {
	for name, text := range f {
		rel, err := filepath.Rel(filepath.FromSlash(place), filepath.FromSlash(name))
		if err != nil {
			return err
		}
		file := filepath.Join(dir, rel)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("keep the cases: %w", err)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return fmt.Errorf("keep the cases: %w", err)
		}
	}
	return nil
}
