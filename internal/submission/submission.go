// Package submission reads code that nobody has looked at yet, from a directory or an archive
// (archive.go). It is the only way in which the files of a submission are read, so that what it may
// hold is decided in one place:
//
//   - A file is a regular file. Symbolic links, pipes, devices and sockets are never opened: a link
//     leads out of the tree, a pipe waits for ever, a device may have no end.
//   - There are [Limits] on what is read, and on what is looked at.
//   - Reading ends when the context does.
//
// The directory itself may be given as a symbolic link, because the user names it; it is resolved
// once.
package submission

import (
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
	"syscall"
	"unicode"
	"unicode/utf8"
)

// Limits are the most that a submission may be. A large solution has 40 files and 300 KiB.
type Limits struct {
	Entries int   // files and directories of any kind
	Depth   int   // directories below each other
	Files   int   // files that are read
	Size    int64 // bytes of a file
	Total   int64 // bytes of all files
	// Vendor says that directories called vendor are read, too: code of others, which `go mod vendor`
	// has put there. What there is too much of in them, or no file of its own, is passed over.
	Vendor bool
}

// Usual are the limits for a package with what is below it.
var Usual = Limits{Entries: 50_000, Depth: 32, Files: 500, Size: 1 << 20, Total: 8 << 20}

// Tree are the limits for all that somebody hands in: a whole course tree, with the framework in
// it.
var Tree = Limits{Entries: 50_000, Depth: 32, Files: 5_000, Size: 1 << 20, Total: 64 << 20}

// File is one file that was read.
type File struct {
	Name string // slash-separated, relative to the directory
	Text []byte
}

// Error is about a file or a directory that is not read. Its text names neither the directory that
// was given nor what leads to it, so that the caller can.
type Error struct {
	Name string // slash-separated, relative to the directory; "." is the directory itself
	What string // "is a symbolic link"
	Help string // what to do
	// Foreign says that the file is none that belongs to a submission: a link, a pipe, a device.
	// Otherwise there is too much of something.
	Foreign bool
}

func (e *Error) Error() string {
	name := e.Name
	if name == "." {
		name = "it"
	}
	return fmt.Sprintf("%s %s: %s", name, e.What, e.Help)
}

// Read returns the files at root and below that wanted says yes to, sorted by name. wanted gets the
// name relative to root. Directories that the go command does not look at (vendor, unless the limits
// say otherwise, testdata, names that begin with a dot or an underscore) are left out, and so are such files. What is not a
// regular file is an [Error] if it is wanted, and is passed over otherwise.
func Read(ctx context.Context, root string, limits Limits, wanted func(name string) bool) ([]File, error) {
	files, _, err := read(ctx, root, limits, wanted)
	return files, err
}

