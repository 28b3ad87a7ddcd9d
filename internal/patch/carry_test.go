package patch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// repository is a temporary git repository with a package raft, and a patch of it.
type repository struct {
	t    *testing.T
	root string
}

func newRepository(t *testing.T, files map[string]string) repository {
	r := repository{t, t.TempDir()}
	r.git("init", "-q")
	r.git("config", "user.name", "t")
	r.git("config", "user.email", "t@example.org")
	r.git("config", "core.autocrlf", "false")
	for name, text := range files {
		r.write(name, text)
	}
	r.commit()
	return r
}

func (r repository) git(args ...string) string {
	r.t.Helper()
	out, err := git(r.root, args...)
	require.NoError(r.t, err)
	return strings.TrimSpace(string(out))
}

func (r repository) commit() string {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "x")
	return r.git("rev-parse", "HEAD")
}

func (r repository) write(name, text string) {
	r.t.Helper()
	to := filepath.Join(r.root, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(r.t, os.WriteFile(to, []byte(text), 0o644))
}

func (r repository) parse(text string) *Patch {
	r.t.Helper()
	p, err := Parse(filepath.Join("mutants", "votes.patch"), text)
	require.NoError(r.t, err)
	return p
}

// carry takes a patch over, and returns what the new one makes of the tree.
func (r repository) carry(p *Patch) (Carriage, map[string][]byte) {
	r.t.Helper()
	c := &Carrier{Root: r.root, WorkDir: filepath.Join(r.root, ".work")}
	became, err := c.Carry(p)
	require.NoError(r.t, err)
	require.NoError(r.t, c.Close())
	if became.Text == "" {
		return became, nil
	}
	changed, err := r.parse(became.Text).Apply(r.root)
	require.NoError(r.t, err)
	return became, changed
}

const election = `package raft

func (rf *Raft) grant(candidate int) bool {
	if rf.votedFor != nobody && rf.votedFor != candidate {
		return false
	}
	rf.votedFor = candidate
	rf.persist()
	return true
}

func (rf *Raft) stand() {
	rf.term++
	rf.persist()
}
`

const votes = `# wrong:  votes for everybody
# rule:   §5.2: one vote
#         in a term
# (a comment that stays)
--- raft/election.go
-	if rf.votedFor != nobody && rf.votedFor != candidate {
+	if false {
 		return false
 	}
 	rf.votedFor = candidate
-	rf.persist()
`

const head = "# wrong:  votes for everybody\n# rule:   §5.2: one vote\n#         in a term\n# (a comment that stays)\n"

func TestAPatchThatAppliesStays(t *testing.T) {
	r := newRepository(t, map[string]string{"raft/election.go": election})
	became, _ := r.carry(r.parse(votes))
	require.Equal(t, Carriage{}, became)
}

func TestAMergeCarriesAPatchOver(t *testing.T) {
	r := newRepository(t, map[string]string{"raft/election.go": election})
	base := r.git("rev-parse", "HEAD")
	now := strings.ReplaceAll(election, "\trf.votedFor = candidate\n", "\trf.note(candidate)\n\trf.votedFor = candidate\n")
	now = strings.ReplaceAll(now, "rf.term++", "rf.term += 1")
	r.write("raft/election.go", now)
	for _, committed := range []bool{false, true} { // a refactoring that is under way, and one that was committed
		if committed {
			r.commit()
		}
		became, changed := r.carry(r.parse(votes))
		require.Equal(t, base, became.Base)
		require.True(t, strings.HasPrefix(became.Text, head+"--- raft/election.go\n"), became.Text)
		want := strings.ReplaceAll(now, "rf.votedFor != nobody && rf.votedFor != candidate", "false")
		want = strings.Replace(want, "\trf.persist()\n", "", 1)
		require.Equal(t, want, string(changed["raft/election.go"]))
	}
}

func TestAHunkIsFoundInAnotherFileOfThePackage(t *testing.T) {
	grant := election[strings.Index(election, "func (rf *Raft) grant"):strings.Index(election, "func (rf *Raft) stand")]
	r := newRepository(t, map[string]string{"raft/election.go": election})
	r.write("raft/election.go", strings.ReplaceAll(election, grant, ""))
	r.write("raft/vote.go", "package raft\n\n"+grant)
	became, changed := r.carry(r.parse(votes))
	require.Equal(t, strings.ReplaceAll(votes, "election.go", "vote.go"), became.Text)
	require.NotContains(t, string(changed["raft/vote.go"]), "persist")
}

func TestAFileThatWasRenamedIsFollowed(t *testing.T) {
	r := newRepository(t, map[string]string{"raft/election.go": election})
	require.NoError(t, os.Rename(filepath.Join(r.root, "raft/election.go"), filepath.Join(r.root, "raft/votes.go")))
	r.write("raft/votes.go", strings.ReplaceAll(election, "\trf.votedFor = candidate\n", "\trf.votedFor, rf.heard = candidate, true\n"))
	r.git("add", "-A")
	p := r.parse("--- raft/election.go\n 		return false\n 	}\n 	rf.votedFor = candidate\n-	rf.persist()\n 	return true\n")
	became, _ := r.carry(p)
	require.Equal(t, []string{"raft/votes.go"}, became.Conflicts, "the lines beside it have changed")

	r = newRepository(t, map[string]string{"raft/election.go": election})
	require.NoError(t, os.Rename(filepath.Join(r.root, "raft/election.go"), filepath.Join(r.root, "raft/votes.go")))
	r.write("raft/votes.go", strings.ReplaceAll(election, "\treturn true\n", "\trf.heard = true\n\n\treturn true\n"))
	r.commit()
	p = r.parse("--- raft/election.go\n-	rf.votedFor = candidate\n 	rf.persist()\n 	return true\n")
	became, changed := r.carry(p)
	require.Equal(t, "--- raft/votes.go\n-	rf.votedFor = candidate\n", became.Text)
	require.NotContains(t, string(changed["raft/votes.go"]), "rf.votedFor = candidate")
}

func TestAConflictIsLeftToAPerson(t *testing.T) {
	r := newRepository(t, map[string]string{"raft/election.go": election})
	r.write("raft/election.go", strings.ReplaceAll(election, "if rf.votedFor != nobody && rf.votedFor != candidate {", "if !rf.free(candidate) {"))
	r.commit()
	p := r.parse(votes)
	became, _ := r.carry(p)
	require.Equal(t, []string{"raft/election.go"}, became.Conflicts)
	file := filepath.Join(became.WorkCopy, "raft/election.go")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), "<<<<<<< votes\n\tif false {\n||||||| before, in ")
	require.Contains(t, string(text), "if !rf.free(candidate) {\n>>>>>>> the tree now\n")
	again, _ := r.carry(p)
	require.Equal(t, became.Conflicts, again.Conflicts, "nobody has decided yet")

	// Somebody decides, and the tree goes on meanwhile.
	lines := strings.Split(string(text), "\n")
	var decided []string
	for i := 0; i < len(lines); i++ {
		if strings.HasPrefix(lines[i], "<<<<<<<") {
			for decided = append(decided, "\tif rf.free(candidate) {"); !strings.HasPrefix(lines[i], ">>>>>>>"); i++ {
			}
			continue
		}
		decided = append(decided, lines[i])
	}
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(decided, "\n")), 0o644))
	now, err := os.ReadFile(filepath.Join(r.root, "raft/election.go"))
	require.NoError(t, err)
	r.write("raft/election.go", strings.ReplaceAll(string(now), "rf.term++", "rf.term += 1"))
	became, changed := r.carry(p)
	require.Empty(t, became.Conflicts)
	require.Contains(t, string(changed["raft/election.go"]), "if rf.free(candidate) {")
	require.Contains(t, string(changed["raft/election.go"]), "rf.term += 1")
	require.NotContains(t, became.Text, "rf.term")
	require.NoDirExists(t, filepath.Dir(filepath.Dir(file)))
}

