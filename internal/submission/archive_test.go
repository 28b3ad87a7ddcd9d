package submission

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func isGo(name string) bool { return strings.HasSuffix(name, ".go") }

// member is what a test puts into an archive.
type member struct {
	name, text string
	mode       fs.FileMode
}

func zipOf(t *testing.T, members ...member) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		h.SetMode(m.mode | 0o644)
		w, err := z.CreateHeader(h)
		require.NoError(t, err)
		_, err = w.Write([]byte(m.text))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	name := filepath.Join(t.TempDir(), "a b.ZIP")
	require.NoError(t, os.WriteFile(name, b.Bytes(), 0o644))
	return name
}

func tarOf(t *testing.T, packed bool, headers ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	name := filepath.Join(t.TempDir(), "a.tar")
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(&b)
	if packed {
		w, name = tar.NewWriter(z), name+".gz"
	}
	for _, h := range headers {
		text := h.Uname // a place for it
		h.Uname, h.Mode = "", 0o644
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(text))
		}
		require.NoError(t, w.WriteHeader(&h))
		if h.Typeflag == tar.TypeReg {
			_, err := w.Write([]byte(text))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	if packed {
		require.NoError(t, z.Close())
	}
	require.NoError(t, os.WriteFile(name, b.Bytes(), 0o644))
	return name
}

func names(files []File) (all []string) {
	for _, f := range files {
		all = append(all, f.Name+"="+string(f.Text))
	}
	return all
}

func TestReadArchive(t *testing.T) {
	want := []string{"lab/raft/a.go=A", "lab/raft/b.go=B"}
	files, err := ReadArchive(t.Context(), zipOf(t, member{name: "lab/", mode: fs.ModeDir}, member{name: `lab\raft\b.go`, text: "B"},
		member{name: "./lab/raft/a.go", text: "A"}, member{name: "__MACOSX/lab/a.go", text: "no"}, member{name: "lab/testdata/x.go", text: "no"},
		member{name: "lab/.git/x.go", text: "no"}, member{name: "../readme.txt", text: "not wanted, so of no interest"}), Usual, isGo)
	require.NoError(t, err)
	assert.Equal(t, want, names(files))

	for _, packed := range []bool{true, false} {
		files, err = ReadArchive(t.Context(), tarOf(t, packed, tar.Header{Name: "lab/raft/b.go", Typeflag: tar.TypeReg, Uname: "B"},
			tar.Header{Name: "lab/raft/a.go", Typeflag: tar.TypeReg, Uname: "A"}, tar.Header{Name: "lab/link", Typeflag: tar.TypeSymlink, Linkname: "/etc"}), Usual, isGo)
		require.NoError(t, err)
		assert.Equal(t, want, names(files))
	}
}

// What an archive may not do.
func TestHostileArchives(t *testing.T) {
	small := Limits{Entries: 5, Depth: 3, Files: 3, Size: 100, Total: 150}
	for name, c := range map[string]struct {
		archive string
		want    string
	}{
		"leads out":      {zipOf(t, member{name: "../../x.go"}), "leads elsewhere"},
		"root and out":   {zipOf(t, member{name: "/raft/../../x.go"}), "leads elsewhere"},
		"root and twice": {zipOf(t, member{name: "/x.go"}, member{name: "x.go"}), "twice"},
		"control":        {zipOf(t, member{name: "a\x1b.go"}), "leads elsewhere"},
		"link":           {zipOf(t, member{name: "x.go", text: "/etc/passwd", mode: fs.ModeSymlink}), "symbolic link"},
		"twice":          {zipOf(t, member{name: "x.go"}, member{name: "./x.go"}), "twice"},
		"deep":           {zipOf(t, member{name: "a/b/c/d/x.go"}), "too deep"},
		"large file":     {zipOf(t, member{name: "x.go", text: strings.Repeat("x", 101)}), "too large"},
		"all too large":  {zipOf(t, member{name: "x.go", text: strings.Repeat("x", 90)}, member{name: "y.go", text: strings.Repeat("x", 90)}), "one too many"},
		"many entries":   {zipOf(t, member{name: "1"}, member{name: "2"}, member{name: "3"}, member{name: "4"}, member{name: "5"}, member{name: "6"}), "too large"},
		"many files":     {zipOf(t, member{name: "1.go"}, member{name: "2.go"}, member{name: "3.go"}, member{name: "4.go"}), "too many"},
		"hard link":      {tarOf(t, true, tar.Header{Name: "x.go", Typeflag: tar.TypeLink, Linkname: "y"}), "symbolic link"},
		"pipe":           {tarOf(t, true, tar.Header{Name: "x.go", Typeflag: tar.TypeFifo}), "pipe"},
	} {
		files, err := ReadArchive(t.Context(), c.archive, small, isGo)
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), c.want, name)
		assert.Nil(t, files, name)
		var known *Error
		assert.ErrorAs(t, err, &known, name)
	}
}

