package patch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const sample = `# wrong:  votes for everybody
# rule:   §5.2
# parts:  2A, 2B
# dies:   two votes in a term | two leaders in a term
# runner: strict
--- raft/a.go
 func f() {
-	return 1
+	return 2
 }
@@
-var unused int
+++ raft/b.go
+package raft
`

func tree(t *testing.T, text string) string {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "raft"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "raft", "a.go"), []byte(text), 0o644))
	return root
}

func TestHeaderAndHunks(t *testing.T) {
	p, err := Parse("dir/votes.patch", sample)
	require.NoError(t, err)
	require.Equal(t, "votes", p.Name)
	require.Equal(t, Header{
		Wrong: "votes for everybody", Rule: "§5.2", Parts: []string{"2A", "2B"},
		Dies: []string{"two votes in a term", "two leaders in a term"}, Runner: "strict",
	}, p.Header)

	edits, err := p.Apply(tree(t, "var unused int\nfunc f() {\n\treturn 1\n}\n"))
	require.NoError(t, err)
	require.Equal(t, "func f() {\n\treturn 2\n}\n", string(edits["raft/a.go"]))
	require.Equal(t, "package raft\n", string(edits["raft/b.go"]))
}

func TestTextGoesOnInIndentedLines(t *testing.T) {
	p, err := Parse("v.patch", "# style:  other\n# why:    because: it\n#         is right\n# (a comment)\n+++ raft/a.go\n+package raft\n")
	require.NoError(t, err)
	require.Equal(t, Header{Style: "other", Why: "because: it is right", Runner: Engine}, p.Header)
}

func TestAPatchThatDoesNotApplyIsAnError(t *testing.T) {
	p, err := Parse("votes.patch", sample)
	require.NoError(t, err)
	_, err = p.Apply(tree(t, "func f() {\n\treturn 3\n}\n"))
	require.ErrorContains(t, err, "votes.patch:6: raft/a.go: does not apply: 2 of its 3 lines stand at line 1, "+
		"where line 2 is \"return 3\" and no longer \"return 1\"\nvotes.patch:11: raft/a.go: does not apply: none of its lines")
	_, err = p.Apply(t.TempDir())
	require.ErrorContains(t, err, "votes.patch:6: raft/a.go: does not apply: the file cannot be read")
	twice := "func f() {\n\treturn 1\n}\n"
	_, err = p.Apply(tree(t, twice+twice))
	require.ErrorContains(t, err, "its lines stand 2 times, at lines 1, 4")
}

func TestBadPatchesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"--- a.go\nxyz\n":          `a line of a hunk begins with`,
		"hello\n":                  `a header line begins with`,
		"# wrong: nothing\n":       `changes nothing`,
		"# runner: mine\n--- a\n+": `the runner is engine, race or strict`,
	} {
		_, err := Parse("p.patch", text)
		require.ErrorContains(t, err, want)
	}
}

// A patch of a variant is applied to the variant's files, not to the reference's.
func TestOfVariant(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	write("raft/a.go", "one\ntwo\n")
	write("variants/other.patch", "# style: other\n--- raft/a.go\n-one\n+uno\n+++ raft/b.go\n+three\n")

	p, err := Parse("m.patch", "# wrong: x\n# source: a/b#1: y\n# of: other\n--- raft/a.go\n-uno\n+ein\n--- raft/b.go\n-three\n+drei\n")
	require.NoError(t, err)
	require.Equal(t, "a/b#1: y", p.Header.Source)
	edits, err := p.Apply(root)
	require.NoError(t, err)
	require.Equal(t, "ein\ntwo\n", string(edits["raft/a.go"]))
	require.Equal(t, "drei\n", string(edits["raft/b.go"]))

	p, err = Parse("m.patch", "# of: nobody\n--- raft/a.go\n-one\n")
	require.NoError(t, err)
	_, err = p.Apply(root)
	require.ErrorContains(t, err, `is of the variant "nobody"`)
}
