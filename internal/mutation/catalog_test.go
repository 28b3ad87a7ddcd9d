package mutation

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
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
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "tester", "rules", "rules.go"), nil, 0)
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
	require.GreaterOrEqual(t, len(Of(load(t, Mutant), SinglePackage)), 18)
	require.GreaterOrEqual(t, len(Of(load(t, Variant), SinglePackage)), 1+5)
	require.GreaterOrEqual(t, len(Of(load(t, Variant), ShardedPackage)), 1+8+10)
}

// A mutant that is expected to die of something that no case ever says would survive for ever, and
// one that may die of a pass or of the engine's failures would prove nothing.
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

// An exception for a case that is called something else now would be none, and one that a part
// covers is not needed.
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

// A patch that does not apply or compile any more is told here, with all others.
func TestEveryPatchAppliesAndCompiles(t *testing.T) {
	flaws, err := Check(t.Context(), root, append(load(t, Mutant), load(t, Variant)...))
	require.NoError(t, err)
	for _, f := range flaws {
		t.Error(f)
	}
}

// What --write writes is what runs in the bundle.
func TestWrittenPeersEqualBundledOnes(t *testing.T) {
	s := load(t, Mutant)[0]
	edits, err := Bundle(root, PeerPackage, []Subject{s})
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
	require.True(t, strings.Contains(string(edits[packageDir+entrance]), `"raftlab/raft/`+s.Name+`"`))
}

// A folder of a submission stands for all that is below it: kvraft without kvraft/rsm would not
// compile.
func TestWrittenServicesHaveWhatTheyImport(t *testing.T) {
	tried := map[string]bool{}
	for _, s := range load(t, Mutant) {
		f, err := familyOf(s.Package())
		require.NoError(t, err)
		files, err := f.files(root, s)
		require.NoError(t, err)
		folders := map[string]bool{}
		for name := range files {
			folders[path.Dir(f.home(name))] = true
		}
		shape := fmt.Sprint(f.dir, folders)
		if tried[shape] {
			continue
		}
		tried[shape] = true
		dir := t.TempDir()
		require.NoError(t, Write(root, s, dir))
		require.NoError(t, filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
			require.NoError(t, err)
			for _, spec := range parsed.Imports {
				imported, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "raftlab/")
				folder, _, _ := strings.Cut(imported, "/")
				if _, err := os.Stat(filepath.Join(dir, folder)); ours && err == nil {
					require.DirExists(t, filepath.Join(dir, imported), "%s: %s", s.Name, name)
				}
			}
			return nil
		}))
	}
	require.Greater(t, len(tried), 5, "%v", tried)
}

// A remembered kill of a mutant, a part or a case that is gone would be passed over in silence, and
// hunts would get slow.
func TestRememberedKillsAreOfCasesThatExist(t *testing.T) {
	kills, err := ReadKills(root)
	require.NoError(t, err)
	h := Hunt{Subjects: load(t, Mutant), Cases: suite.Cases(labs.All()), Kills: kills}
	for seed := range uint64(20) {
		h.Seeds = append(h.Seeds, seed+1)
	}
	planned := map[string]bool{}
	for _, r := range h.remembered() {
		planned[r.Group] = true
	}
	for name := range kills {
		require.True(t, planned[name], "mutants/kills.json: %s: %q is no run of this mutant (raftlab mutants %[1]s --remember)", name, kills[name])
	}
}