// Some programs put whole paths into archives. Those that unpack leave the root out, and so is it here.
func TestRootOfAnArchive(t *testing.T) {
	for _, name := range []string{"/home/eve/raft/x.go", "//home/eve/raft/x.go", `C:\home\eve\raft\x.go`, "D:/home/eve/raft/x.go"} {
		files, err := ReadArchive(t.Context(), zipOf(t, member{name: name}), Usual, isGo)
		require.NoError(t, err, name)
		assert.Equal(t, []string{"home/eve/raft/x.go="}, names(files))
	}
}

// Where there is no code but a link, the code may be where that leads. It is not followed, and it is
// not nothing either.
func TestNothingButALink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "raft")); err != nil {
		t.Skip("no links here: ", err)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644))
	_, err := Read(t.Context(), dir, Usual, isGo)
	require.ErrorContains(t, err, "raft is a symbolic link, and there is no file that ends in .go")
	_, err = ReadArchive(t.Context(), tarOf(t, true, tar.Header{Name: "raft", Typeflag: tar.TypeSymlink, Linkname: "/home/eve/raft"}), Usual, isGo)
	require.ErrorContains(t, err, "raft is a symbolic link")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x.go"), nil, 0o644))
	files, err := Read(t.Context(), dir, Usual, isGo)
	require.NoError(t, err, "where there is code, a link plays no role")
	assert.Equal(t, []string{"x.go="}, names(files))
}

func TestDamagedArchives(t *testing.T) {
	good, err := os.ReadFile(tarOf(t, true, tar.Header{Name: "x.go", Typeflag: tar.TypeReg, Uname: strings.Repeat("text ", 100)}))
	require.NoError(t, err)
	for name, text := range map[string][]byte{"a.zip": []byte("no zip"), "b.tgz": []byte("no gzip"), "c.tar.gz": good[:len(good)/2], "d.zip": {}} {
		file := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(file, text, 0o644))
		_, err := ReadArchive(t.Context(), file, Usual, isGo)
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), "cannot be unpacked", name)
	}
}

// A few KiB that unpack to very much end at the budget, also where nothing of it is wanted.
func TestArchiveBomb(t *testing.T) {
	defer func(usual int64) { maxUnpacked = usual }(maxUnpacked)
	maxUnpacked = 8 << 20
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "zeros", Typeflag: tar.TypeReg, Size: maxUnpacked + 1, Mode: 0o644}))
	zeros := make([]byte, 1<<20)
	for range maxUnpacked >> 20 {
		_, err := w.Write(zeros)
		require.NoError(t, err)
	}
	_, err := w.Write([]byte{0})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	file := filepath.Join(t.TempDir(), "bomb.tgz")
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o644))
	_, err = ReadArchive(t.Context(), file, Usual, isGo)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "unpacked")
}

