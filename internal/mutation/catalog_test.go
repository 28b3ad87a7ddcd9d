package mutation

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/internal/suite"
	"raftlab/labs"
)

const root = "../.."

func load(t *testing.T, kind Kind) []Subject {
	t.Helper()
	subjects, err := Load(root, kind)
	require.NoError(t, err)
	return subjects
}

// rules reads the texts of the tester's rules from its source, since a constant cannot be listed.
func rules(t *testing.T) map[string]bool {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "tester", "rules.go"), nil, 0)
	require.NoError(t, err)
	found := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			found[text] = true
		}
		return true
	})
	return found
}

func TestThereAreEnough(t *testing.T) {
	require.GreaterOrEqual(t, len(load(t, Mutant)), 32)
	require.GreaterOrEqual(t, len(load(t, Variant)), 1+12)
	require.GreaterOrEqual(t, len(Of(load(t, Mutant), ServicePackage)), 25)
	require.GreaterOrEqual(t, len(Of(load(t, Variant), ServicePackage)), 1+6)
	require.GreaterOrEqual(t, len(Of(load(t, Mutant), ShardedPackage)), 40)
	require.GreaterOrEqual(t, len(Of(load(t, Variant), ShardedPackage)), 1+8+10)
}

// A mutant that is expected to die of something that no case ever says would survive for ever, and one
// that may die of a pass or of the engine's failures would prove nothing.
func TestMutantsNameRulesAndPartsThatExist(t *testing.T) {
	known := rules(t)
	for _, o := range []record.Outcome{record.Stuck, record.BusyLoop, record.OutOfMemory, record.Crash} {
		known[string(o)] = true
	}
	parts := map[string]bool{}
	for _, c := range suite.Cases(labs.All()) {
		parts[c.Part] = true
	}
	for _, s := range load(t, Mutant) {
		for _, d := range s.Patch.Header.Dies {
			require.True(t, known[d], "%s: no rule or outcome is called %q", s.Name, d)
		}
		for _, p := range s.Patch.Header.Parts {
			require.True(t, parts[p], "%s: there is no part %q", s.Name, p)
		}
		require.Contains(t, s.Patch.Header.Rule, ":", "%s: which rule, and what does it say?", s.Name)
		if source := s.Patch.Header.Source; source != "" {
			require.Regexp(t, `^[\w.-]+/[\w.-]+#\d+[^:]*: \S`, source, "%s: where was this mistake made, and what was it?", s.Name)
		}
	}
}

// An exception for a case that is called something else now would be none, and one that a part covers is
// not needed.
func TestVariantsNameCasesAndPartsThatExist(t *testing.T) {
	cases, parts := map[string]string{}, map[string]bool{}
	for _, c := range suite.Cases(labs.All()) {
		cases[c.ID()], parts[c.Part] = c.Part, true
	}
	for _, s := range load(t, Variant) {
		if s.Patch == nil {
			continue
		}
		h := s.Patch.Header
		for _, p := range h.Parts {
			require.True(t, parts[p], "%s: there is no part %q", s.Name, p)
		}
		for _, id := range h.Except {
			require.Contains(t, cases, id, "%s: there is no case %q", s.Name, id)
			require.True(t, len(h.Parts) == 0 || slices.Contains(h.Parts, cases[id]), "%s: %s is in none of its parts anyway", s.Name, id)
		}
	}
}

// All patches are applied and compiled at once, in the form in which they run.
func TestEveryPatchAppliesAndCompiles(t *testing.T) {
	all := append(load(t, Mutant), load(t, Variant)...)
	edits, err := Bundle(root, all)
	require.NoError(t, err)
	for _, f := range families {
		services, err := BundleService(root, "./"+f.dir, all)
		require.NoError(t, err)
		maps.Copy(edits, services)
	}
	dir := t.TempDir()
	overlay := writeOverlay(t, dir, edits)
	args := []string{"build", "-overlay", overlay, "./" + packageDir}
	for _, s := range all {
		if s.Patch != nil {
			args = append(args, s.Package()+"/"+s.Name)
		}
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// writeOverlay writes the edits below dir, and beside them the list that `go build -overlay` takes.
func writeOverlay(t *testing.T, dir string, edits map[string][]byte) string {
	t.Helper()
	framework, err := filepath.Abs(root)
	require.NoError(t, err)
	replace := map[string]string{}
	for name, text := range edits {
		to := filepath.Join(dir, "edits", filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		require.NoError(t, os.WriteFile(to, text, 0o644))
		replace[filepath.Join(framework, filepath.FromSlash(name))] = to
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	file := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(file, list, 0o644))
	return file
}

// What --write writes is what runs in the bundle.
func TestWrittenPeersEqualBundledOnes(t *testing.T) {
	s := load(t, Mutant)[0]
	edits, err := Bundle(root, []Subject{s})
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "raft")
	require.NoError(t, Write(root, s, dir))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		require.Equal(t, string(edits["raft/"+s.Name+"/"+f.Name()]), string(text))
	}
	require.True(t, strings.Contains(string(edits[entrance]), `"raftlab/raft/`+s.Name+`"`))
}
