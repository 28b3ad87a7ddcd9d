package submission

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const maxArchive = 64 << 20 // bytes of an archive

// maxUnpacked is how many bytes come out of an archive, wanted or not: a few KiB can hold
// terabytes.
var maxUnpacked int64 = 512 << 20

// archives are the endings of the names of archives that are read.
var archives = []string{".zip", ".tar.gz", ".tgz", ".tar"}

// others are the endings of archives that are not read. Who handed in nothing else handed in
// something all the same.
var others = []string{".rar", ".7z", ".xz", ".txz", ".bz2", ".tbz", ".zst", ".gz", ".bundle"}

// packed reports whether a file is an archive by its name, of a kind that is read or of another.
func packed(name string) bool {
	_, archive := CutArchive(name)
	return archive || slices.Contains(others, strings.ToLower(path.Ext(name)))
}

// CutArchive returns the name of an archive without its ending, and whether it is one by its name.
func CutArchive(name string) (string, bool) {
	for _, ending := range archives {
		if n := len(name) - len(ending); n > 0 && strings.EqualFold(name[n:], ending) {
			return name[:n], true
		}
	}
	return name, false
}

// ReadAny is [Read] for a directory, and [ReadArchive] for what is an archive by its name and no
// directory. A directory that has nothing wanted and one archive is that archive: services that
// export submissions make a folder for each student. A name may lead on into an archive, to a folder
// in it: hand-in.zip/lab2/src.
func ReadAny(ctx context.Context, name string, limits Limits, wanted func(name string) bool) ([]File, error) {
	if archive, folder := Within(name); folder != "" {
		files, err := ReadArchive(ctx, archive, limits, wanted)
		if err != nil {
			return nil, err
		}
		return below(files, folder)
	}
	if _, archive := CutArchive(filepath.Base(name)); archive {
		if info, err := os.Lstat(name); err == nil && !info.IsDir() {
			return ReadArchive(ctx, name, limits, wanted)
		}
	}
	files, archives, err := read(ctx, name, limits, wanted)
	switch {
	case err != nil || len(files) > 0 || len(archives) == 0:
		return files, err
	case len(archives) > 1:
		return nil, &Error{Name: ".", What: "has no code, and more than one archive (" + strings.Join(archives[:min(len(archives), 6)], ", ") + ")",
			Help: "leave the one that counts"}
	}
	if _, known := CutArchive(archives[0]); !known {
		return nil, &Error{Name: archives[0], What: "is an archive of a kind that is not read", Help: "unpack it into its folder"}
	}
	return ReadArchive(ctx, filepath.Join(name, filepath.FromSlash(archives[0])), limits, wanted)
}

// Within splits a name that leads into an archive: the archive, and the slash-separated folder in it.
// The archive may be the only file of its directory, which is then what the name goes on from. Of any
// other name the folder is "".
func Within(name string) (archive, folder string) {
	if _, err := os.Lstat(name); err == nil {
		return name, ""
	}
	for at := filepath.Clean(name); filepath.Dir(at) != at; {
		folder = path.Join(filepath.Base(at), folder)
		at = filepath.Dir(at)
		info, err := os.Stat(at)
		switch _, packed := CutArchive(filepath.Base(at)); {
		case err != nil:
		case packed && info.Mode().IsRegular():
			return at, folder
		case info.IsDir():
			if entries, err := os.ReadDir(at); err == nil && len(entries) == 1 && entries[0].Type().IsRegular() {
				if _, packed := CutArchive(entries[0].Name()); packed {
					return filepath.Join(at, entries[0].Name()), folder
				}
			}
			return name, ""
		default:
			return name, ""
		}
	}
	return name, ""
}

// below are the files in a folder of an archive, by their names there.
func below(files []File, folder string) (kept []File, err error) {
	for _, f := range files {
		if name, ok := strings.CutPrefix(f.Name, folder+"/"); ok {
			kept = append(kept, File{name, f.Text})
		}
	}
	if len(kept) == 0 {
		return nil, &Error{Name: folder, What: "is not in the archive, or has no code", Help: "name a folder as it is called in the archive"}
	}
	return kept, nil
}

