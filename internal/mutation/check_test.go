package mutation

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// aside is a git repository with the peer, all that it imports, and some patches, to be refactored.
// The labs are not there; so what tests a peer is a stand-in.
type aside struct {
	t   *testing.T
	dir string
}

func newAside(t *testing.T) aside {
	a := aside{t, t.TempDir()}
	list := exec.Command("go", "list", "-deps", "-f", `{{if .Module}}{{if .Module.Main}}{{.Dir}}{{end}}{{end}}`, "./raft")
	list.Dir = root
	out, err := list.Output()
	require.NoError(t, err)
	framework, err := filepath.Abs(root)
	require.NoError(t, err)
	framework, err = filepath.EvalSymlinks(framework)
	require.NoError(t, err)
	for dir := range strings.Lines(string(out)) {
		dir = strings.TrimSpace(dir)
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, f := range files {
			name, err := filepath.Rel(framework, f)
			require.NoError(t, err)
			if !strings.HasSuffix(name, "_test.go") {
				a.copy(name)
			}
		}
	}
	a.copy("go.mod")
	a.copy("go.sum")
	a.write("labs/lab2/lab2.go", "package lab2\n\nimport \"testing\"\n\nfunc Run(t *testing.T, makePeer any) {}\n")
	a.git("init", "-q")
	a.git("config", "user.name", "t")
	a.git("config", "user.email", "t@example.org")
	a.git("config", "core.autocrlf", "false")
	return a
}

func (a aside) copy(name string) {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(a.t, err)
	a.write(filepath.ToSlash(name), string(text))
}

func (a aside) write(name, text string) {
	a.t.Helper()
	to := filepath.Join(a.dir, filepath.FromSlash(name))
	require.NoError(a.t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(a.t, os.WriteFile(to, []byte(text), 0o644))
}

func (a aside) read(name string) string {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.dir, filepath.FromSlash(name)))
	require.NoError(a.t, err)
	return string(text)
}

func (a aside) git(args ...string) {
	a.t.Helper()
	c := exec.Command("git", args...)
	c.Dir = a.dir
	out, err := c.CombinedOutput()
	require.NoError(a.t, err, "%s", out)
}

func (a aside) commit() {
	a.git("add", "-A")
	a.git("commit", "-q", "-m", "x")
}

// everywhere replaces an expression in all files of the peer.
func (a aside) everywhere(pattern, with string) {
	a.t.Helper()
	files, err := filepath.Glob(filepath.Join(a.dir, "raft", "*.go"))
	require.NoError(a.t, err)
	for _, f := range files {
		name := "raft/" + filepath.Base(f)
		a.write(name, regexp.MustCompile(pattern).ReplaceAllString(a.read(name), with))
	}
}

func (a aside) mutants() []Subject {
	a.t.Helper()
	subjects, err := Load(a.dir, Mutant)
	require.NoError(a.t, err)
	return subjects
}

func (a aside) flaws() (all []string) {
	a.t.Helper()
	flaws, err := Check(a.t.Context(), a.dir, a.mutants())
	require.NoError(a.t, err)
	for _, f := range flaws {
		all = append(all, f.String())
	}
	return all
}

// begin puts patches into the repository, in place of those that are there, and the peer as it is
// in the framework.
func (a aside) begin(t *testing.T, patches map[string]string) aside {
	a.t = t
	require.NoError(t, os.RemoveAll(filepath.Join(a.dir, "mutants")))
	files, err := filepath.Glob(filepath.Join(a.dir, "raft", "*.go"))
	require.NoError(t, err)
	for _, f := range files {
		a.copy(filepath.Join("raft", filepath.Base(f)))
	}
	for name, text := range patches {
		a.write("mutants/"+name+".patch", text)
	}
	a.commit()
	return a
}

// The stories share a repository, because go compiles what the peer imports anew wherever it
// stands.
func TestPatchesFollowTheCode(t *testing.T) {
	a := newAside(t)
	t.Run("Refactoring", a.refactoring)
	t.Run("Names", a.names)
	t.Run("Tree", a.brokenTree)
}