func TestWhatCannotBeCarriedIsSaid(t *testing.T) {
	r := newRepository(t, map[string]string{"raft/election.go": election})
	c := &Carrier{Root: r.root, WorkDir: filepath.Join(r.root, ".work")}
	defer c.Close()
	_, err := c.Carry(r.parse("--- raft/election.go\n-	something else\n"))
	require.ErrorContains(t, err, "no commit has all the lines that it changes")

	p := r.parse("--- raft/election.go\n-	rf.term++\n+	rf.term += 2\n")
	r.write("raft/election.go", strings.ReplaceAll(election, "rf.term++", "rf.term += 2"))
	_, err = c.Carry(p)
	require.ErrorContains(t, err, "the tree has by now what the patch changes")

	none := &Carrier{Root: t.TempDir(), WorkDir: t.TempDir()}
	_, err = none.Carry(p)
	require.ErrorContains(t, err, "a patch is carried over from a commit")
}

// A field that has another name now is no conflict: neither in a line that the patch removes, nor
// in one that it adds.
func TestANameThatBecameAnotherIsFollowed(t *testing.T) {
	old := "package raft\n\ntype Raft struct {\n\tvotedFor int // in this term\n\tterm     int\n}\n" + strings.TrimPrefix(election, "package raft\n")
	r := newRepository(t, map[string]string{"raft/election.go": old, "mutants/votes.patch": votes})
	now := strings.ReplaceAll(strings.ReplaceAll(old, "votedFor", "voted"), "term     int", "term  int")
	r.write("raft/election.go", now)
	r.commit()
	became, changed := r.carry(r.parse(votes))
	require.Equal(t, strings.ReplaceAll(votes, "votedFor", "voted"), became.Text)
	require.NotContains(t, string(changed["raft/election.go"]), "rf.voted != nobody")

	// This patch applies as it is. Only a compiler sees that it is of an older tree.
	adds := "--- raft/election.go\n \trf.term++\n+\trf.votedFor = nobody\n"
	r.git("checkout", "-q", "HEAD~1", "--", ".")
	r.write("mutants/votes.patch", adds)
	r.commit()
	r.write("raft/election.go", now)
	r.commit()
	p, err := Parse(filepath.Join(r.root, "mutants/votes.patch"), adds)
	require.NoError(t, err)
	c := &Carrier{Root: r.root, WorkDir: filepath.Join(r.root, ".work")}
	became, err = c.Carry(p)
	require.NoError(t, err)
	require.Empty(t, became.Text)
	became, err = c.Rename(p)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.Equal(t, "--- raft/election.go\n \trf.term++\n+\trf.voted = nobody\n", became.Text)
}