// ReadArchive is [Read] for a zip, a tar or a tar.gz. Nothing of it is written to any disk.
func ReadArchive(ctx context.Context, name string, limits Limits, wanted func(name string) bool) ([]File, error) {
	r, err := readArchive(ctx, name, limits, wanted)
	if err != nil {
		return nil, err
	}
	switch {
	case len(r.files) > 0:
	case len(r.archives) > 0:
		return nil, &Error{Name: r.archives[0], What: "is an archive in an archive", Help: "unpack the outer one"}
	}
	if err := r.nothing(); err != nil {
		return nil, err
	}
	slices.SortFunc(r.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return r.files, nil
}

// readArchive reads an archive to its end.
func readArchive(ctx context.Context, name string, limits Limits, wanted func(name string) bool) (*reader, error) {
	dir, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	r := &reader{ctx: ctx, dir: dir, left: limits, limits: limits, wanted: wanted}
	f, err := r.open(filepath.Base(name), func(info fs.FileInfo) bool { return info.Mode().IsRegular() })
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxArchive {
		return nil, &Error{Name: filepath.Base(name), What: "is too large", Help: fmt.Sprintf("an archive may have %d MiB; unpack it into a folder, "+
			"of which only the code is read, or leave out what is no code", maxArchive>>20)}
	}
	a := archive{reader: r, seen: map[string]bool{}, budget: maxUnpacked}
	return r, a.unpack(f, info.Size())
}

// HoldsRepository reports whether what is read of name is an archive with a git repository in it.
// Of that nothing is read, so nobody sees what was committed when.
func HoldsRepository(ctx context.Context, name string) bool {
	code := func(member string) bool { return path.Ext(member) == ".go" }
	if info, err := os.Lstat(name); err == nil && info.IsDir() {
		files, archives, err := read(ctx, name, Tree, code)
		if err != nil || len(files) > 0 || len(archives) != 1 {
			return false
		}
		name = filepath.Join(name, filepath.FromSlash(archives[0]))
	}
	if _, archive := CutArchive(filepath.Base(name)); !archive {
		return false
	}
	r, err := readArchive(ctx, name, Tree, code)
	return err == nil && r.repository
}

// archive is one call of [ReadArchive].
type archive struct {
	*reader
	seen   map[string]bool
	budget int64 // of bytes that may still come out
}

// unpack reads an archive as what it begins like, whatever it is called.
func (a *archive) unpack(f *os.File, size int64) error {
	var head [4]byte
	n, err := f.ReadAt(head[:], 0)
	switch begins := string(head[:n]); {
	case err != nil && !errors.Is(err, io.EOF):
		return notReadable(err)
	case n == 0:
		return notReadable(errors.New("it has no content"))
	case begins == "PK\x03\x04", begins == "PK\x05\x06":
		return a.zip(f, size)
	case strings.HasPrefix(begins, "\x1f\x8b"):
		return a.tar(f, true)
	case strings.EqualFold(path.Ext(f.Name()), ".zip"):
		return notReadable(zip.ErrFormat)
	}
	return a.tar(f, false)
}

func (a *archive) zip(f io.ReaderAt, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return notReadable(err)
	}
	for _, entry := range z.File {
		const encrypted = 1
		name, use, err := a.member(entry.Name, entry.Mode())
		if err != nil {
			return err
		}
		if !use {
			continue
		}
		if entry.Flags&encrypted != 0 {
			return &Error{Name: name, What: "is encrypted", Help: "hand in an archive without a password"}
		}
		content, err := entry.Open()
		if err == nil {
			err = a.keep(name, content)
			content.Close()
		}
		if err != nil {
			return memberError(name, err)
		}
	}
	return nil
}

