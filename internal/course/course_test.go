package course

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var lab2 = []Lab{{Name: "lab2", Package: "./raft", Test: "TestLab2", Parts: []string{"2A", "2B"}, Case: "2A/InitialElection"}}

func checkout(t *testing.T) Root {
	t.Helper()
	root, err := Find(".")
	require.NoError(t, err)
	return root
}

func newCourse(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "course")
	student, err := Init(checkout(t), dir, lab2, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"raft/raft.go"}, student)
	return dir
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(data)
}

func change(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, writeFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text)))
}

func TestCourseHasWhatStudentsNeedAndNoMore(t *testing.T) {
	dir := newCourse(t)
	for _, name := range []string{"go.mod", "go.sum", "LICENSE", "README.md", "Makefile", ".gitignore", "raft/raft.go", "raft/lab_test.go",
		"labs/labs.go", "labs/lab2/lab2.go", "tester/tester.go", "labrpc/network.go", "labgob/doc.go", "raftapi/raftapi.go",
		"internal/sim/build.go", "internal/record/event.go", "cmd/raftlab/main.go", "docs/lab2a.md", "docs/debugging.md"} {
		assert.FileExists(t, filepath.Join(dir, name))
	}
	list := read(t, dir, "docs/README.md")
	assert.Contains(t, list, "](lab2a.md)")
	assert.NotContains(t, list, "grading", "a chapter without pages")
	for _, m := range firstLink.FindAllStringSubmatch(list, -1) {
		assert.FileExists(t, filepath.Join(dir, "docs", m[1]), "a page in the list of pages")
	}
	m, err := readManifest(dir)
	require.NoError(t, err)
	assert.NotContains(t, m.Files, "raft/raft.go", "the student's")
	assert.Contains(t, m.Files, "raft/lab_test.go")
	entries, err := os.ReadDir(filepath.Join(dir, "raft"))
	require.NoError(t, err)
	assert.Len(t, entries, 2, "nothing of the reference")
	require.NoError(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		name := filepath.Base(path)
		assert.NotContains(t, []string{"mutants", "variants", "testdata", "patch"}, name)
		assert.False(t, strings.HasSuffix(name, "_test.go") && name != "lab_test.go", path)
		return err
	}))
	assert.DirExists(t, filepath.Join(dir, "internal", "sim", "overlay"))
	assert.DirExists(t, filepath.Join(dir, "internal", "backedge"))
	makefile := read(t, dir, "Makefile")
	assert.Contains(t, makefile, "\n2A:\n\t$(RAFTLAB) test 2A --seeds $(SEEDS)\n")
	assert.Contains(t, makefile, "\n2B:\n")
	root, err := Find(filepath.Join(dir, "raft"))
	require.NoError(t, err)
	assert.Equal(t, Root{Dir: dir, Course: true}, root)
}

// A lab's handouts point back to those of earlier labs; packages and pages are told once.
func TestCourseOfOtherLabs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "course")
	_, err := Init(checkout(t), dir, []Lab{lab2[0], {Name: "lab4", Package: "./shardkv", Parts: []string{"4A"}},
		{Name: "porcupine", Package: "./raft", Parts: []string{"P"}}}, nil)
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(dir, "docs", "lab3a.md"), "4A says what it takes from 3A")
	assert.Contains(t, read(t, dir, "Makefile"), "\n\tgo test ./raft ./shardkv\n")
	readme := read(t, dir, "README.md")
	assert.Contains(t, readme, "in `./raft`, `./shardkv`;")
	assert.Contains(t, readme, "first pages: [docs/lab2.md](docs/lab2.md), [docs/lab4.md](docs/lab4.md);")

	assert.NoFileExists(t, filepath.Join(newCourse(t), "docs", "lab3a.md"), "later labs are for later")
}

// The warm-up needs no peer, and so nothing of lab 2.
func TestCourseOfTheWarmUp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "course")
	student, err := Init(checkout(t), dir, []Lab{{Name: "lab1", Package: "./kvsrv", Test: "TestLab1", Parts: []string{"1A"}, Case: "1A/OneClient"}}, nil)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"kvsrv/server.go", "kvsrv/clerk.go", "kvsrv/lock/lock.go"}, student)
	assert.FileExists(t, filepath.Join(dir, "docs", "lab1.md"))
	assert.NoFileExists(t, filepath.Join(dir, "docs", "lab2.md"))
	assert.NoDirExists(t, filepath.Join(dir, "raft"))
	readme := read(t, dir, "README.md")
	assert.Contains(t, readme, "Begin with [docs/lab1.md](docs/lab1.md).")
	assert.Contains(t, readme, "replay 1A/OneClient --seed 7")
	assert.Contains(t, readme, "go test ./kvsrv -run Lab1/1A")
}

func TestInitRefuses(t *testing.T) {
	full := t.TempDir()
	change(t, full, "notes.txt", "mine")
	_, err := Init(checkout(t), full, lab2, nil)
	assert.ErrorContains(t, err, "not empty (it has notes.txt)")

	course := newCourse(t)
	_, err = Init(checkout(t), course, lab2, nil)
	assert.ErrorContains(t, err, "--update")

	_, err = Init(Root{Dir: course, Course: true}, filepath.Join(t.TempDir(), "x"), lab2, nil)
	assert.ErrorContains(t, err, "course tree itself")

	cloned := t.TempDir() // an empty repository, freshly cloned
	require.NoError(t, os.Mkdir(filepath.Join(cloned, ".git"), 0o755))
	_, err = Init(checkout(t), cloned, lab2, nil)
	assert.NoError(t, err)
}

