package course

import (
	"flag"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rewrite = flag.Bool("rewrite", false, "write down what the packages that others import export now")

const apiFile = "testdata/outside/api.txt"

// Whoever has written a private case or a solution relies on these names. More names are welcome;
// one that goes, or becomes another, breaks code that nobody here can mend.
func TestWhatOthersImportStays(t *testing.T) {
	now := api(t)
	if *rewrite {
		require.NoError(t, os.WriteFile(apiFile, []byte(strings.Join(now, "\n")+"\n"), 0o644))
		return
	}
	has := map[string]bool{}
	for _, line := range now {
		has[line] = true
	}
	text, err := os.ReadFile(apiFile)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")), "\n")
	require.Greater(t, len(lines), 300)
	for _, line := range lines {
		if !has[line] {
			t.Errorf("code outside of this repository may use this, and it is no longer so: %s", line)
		}
	}
	if t.Failed() {
		t.Log("give it back, or announce it in CONTRIBUTING.md and go test ./internal/course -run WhatOthersImport -rewrite")
	}
}

// api lists what the packages of Outside export, a line each.
func api(t *testing.T) (lines []string) {
	args := []string{"list", "-export", "-f", "{{.ImportPath}} {{.Export}}"}
	for _, p := range Outside {
		args = append(args, "./"+p)
	}
	list := exec.Command("go", args...)
	list.Dir = checkout(t).Dir
	out, err := list.Output()
	require.NoError(t, err)
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		p, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[p] = file
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(p string) (io.ReadCloser, error) { return os.Open(exports[p]) })
	aliases := map[string]string{} // what is declared elsewhere -> how these packages call it
	for _, p := range Outside {
		pkg, err := imports.Import(Module + "/" + p)
		require.NoError(t, err)
		for _, name := range pkg.Scope().Names() {
			o := pkg.Scope().Lookup(name)
			if !o.Exported() {
				continue
			}
			lines = append(lines, exported(o)...)
			if alias, ok := o.Type().(*types.Alias); ok && belowOutside(alias.Rhs()) {
				aliases[alias.Rhs().String()] = alias.String()
			}
		}
	}
	for i := range lines {
		for elsewhere, here := range aliases {
			lines[i] = regexp.MustCompile(regexp.QuoteMeta(elsewhere)+`\b`).ReplaceAllString(lines[i], here)
		}
	}
	sort.Strings(lines)
	return lines
}

// belowOutside says whether a type is declared in a package of ours that is not one of Outside.
func belowOutside(t types.Type) bool {
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return false
	}
	p, ours := strings.CutPrefix(named.Obj().Pkg().Path(), Module+"/")
	return ours && !slices.Contains(Outside, p)
}

// exported lists an object, and the exported fields and methods of a type. An interface is one
// line: another method in it would be missing from every type that implements it.
func exported(o types.Object) (lines []string) {
	typeName, ok := o.(*types.TypeName)
	if !ok {
		return []string{types.ObjectString(o, nil)}
	}
	full := o.Pkg().Path() + "." + o.Name()
	switch u := typeName.Type().Underlying().(type) {
	case *types.Struct:
		lines = append(lines, "type "+full+" struct")
		for f := range u.Fields() {
			if f.Exported() {
				lines = append(lines, fmt.Sprintf("field %s.%s %s", full, f.Name(), f.Type()))
			}
		}
	default:
		lines = append(lines, fmt.Sprintf("type %s %s", full, u))
	}
	if types.IsInterface(typeName.Type()) {
		return lines
	}
	methods := types.NewMethodSet(types.NewPointer(typeName.Type()))
	for m := range methods.Methods() {
		if m.Obj().Exported() {
			lines = append(lines, fmt.Sprintf("method (%s).%s %s", full, m.Obj().Name(), m.Type()))
		}
	}
	return lines
}

// A course tree of an earlier day has code by students in it, which began as these skeletons. They
// are not those of internal/course/skeleton, which may change, but those of the day that this test
// was written.
func TestAnOldCourseTreeStillCompiles(t *testing.T) {
	root := checkout(t).Dir
	framework, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	_, requirements, _ := strings.Cut(string(framework), "\ngo ")
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	dir := t.TempDir()
	change(t, dir, "go.mod", "module example.org/course\n\ngo "+requirements+
		"\nrequire raftlab v0.0.0\n\nreplace raftlab => "+filepath.ToSlash(root)+"\n")
	change(t, dir, "go.sum", string(sums))
	frozen := os.DirFS("testdata/outside")
	require.NoError(t, fs.WalkDir(frozen, ".", func(name string, e fs.DirEntry, err error) error {
		file, isGo := strings.CutSuffix(name, ".go.txt")
		if err != nil || !isGo {
			return err
		}
		text, err := fs.ReadFile(frozen, name)
		if err != nil {
			return err
		}
		// In a course tree these stand in the place of the reference.
		own := strings.NewReplacer(`"raftlab/raft"`, `"example.org/course/raft"`, `"raftlab/shardkv/shardctrler"`, `"example.org/course/shardkv/shardctrler"`)
		change(t, dir, file+".go", own.Replace(string(text)))
		return nil
	}))
	vet := exec.Command("go", "vet", "./...")
	vet.Dir = dir
	vet.Env = append(os.Environ(), "GOFLAGS=-mod=mod -trimpath", "GOPROXY=off", "GOWORK=off")
	out, err := vet.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