func (a *archive) tar(f io.Reader, zipped bool) error {
	if zipped {
		z, err := gzip.NewReader(f)
		if err != nil {
			return notReadable(err)
		}
		f = z
	}
	t := tar.NewReader(&budgeted{from: f, left: &a.budget})
	for {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return memberError(".", err)
		}
		mode := header.FileInfo().Mode()
		if header.Typeflag == tar.TypeLink {
			mode |= fs.ModeSymlink // a hard link has no content of its own either
		}
		name, use, err := a.member(header.Name, mode)
		if err == nil && use {
			err = memberError(name, a.keep(name, t))
		}
		if err != nil {
			return err
		}
	}
}

// member looks at what stands in the archive, and says under which name it is read, if it is.
func (a *archive) member(given string, mode fs.FileMode) (name string, use bool, err error) {
	if err := a.ctx.Err(); err != nil {
		return "", false, err
	}
	if a.left.Entries--; a.left.Entries < 0 {
		return "", false, &Error{Name: ".", What: "is too large", Help: fmt.Sprintf("an archive may have %d files and directories; leave out "+
			"what is not part of the code", a.limits.Entries)}
	}
	name = path.Clean(rootless(strings.ReplaceAll(given, `\`, "/")))
	parts := strings.Split(name, "/")
	if n := len(parts); n > 1 && parts[n-2] == ".git" && parts[n-1] == "HEAD" {
		a.repository = true
	}
	passedOver := func(s string) bool {
		return strings.HasPrefix(s, ".") && s != ".." || strings.HasPrefix(s, "_") || a.limits.leaveOut(s)
	}
	switch {
	case mode.IsDir(), slices.ContainsFunc(parts, passedOver):
		return name, false, nil
	case !a.wanted(name):
		a.unwanted(name, mode)
		return name, false, nil
	case slices.Contains(parts, ".."), strange(name):
		return name, false, &Error{Name: fmt.Sprintf("%q", given), What: "has a name that leads elsewhere or cannot be printed",
			Help: "make the archive again, of the folder with the code", Foreign: true}
	case !mode.IsRegular():
		return name, false, &Error{Name: name, What: "is " + kind(mode), Help: "only regular files are read; put a copy of the file in its place",
			Foreign: true}
	case len(parts) > a.limits.Depth:
		return name, false, &Error{Name: name, What: "is too deep", Help: fmt.Sprintf("at most %d directories may be below each other", a.limits.Depth)}
	case a.seen[name]:
		return name, false, &Error{Name: name, What: "is there twice", Help: "make the archive again: which of the two counts cannot be told", Foreign: true}
	}
	a.seen[name] = true
	if a.left.Files--; a.left.Files < 0 {
		return name, false, &Error{Name: ".", What: "has too many Go files", Help: fmt.Sprintf("%d are read; leave out what is not part of the code", a.limits.Files)}
	}
	return name, true, nil
}

// rootless is a name without the root that some archives have in front of all of theirs. Programs
// that unpack them leave it out as well.
func rootless(name string) string {
	if len(name) > 2 && name[1:3] == ":/" { // a drive
		name = name[2:]
	}
	return strings.TrimLeft(name, "/")
}

// keep reads one file of the archive.
func (a *archive) keep(name string, content io.Reader) error {
	text, err := a.limited(name, content)
	if err == nil {
		a.files = append(a.files, File{name, text})
	}
	return ofOwn(name, err)
}

// budgeted ends with an error where too much would come out.
type budgeted struct {
	from io.Reader
	left *int64
}

func (b *budgeted) Read(p []byte) (int, error) {
	if *b.left <= 0 {
		return 0, &Error{Name: ".", What: "is too large", Help: fmt.Sprintf("unpacked, an archive may have %d MiB", maxUnpacked>>20)}
	}
	n, err := b.from.Read(p[:min(int64(len(p)), *b.left)])
	*b.left -= int64(n)
	return n, err
}

func notReadable(err error) error {
	return &Error{Name: ".", What: "cannot be unpacked", Help: "it is damaged or of another kind than its name says (" + err.Error() + ")"}
}

// memberError says where reading an archive failed, unless the error does.
func memberError(name string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Name: name, What: "cannot be unpacked", Help: "the archive is damaged (" + err.Error() + ")"}
}