func TestUpdateChangesNothingTwice(t *testing.T) {
	dir := newCourse(t)
	changes, err := Update(checkout(t), dir, lab2, nil, nil, time.Now())
	require.NoError(t, err)
	assert.Empty(t, changes)
}

func TestUpdateKeepsWhatIsTheStudents(t *testing.T) {
	dir := newCourse(t)
	change(t, dir, "raft/raft.go", "package raft // my work")
	change(t, dir, "raft/log.go", "package raft // more work")
	change(t, dir, "tester/mine.go", "package tester // a file of my own in a framework folder")
	change(t, dir, "tester/tester.go", "package tester // I broke it")
	change(t, dir, "Makefile", strings.ReplaceAll(read(t, dir, "Makefile"), "\n", "\r\n")) // git on Windows
	require.NoError(t, os.Remove(filepath.Join(dir, "LICENSE")))

	m, err := readManifest(dir)
	require.NoError(t, err)
	change(t, dir, "tester/old.go", "package tester // of an older framework")
	m.Files["tester/old.go"] = hash([]byte("package tester // of an older framework"))
	change(t, dir, "old/edited.go", "package old // I changed it")
	m.Files["old/edited.go"] = hash([]byte("package old"))
	m.Files["labrpc/network.go"] = hash([]byte("an older version"))
	change(t, dir, "labrpc/network.go", "an older version")
	require.NoError(t, m.write(dir))

	changes, err := Update(checkout(t), dir, lab2, nil, nil, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	require.NoError(t, err)
	const backup = ".raftlab-backup/20260102-030405/"
	assert.ElementsMatch(t, []Change{
		{What: "added", File: "LICENSE"},
		{What: "updated", File: "labrpc/network.go"},
		{What: "updated", File: "tester/tester.go", Backup: backup + "tester/tester.go"},
		{What: "removed", File: "tester/old.go"},
		{What: "removed", File: "old/edited.go", Backup: backup + "old/edited.go"},
	}, changes)
	assert.Equal(t, "package raft // my work", read(t, dir, "raft/raft.go"))
	assert.Equal(t, "package raft // more work", read(t, dir, "raft/log.go"))
	assert.Contains(t, read(t, dir, "tester/mine.go"), "of my own")
	assert.Equal(t, "package tester // I broke it", read(t, dir, backup+"tester/tester.go"))
	assert.Equal(t, "package old // I changed it", read(t, dir, backup+"old/edited.go"))
	assert.NoFileExists(t, filepath.Join(dir, "tester", "old.go"))
	assert.NoDirExists(t, filepath.Join(dir, "old"))
	assert.Equal(t, read(t, checkout(t).Dir, "tester/tester.go"), read(t, dir, "tester/tester.go"))

	changes, err = Update(checkout(t), dir, lab2, nil, nil, time.Now())
	require.NoError(t, err)
	assert.Empty(t, changes)
}

func TestUpdateRefuses(t *testing.T) {
	_, err := Update(checkout(t), t.TempDir(), lab2, nil, nil, time.Now())
	assert.ErrorContains(t, err, "not a course tree")
	dir := newCourse(t)
	_, err = Update(checkout(t), dir, []Lab{{Name: "lab7"}}, nil, nil, time.Now())
	assert.ErrorContains(t, err, "has lab2, this checkout does not")
	_, err = Update(Root{Dir: dir, Course: true}, dir, lab2, nil, nil, time.Now())
	assert.ErrorContains(t, err, "course tree itself")
}

func TestFind(t *testing.T) {
	root := checkout(t)
	assert.False(t, root.Course)
	assert.FileExists(t, filepath.Join(root.Dir, "go.mod"))
	_, err := Find(t.TempDir())
	assert.ErrorContains(t, err, "--framework DIR")
	_, err = At(".")
	assert.ErrorContains(t, err, "not the root")
	_, err = At(root.Dir)
	assert.NoError(t, err)
}

// A tree for some parts has a table of these, also after an update, which may add others.
func TestCourseOfSomeParts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "course")
	some := []Lab{lab2[0]}
	some[0].Parts, some[0].Some = []string{"2A"}, true
	_, err := Init(checkout(t), dir, some, nil)
	require.NoError(t, err)
	assert.Contains(t, read(t, dir, "labs/labs.go"), `lab2.Lab().With(private.Cases("lab2")...).Only("2A")}`)
	changes, err := Update(checkout(t), dir, lab2, nil, nil, time.Now())
	require.NoError(t, err)
	assert.Empty(t, changes)
	_, err = Update(checkout(t), dir, lab2, lab2, nil, time.Now())
	require.NoError(t, err)
	assert.Contains(t, read(t, dir, "labs/labs.go"), `lab2.Lab().With(private.Cases("lab2")...)}`)
}