// read is [Read], and says what archives there are.
func read(ctx context.Context, root string, limits Limits, wanted func(name string) bool) (files []File, archives []string, err error) {
	resolved, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.OpenRoot(resolved)
	if errors.Is(err, fs.ErrPermission) {
		return nil, nil, unreadable(".", err)
	}
	if err != nil {
		return nil, nil, err
	}
	defer dir.Close()
	r := reader{ctx: ctx, dir: dir, left: limits, limits: limits, wanted: wanted}
	if err := r.directory(".", limits.Depth); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(r.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(r.archives)
	if err := r.nothing(); err != nil && len(r.archives) == 0 {
		return nil, nil, err
	}
	return r.files, r.archives, nil
}

// HasDirectory reports whether sub, slash-separated, is a directory below root that is reached
// without a link.
func HasDirectory(root, sub string) bool {
	at := root
	for part := range strings.SplitSeq(path.Clean(sub), "/") {
		if part == "." {
			continue
		}
		at = filepath.Join(at, part)
		if info, err := os.Lstat(at); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// ReadFile returns the content of one regular file, up to the usual size.
func ReadFile(ctx context.Context, name string) ([]byte, error) {
	dir, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return (&reader{ctx: ctx, dir: dir, left: Usual, limits: Usual}).regular(filepath.Base(name))
}

// reader is one call of [Read].
type reader struct {
	ctx    context.Context
	dir    *os.Root
	limits Limits
	left   Limits // of what may still be read
	wanted func(name string) bool
	files  []File
	// archives are files that are not wanted, and archives by their names.
	archives []string
	// repository says that the archive has a git repository in it.
	repository bool
	renamed    []string // are files that are not wanted, and Go's but for the ends of their names
	links      []string // are symbolic links that are not wanted: code may be where they lead
}

// unwanted notes files that are not read and show that something was handed in.
func (r *reader) unwanted(name string, mode fs.FileMode) {
	switch {
	case strange(name):
	case mode&fs.ModeSymlink != 0:
		r.links = append(r.links, name)
	case !mode.IsRegular():
	case packed(name):
		r.archives = append(r.archives, name)
	case otherwiseGo(name):
		r.renamed = append(r.renamed, name)
	}
}

// otherwiseGo reports whether a file is one of Go with another ending: raft.go.txt, as some
// browsers and services make of it, or RAFT.GO.
func otherwiseGo(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasSuffix(lower, ".go.txt") || strings.HasSuffix(lower, ".go") && !strings.HasSuffix(name, ".go")
}

// nothing is the error about something without a file that is wanted, if it looks as if there was to
// be one. Links and other names are no archives: those have had their turn.
func (r *reader) nothing() error {
	slices.Sort(r.renamed)
	slices.Sort(r.links)
	switch {
	case len(r.files) > 0:
	case len(r.renamed) > 0:
		name := r.renamed[0]
		return &Error{Name: name, What: "is code under another name, and there is no file that ends in .go", Help: "call it " + name[:strings.LastIndex(strings.ToLower(name), ".go")] + ".go"}
	case len(r.links) > 0:
		return &Error{Name: r.links[0], What: "is a symbolic link, and there is no file that ends in .go", Help: "links are not followed; put the code in its place"}
	}
	return nil
}

// directory reads one directory, which has depth levels left below it. Its entries come in
// portions, because a directory can have more of them than there is memory for.
func (r *reader) directory(name string, depth int) error {
	if depth < 0 {
		return &Error{Name: name, What: "is too deep", Help: fmt.Sprintf("at most %d directories may be below each other", r.limits.Depth)}
	}
	f, err := r.open(name, fs.FileInfo.IsDir)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		entries, err := f.ReadDir(256)
		for _, entry := range entries {
			if err := r.entry(name, entry, depth); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the directory %s: %w", name, err)
		}
	}
}

// entry reads what stands in a directory.
func (r *reader) entry(parent string, entry fs.DirEntry, depth int) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.left.Entries--; r.left.Entries < 0 {
		return &Error{Name: parent, What: "is too large", Help: fmt.Sprintf("a submission may have %d files and directories; leave out what is "+
			"not part of the code", r.limits.Entries)}
	}
	base := entry.Name()
	name := path.Join(parent, base)
	hidden := strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
	switch {
	case hidden, entry.IsDir() && r.limits.leaveOut(base):
		return nil
	case entry.IsDir():
		return r.directory(name, depth-1)
	case !r.wanted(name):
		r.unwanted(name, entry.Type())
		return nil
	case strange(name):
		return &Error{Name: fmt.Sprintf("%q", name), What: "has a name that cannot be printed", Help: "rename the file"}
	}
	if r.left.Files--; r.left.Files < 0 {
		return &Error{Name: parent, What: "has too many Go files", Help: fmt.Sprintf("%d are read; leave out what is not part of the code", r.limits.Files)}
	}
	text, err := r.regular(name)
	if err != nil {
		return ofOwn(name, err)
	}
	r.files = append(r.files, File{name, text})
	return nil
}

// ofOwn is an error about a file, or nil if that is code of others, which is passed over then.
func ofOwn(name string, err error) error {
	var known *Error
	if errors.As(err, &known) && Vendored(name) {
		return nil
	}
	return err
}

// leaveOut reports whether directories of this name are not read.
func (l Limits) leaveOut(name string) bool {
	return name == "testdata" || name == "vendor" && !l.Vendor
}

// Vendored reports whether a name leads through a directory called vendor.
func Vendored(name string) bool { return slices.Contains(strings.Split(name, "/"), "vendor") }

// strange names would not arrive unchanged where they go: in messages, in JSON, and at the
// compiler.
func strange(name string) bool {
	return !utf8.ValidString(name) || strings.ContainsAny(name, "\\:\"") || strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) })
}

// regular returns the content of a regular file.
func (r *reader) regular(name string) ([]byte, error) {
	f, err := r.open(name, func(info fs.FileInfo) bool { return info.Mode().IsRegular() })
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return r.limited(name, f)
}

// limited reads a file to its end, or to where it is too much.
func (r *reader) limited(name string, f io.Reader) ([]byte, error) {
	most := min(r.limits.Size, r.left.Total)
	text, err := io.ReadAll(io.LimitReader(f, most+1)) // the size that a file claims need not be true: in /proc it is 0
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case int64(len(text)) > r.limits.Size:
		return nil, &Error{Name: name, What: "is too large", Help: fmt.Sprintf("a Go file may have %d KiB", r.limits.Size>>10)}
	case int64(len(text)) > most:
		return nil, &Error{Name: name, What: "is one too many", Help: fmt.Sprintf("all Go files together may have %d KiB", r.limits.Total>>10)}
	}
	if strings.HasPrefix(string(text[:min(len(text), 64)]), "version https://git-lfs.github.com/spec/") {
		return nil, &Error{Name: name, What: "is a pointer of Git LFS, and not the file itself", Help: "fetch it (git lfs pull), or hand in the file", Foreign: true}
	}
	r.left.Total -= int64(len(text))
	return text, nil
}

// open opens a file or a directory that is what it should be by itself, and not by way of a link.
// It looks before it opens, because opening a pipe or a device can wait or have effects, and once
// more after that, because somebody may have exchanged the file meanwhile.
func (r *reader) open(name string, good func(fs.FileInfo) bool) (*os.File, error) {
	before, err := r.dir.Lstat(name)
	if errors.Is(err, fs.ErrPermission) {
		return nil, unreadable(name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", name, err)
	}
	if !good(before) {
		return nil, &Error{Name: name, What: "is " + kind(before.Mode()), Help: "only regular files are read; put a copy of the file in its place",
			Foreign: true}
	}
	f, err := r.dir.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrPermission) {
		return nil, unreadable(name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	after, err := f.Stat()
	if err != nil || !os.SameFile(before, after) || !good(after) {
		f.Close()
		return nil, &Error{Name: name, What: "was exchanged while it was read", Help: "try again when nothing writes to the directory"}
	}
	return f, nil
}

// unreadable says what to do about a file or directory that this user may not read. It is no
// [Error]: the code may be as it should be, and nobody knows.
func unreadable(name string, err error) error {
	if name == "." {
		name = "it"
	}
	return fmt.Errorf("%s may not be read by this user: give the right to read it, or leave it out (%w)", name, err)
}

func kind(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode.IsDir():
		return "a directory"
	}
	return "not a regular file"
}