// A header that names the commit is believed, also where the history has a newer one.
func TestTheHeaderMayNameTheCommit(t *testing.T) {
	r := newRepository(t, map[string]string{"raft/election.go": election})
	base := r.git("rev-parse", "HEAD")
	r.write("raft/election.go", strings.ReplaceAll(election, "rf.persist()", "rf.save()"))
	r.commit()
	p := r.parse("# base: " + base + "\n--- raft/election.go\n-	rf.term++\n 	rf.persist()\n")
	became, _ := r.carry(p)
	require.Equal(t, base, became.Base)
	require.Equal(t, "# base: "+base+"\n--- raft/election.go\n-\trf.term++\n \trf.save()\n", became.Text)
}

// Whatever two texts are, the hunks between them make one of the other.
func TestHunksMakeTheNewTextOfTheOld(t *testing.T) {
	r := newRepository(t, map[string]string{"README": ""})
	base := strings.Split("a b a b c a b a b d } } e } } f a b", " ")
	for seed := range 200 {
		next := func(n int) int { seed = (seed*1103515245 + 12345) & 0x7fffffff; return (seed >> 8) % n }
		changed := append([]string{}, base...)
		for range 1 + next(5) {
			at := next(len(changed))
			switch next(3) {
			case 0:
				changed = append(changed[:at], changed[at+1:]...)
			case 1:
				changed[at] = []string{"a", "}", "x"}[next(3)]
			default:
				changed = append(changed[:at], append([]string{[]string{"b", "", "y"}[next(3)]}, changed[at:]...)...)
			}
		}
		old, new := strings.Join(base, "\n")+"\n", strings.Join(changed, "\n")+"\n"
		if old == new {
			continue
		}
		p := &Patch{hunks: hunks("a.go", split([]byte(old)), split([]byte(new)))}
		r.write("a.go", old)
		got, err := r.parse(p.text()).Apply(r.root)
		require.NoError(t, err, "%q\n%s", new, p.text())
		require.Equal(t, new, string(got["a.go"]))
	}
}

// A mutant of a variant is carried over after the variant, on whose files it stands.
func TestAPatchOfAVariantIsCarriedOverToo(t *testing.T) {
	variant := "--- raft/election.go\n-	rf.persist()\n-	return true\n+	rf.save()\n+	return true\n"
	mutant := "# of: saves\n--- raft/election.go\n-	rf.save()\n"
	r := newRepository(t, map[string]string{"raft/election.go": election, "variants/saves.patch": variant})
	now := strings.ReplaceAll(election, "rf.persist()\n\treturn true", "rf.persistAll()\n\treturn true")
	r.write("raft/election.go", strings.ReplaceAll(now, "rf.persist()", "rf.persistAll()"))
	r.commit()
	p := r.parse(mutant)
	c := &Carrier{Root: r.root, WorkDir: filepath.Join(r.root, ".work")}
	_, err := c.Carry(p)
	require.ErrorContains(t, err, `is of the variant "saves", which has to be mended first`)

	v, err := Parse("variants/saves.patch", variant)
	require.NoError(t, err)
	became, err := c.Carry(v)
	require.NoError(t, err)
	r.write("variants/saves.patch", became.Text)
	became, err = c.Carry(p)
	require.NoError(t, err)
	require.Empty(t, became.Text, "it applies again as it is")

	r.write("raft/election.go", strings.ReplaceAll(r.read("raft/election.go"), "\treturn true\n", "\trf.done = true\n\treturn true\n"))
	r.write("variants/saves.patch", strings.ReplaceAll(became.Text+"--- raft/election.go\n-	rf.persistAll()\n-	rf.done = true\n+	rf.saveNow()\n+	rf.done = true\n", "\n\n", "\n"))
	became, err = c.Carry(p)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.Equal(t, []string{"raft/election.go"}, became.Conflicts, "the variant has another line there now")
}

func (r repository) read(name string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.root, name))
	require.NoError(r.t, err)
	return string(text)
}