// A refactoring as it happens: a field gets another name, a function moves to a file of its own,
// and a condition another form. All patches that suffer are listed at once; those that can be
// carried over are, and the last is left to a person.
func (a aside) refactoring(t *testing.T) {
	patches := map[string]string{}
	for _, name := range []string{"keeps-matchindex", "leader-not-counted", "votes-twice", "backs-up-too-little"} {
		text, err := os.ReadFile(filepath.Join(root, "mutants", name+".patch"))
		require.NoError(t, err)
		patches[name] = string(text)
	}
	a = a.begin(t, patches)
	require.Empty(t, a.flaws())
	const condition = "case rf.votedFor != nobody && rf.votedFor != args.CandidateId:"
	require.Contains(t, a.read("raft/election.go"), condition, "the story below is about this line")
	a.everywhere(`\bmatchIndex\b`, "acked")
	a.everywhere(regexp.QuoteMeta(condition), "case rf.votedFor != nobody:\n\t\tif rf.votedFor == args.CandidateId {\n\t\t\tbreak\n\t\t}")
	flaws := strings.Join(a.flaws(), "\n")
	for _, want := range []string{
		`mutants/keeps-matchindex.patch:\d+: raft/election.go:\d+: does not compile: `,
		`mutants/leader-not-counted.patch:\d+: raft/disk.go: does not apply: `,
		`mutants/votes-twice.patch:\d+: raft/election.go: does not apply: `,
	} {
		require.Regexp(t, want, flaws)
	}
	require.NotContains(t, flaws, "backs-up-too-little")

	became, err := CarryOver(t.Context(), a.dir, filepath.Join(a.dir, ".work"), a.mutants())
	require.NoError(t, err)
	good := map[string]bool{}
	for _, c := range became {
		require.NoError(t, c.Err)
		good[c.Subject] = c.Good()
	}
	require.Equal(t, map[string]bool{"keeps-matchindex": true, "leader-not-counted": true, "votes-twice": false}, good)
	require.Contains(t, a.read("mutants/keeps-matchindex.patch"), "before[peer].acked")
	require.Contains(t, a.read(".work/votes-twice/raft/election.go"), ">>>>>>> the tree now")
	for _, f := range a.flaws() {
		require.Contains(t, f, "votes-twice")
	}
}

// What applies need not compile. The flaw names the line of the patch, and the file's; and a name
// that the patch adds, and that is another now, is followed.
func (a aside) names(t *testing.T) {
	patch := "# wrong:  x\n# rule:   x: y\n# parts:  2A\n# dies:   crash\n--- raft/replication.go\n+func (rf *Raft) more() int { return rf.followers[0].matchIndex }\n+\n func (rf *Raft) wakeReplicators() {\n"
	a = a.begin(t, map[string]string{"adds": patch, "worse": strings.Replace(patch, "rf.followers[0].matchIndex", "nothing", 1)})
	require.Len(t, a.flaws(), 1)
	require.Regexp(t, `^mutants/worse.patch:6: raft/replication.go:\d+: does not compile: undefined: nothing$`, a.flaws()[0])
	a.everywhere(`\bmatchIndex\b`, "acked")
	a.commit()
	require.Len(t, a.flaws(), 2)

	became, err := CarryOver(t.Context(), a.dir, filepath.Join(a.dir, ".work"), a.mutants())
	require.NoError(t, err)
	require.Len(t, became, 2)
	require.True(t, became[0].Good(), "%+v", became[0])
	require.Equal(t, strings.Replace(patch, "matchIndex", "acked", 1), a.read("mutants/adds.patch"))
	require.Len(t, became[1].Flaws, 1)

	laidOut := ".work/worse/raft/replication.go"
	a.write(laidOut, strings.Replace(a.read(laidOut), "return nothing", "return 7", 1))
	became, err = CarryOver(t.Context(), a.dir, filepath.Join(a.dir, ".work"), a.mutants())
	require.NoError(t, err)
	require.Len(t, became, 1)
	require.True(t, became[0].Good(), "%+v", became[0])
	require.Contains(t, a.read("mutants/worse.patch"), "+func (rf *Raft) more() int { return 7 }\n")
	require.Empty(t, a.flaws())
}

// With a tree that does not compile, every patch would be to blame.
func (a aside) brokenTree(t *testing.T) {
	a = a.begin(t, map[string]string{"x": "# wrong: x\n# rule: x\n# parts: 2A\n# dies: crash\n+++ raft/x.go\n+package raft\n"})
	a.write("raft/more.go", "package raft\n\nvar more = nothing\n")
	_, err := Check(t.Context(), a.dir, a.mutants())
	require.ErrorContains(t, err, "the tree that the patches change does not compile itself; mend that first")
	require.ErrorContains(t, err, "undefined: nothing")
}