func TestCutArchive(t *testing.T) {
	for in, want := range map[string]string{"a.zip": "a", "Ana María.TAR.GZ": "Ana María", "x.tgz": "x", "y.tar": "y"} {
		got, ok := CutArchive(in)
		assert.True(t, ok, in)
		assert.Equal(t, want, got)
	}
	for _, in := range []string{"a.rar", "zip", ".zip", "folder"} {
		_, ok := CutArchive(in)
		assert.False(t, ok, in)
	}
}

// An export of a service is a folder for each student, with what they handed in: often an archive.
func TestAnArchiveInAFolder(t *testing.T) {
	folder := t.TempDir()
	put := func(name, from string) {
		text, err := os.ReadFile(from)
		require.NoError(t, err)
		write(t, folder, name, string(text))
	}
	zipped := zipOf(t, member{name: "raft/raft.go", text: "package raft"})
	put("attempt 1/hand in.zip", zipped)
	files, err := ReadAny(t.Context(), folder, Tree, isGo)
	require.NoError(t, err)
	require.Len(t, files, 1)
	assert.Equal(t, "raft/raft.go", files[0].Name)

	put("again.tar", zipped)
	_, err = ReadAny(t.Context(), folder, Tree, isGo)
	assert.ErrorContains(t, err, "more than one archive (again.tar, attempt 1/hand in.zip)")
	write(t, folder, "raft.go", "package raft")
	files, err = ReadAny(t.Context(), folder, Tree, isGo)
	require.NoError(t, err)
	assert.Len(t, files, 1, "code is code")
	rar := t.TempDir()
	write(t, rar, "x.rar", "Rar!")
	_, err = ReadAny(t.Context(), rar, Tree, isGo)
	assert.ErrorContains(t, err, "x.rar is an archive of a kind that is not read: unpack it")

	inner, err := os.ReadFile(zipped)
	require.NoError(t, err)
	_, err = ReadAny(t.Context(), zipOf(t, member{name: "inner.zip", text: string(inner)}), Tree, isGo)
	var known *Error
	require.ErrorAs(t, err, &known, "a person looks: it is not nothing")
	assert.Equal(t, "inner.zip is an archive in an archive: unpack the outer one", known.Error())
}

// An archive is read as what it begins like; names of archives are wrong often enough.
func TestArchiveByItsContent(t *testing.T) {
	zipped := zipOf(t, member{name: "raft/raft.go", text: "A"})
	packed := tarOf(t, true, tar.Header{Name: "raft/raft.go", Typeflag: tar.TypeReg, Uname: "A"})
	plain := tarOf(t, false, tar.Header{Name: "raft/raft.go", Typeflag: tar.TypeReg, Uname: "A"})
	for name, from := range map[string]string{"a.tar.gz": zipped, "b.zip": packed, "c.tar": packed, "d.tgz": plain, "e.zip": zipped} {
		to := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.Rename(from, to))
		files, err := ReadArchive(t.Context(), to, Usual, isGo)
		require.NoError(t, err, name)
		assert.Equal(t, []string{"raft/raft.go=A"}, names(files), name)
		require.NoError(t, os.Rename(to, from))
	}
	for name, text := range map[string]string{"a.zip": "", "b.tar.gz": "", "c.zip": "<!DOCTYPE html>", "d.tar": "no archive at all"} {
		file := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		_, err := ReadArchive(t.Context(), file, Usual, isGo)
		assert.ErrorContains(t, err, "cannot be unpacked", name)
	}
}

// What shows that something was handed in although there is no file of Go: a person decides.
func TestNoFileOfGo(t *testing.T) {
	dir := t.TempDir()
	write := func(sub, name, text string) string {
		at := filepath.Join(dir, sub)
		require.NoError(t, os.MkdirAll(at, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(at, name), []byte(text), 0o644))
		return at
	}
	const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
	for want, given := range map[string]string{
		"raft.go.txt is code under another name":      write("txt", "raft.go.txt", "package raft"),
		"RAFT.GO is code under another name":          write("upper", "RAFT.GO", "package raft"),
		"src/raft.go.txt is code under another name":  zipOf(t, member{name: "src/raft.go.txt"}),
		"hw.bundle is an archive of a kind":           write("bundle", "hw.bundle", "# v2 git bundle"),
		"raft.go is a pointer of Git LFS":             write("lfs", "raft.go", pointer),
		"raft/raft.go is a pointer of Git LFS, and n": zipOf(t, member{name: "raft/raft.go", text: pointer}),
	} {
		_, err := ReadAny(t.Context(), given, Usual, isGo)
		assert.ErrorContains(t, err, want)
	}
	write("both", "raft.go", "package raft")
	files, err := ReadAny(t.Context(), write("both", "old.go.txt", "package raft"), Usual, isGo)
	require.NoError(t, err)
	assert.Len(t, files, 1)
}

