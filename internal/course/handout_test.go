package course

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var everyLab = []Lab{
	{Name: "lab1", Package: "./kvsrv", Test: "TestLab1", Parts: []string{"1A", "1B"}, Case: "1A/OneClient"},
	lab2[0],
	{Name: "lab3", Package: "./kvraft", Test: "TestLab3", Parts: []string{"3A"}, Case: "3A/OneClient"},
	{Name: "lab4", Package: "./shardkv", Test: "TestLab4", Parts: []string{"4A"}, Case: "4A/Empty"},
}

// tree returns all files of a directory.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path) // it is below dir
		files[filepath.ToSlash(name)] = string(text)
		return err
	}))
	return files
}

// bodies are the bodies of all functions of the reference that have more than five lines, by the
// name of the function.
func bodies(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pkg := range []string{"kvsrv", "kvsrv/lock", "raft", "kvraft", "kvraft/rsm", "shardkv", "shardkv/shardctrler"} {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, names, pkg)
		for _, name := range names {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || f.Body == nil {
					continue
				}
				body := text[files.Position(f.Body.Lbrace).Offset+1 : files.Position(f.Body.Rbrace).Offset]
				if bytes.Count(body, []byte("\n")) > 5+1 {
					found[pkg+"."+f.Name.Name] = unindented(string(body))
				}
			}
		}
	}
	return found
}

// unindented is a text without what its lines begin with.
func unindented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line))
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

// What is handed out gives nothing of the reference away.
func TestNothingOfTheReferenceIsHandedOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "course")
	_, err := Init(checkout(t), dir, everyLab, Extras{"workflows": Workflows}, "workflows")
	require.NoError(t, err)
	reference := bodies(t, checkout(t).Dir)
	require.Greater(t, len(reference), 150)
	for name, text := range tree(t, dir) {
		assert.NotRegexp(t, `^(mutants|variants|\.git)/`, name)
		plain := unindented(text)
		for function, body := range reference {
			if strings.Contains(plain, body) {
				t.Errorf("%s has the body of %s", name, function)
			}
		}
	}
}

// The same checkout gives the same bytes.
func TestHandoutsAreEqual(t *testing.T) {
	var trees []map[string]string
	var dir string
	for range 2 {
		dir = filepath.Join(t.TempDir(), "course")
		_, err := Init(checkout(t), dir, everyLab, Extras{"workflows": Workflows, "tidy": Tidy, "vendor": Vendor}, "workflows", "tidy", "vendor")
		require.NoError(t, err)
		trees = append(trees, tree(t, dir))
	}
	require.Equal(t, trees[0], trees[1])
	diff := exec.Command("go", "mod", "tidy", "-diff")
	diff.Dir, diff.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := diff.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.NotContains(t, trees[0]["go.mod"], "goldmark", "only the command that writes trees needs it")

	alone := exec.Command("go", "list", "-deps", "./...")
	alone.Dir, alone.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GOMODCACHE="+t.TempDir())
	out, err = alone.CombinedOutput()
	require.NoError(t, err, "the tree brings all that it imports: %s", out)

	github := trees[0][".github/workflows/labs.yml"]
	assert.Contains(t, github, `part: ["1A", "1B", "2A", "2B", "3A", "4A"]`)
	assert.Contains(t, github, "go run ./cmd/raftlab test ${{ matrix.part }} --seeds 1-3")
	assert.Contains(t, trees[0][".gitlab-ci.yml"], `PART: ["1A", "1B", "2A", "2B", "3A", "4A"]`)
}

// An update brings extras up to date, and needs somebody who can write them.
func TestUpdateOfAHandout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "course")
	extras := Extras{"workflows": Workflows}
	_, err := Init(checkout(t), dir, lab2, extras, "workflows")
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, ".gitlab-ci.yml")))
	changes, err := Update(checkout(t), dir, lab2, nil, extras, time.Now())
	require.NoError(t, err)
	assert.Equal(t, []Change{{What: "added", File: ".gitlab-ci.yml"}}, changes)
	_, err = Update(checkout(t), dir, lab2, nil, nil, time.Now())
	assert.ErrorContains(t, err, `"workflows", which this raftlab cannot write`)
}