func TestFolderInAnArchive(t *testing.T) {
	zipped := zipOf(t, member{name: "lab 2/src/raft/raft.go", text: "package raft"}, member{name: "lab 3/raft.go", text: "package raft // 3"})
	files, err := ReadAny(t.Context(), filepath.Join(zipped, "lab 2", "src"), Tree, isGo)
	require.NoError(t, err)
	assert.Equal(t, []File{{"raft/raft.go", []byte("package raft")}}, files)
	_, err = ReadAny(t.Context(), filepath.Join(zipped, "lab"), Tree, isGo)
	assert.ErrorContains(t, err, "lab is not in the archive")

	folder := t.TempDir() // as services export it
	text, err := os.ReadFile(zipped)
	require.NoError(t, err)
	write(t, folder, "hand in.zip", string(text))
	files, err = ReadAny(t.Context(), filepath.Join(folder, "lab 3"), Tree, isGo)
	require.NoError(t, err)
	assert.Equal(t, "raft.go", files[0].Name)
	_, err = ReadAny(t.Context(), filepath.Join(folder, "nix"), Tree, isGo)
	require.Error(t, err)
	write(t, folder, "raft.go", "package raft")
	_, err = ReadAny(t.Context(), filepath.Join(folder, "lab 3"), Tree, isGo)
	assert.ErrorIs(t, err, fs.ErrNotExist, "it is a folder of code, and not of one archive")
}

func TestChosenFolders(t *testing.T) {
	raft := []string{"raft"}
	_, folder, err := FindTree([]File{{"old/raft/raft.go", []byte("package raft")}, {"new/raft/raft.go", []byte("package raft // 2")}}, raft)
	require.NoError(t, err)
	assert.Equal(t, "new", folder)
	_, folder, err = FindTree([]File{{"b/raft/raft.go", []byte("package raft")}, {"a/raft/raft.go", []byte("package raft")}}, raft)
	require.NoError(t, err)
	assert.Equal(t, "a", folder, "the same code twice")
	_, _, err = FindTree([]File{{"b/raft/raft.go", []byte("package raft")}, {"a/raft/raft.go", []byte("package raft // 2")}}, raft)
	assert.ErrorContains(t, err, "a, b: name one of them")
}

// Code of others in vendor/ is read where it is asked for. Nothing about it makes a submission one
// that cannot be read.
func TestVendor(t *testing.T) {
	limits := Tree
	limits.Vendor = true
	const large = "src/vendor/x/tables.go"
	zipped := zipOf(t, member{name: "src/raft.go", text: "package raft"}, member{name: "src/vendor/x/x.go", text: "package x"},
		member{name: large, text: strings.Repeat("/", int(Tree.Size)+1)})
	folder := t.TempDir()
	write(t, folder, "src/raft.go", "package raft")
	write(t, folder, "src/vendor/x/x.go", "package x")
	write(t, folder, large, strings.Repeat("/", int(Tree.Size)+1))
	for _, from := range []string{zipped, folder} {
		files, err := ReadAny(t.Context(), from, limits, isGo)
		require.NoError(t, err)
		require.Len(t, files, 2)
		assert.Equal(t, "src/vendor/x/x.go", files[1].Name)
		files, err = ReadAny(t.Context(), from, Tree, isGo)
		require.NoError(t, err)
		assert.Len(t, files, 1)
	}
}
