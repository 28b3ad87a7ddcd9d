// Package repo reads what stood in somebody's git repository at a deadline.
//
// The repository is a stranger's, and its configuration can name programs for git to run: filters,
// hooks, monitors, remotes. None of it is read. Git is given a repository of our own, which is
// empty and borrows the stranger's objects; the branch is looked up here. No working tree is made:
// the files of the commit go into an archive, which is read like any other that was handed in.
package repo

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Is reports whether dir is a git repository, with or without a working tree.
func Is(dir string) bool { return gitDir(dir) != "" }

// Bare reports whether it is one without a working tree.
func Bare(dir string) bool { return gitDir(dir) == dir }

// Find is the git repository at dir, or the one in the only folder there is in it, as services that
// export submissions have them. It is "" if there is none.
func Find(dir string) string {
	const deepest = 4
	for range deepest {
		if Is(dir) {
			return dir
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			return ""
		}
		var folders []string
		for _, e := range entries {
			if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "_") {
				folders = append(folders, e.Name())
			}
		}
		if len(folders) != 1 {
			return ""
		}
		dir = filepath.Join(dir, folders[0])
	}
	return ""
}

// LeadsElsewhere reports whether dir is a working tree whose repository is somewhere else, as those
// of submodules and of `git worktree` are: its .git is a file, which is not followed.
func LeadsElsewhere(dir string) bool {
	info, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil && info.Mode().IsRegular()
}

// gitDir is where git keeps its things, or "".
func gitDir(dir string) string {
	for _, at := range []string{filepath.Join(dir, ".git"), dir} {
		head, err := os.Lstat(filepath.Join(at, "HEAD"))
		objects, err2 := os.Lstat(filepath.Join(at, "objects"))
		if err == nil && err2 == nil && head.Mode().IsRegular() && objects.IsDir() {
			return at
		}
	}
	return ""
}

// Commit is one state of a repository.
type Commit struct {
	ID   string
	When time.Time // what the machine of its author said
}

// ErrNone says that there is no commit before the deadline.
var ErrNone = errors.New("there is no commit before the deadline")

const (
	// patience is how long git may take for one repository.
	patience = time.Minute
	// maxFile and maxFiles are what is taken of a commit, in bytes and in number; a lab is smaller
	// by far.
	maxFile, maxFiles = 1 << 20, 5000
)

// At finds the last commit of the branch that is checked out that was made before a moment, a zero
// one meaning now, and writes its Go files into an archive, a tar file at to. Of a merge it follows
// the branch that was merged into.
func At(ctx context.Context, dir string, before time.Time, to string) (c Commit, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, remove, err := borrow(dir)
	if err != nil {
		return c, err
	}
	defer remove()
	tip, err := tipOf(gitDir(dir))
	if err != nil {
		return c, err
	}
	args := []string{"rev-list", "-1", "--first-parent", "--timestamp"}
	if !before.IsZero() {
		args = append(args, "--before="+strconv.FormatInt(before.Unix(), 10))
	}
	out, err := r.git(ctx, nil, append(args, tip)...)
	if err != nil {
		return c, err
	}
	f := strings.Fields(string(out))
	if len(f) != 2 {
		return c, ErrNone
	}
	seconds, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil {
		return c, fmt.Errorf("git named the commit %q", out)
	}
	c = Commit{f[1], time.Unix(seconds, 0).UTC()}
	return c, r.archive(ctx, c.ID, to)
}

// borrowed is a repository of ours with the objects of another.
type borrowed struct{ dir, objects string }

func borrow(dir string) (r borrowed, remove func(), err error) {
	own, err := os.MkdirTemp("", "raftlab-repository-*")
	if err != nil {
		return r, nil, err
	}
	remove = func() { os.RemoveAll(own) }
	for _, sub := range []string{"objects", "refs"} {
		err = errors.Join(err, os.Mkdir(filepath.Join(own, sub), 0o755))
	}
	for name, text := range map[string]string{"HEAD": "ref: refs/heads/none\n", "config": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"} {
		err = errors.Join(err, os.WriteFile(filepath.Join(own, name), []byte(text), 0o644))
	}
	if err != nil {
		remove()
		return r, nil, fmt.Errorf("make a repository to read another with: %w", err)
	}
	abs, err := filepath.Abs(filepath.Join(gitDir(dir), "objects"))
	return borrowed{own, abs}, remove, err
}

// git runs a command that only reads.
func (r borrowed) git(ctx context.Context, in io.Reader, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdin = r.dir, in
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GIT_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "GIT_DIR="+r.dir, "GIT_OBJECT_DIRECTORY="+r.objects, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_NO_REPLACE_OBJECTS=1", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git cannot read it: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return out, nil
}

var (
	id     = regexp.MustCompile(`^[0-9a-f]{40}$`)
	branch = regexp.MustCompile(`^refs/[A-Za-z0-9][A-Za-z0-9._/-]*$`)
)

// tipOf finds the commit that is checked out.
func tipOf(git string) (string, error) {
	head, err := small(filepath.Join(git, "HEAD"))
	if err != nil {
		return "", err
	}
	name, symbolic := strings.CutPrefix(head, "ref: ")
	if !symbolic {
		return commitID(head)
	}
	if !branch.MatchString(name) || strings.Contains(name, "..") {
		return "", fmt.Errorf("its HEAD names the branch %.100q, which is no name of one", name)
	}
	if tip, err := small(filepath.Join(git, filepath.FromSlash(name))); err == nil {
		return commitID(tip)
	}
	packed, err := small(filepath.Join(git, "packed-refs"))
	if err != nil {
		return "", ErrNone // a repository in which nobody has committed anything
	}
	for line := range strings.Lines(packed) {
		if tip, ref, _ := strings.Cut(strings.TrimSpace(line), " "); ref == name {
			return commitID(tip)
		}
	}
	return "", ErrNone
}

func commitID(s string) (string, error) {
	if !id.MatchString(s) {
		return "", fmt.Errorf("its branch is in a form that is not read: %.60q", s)
	}
	return s, nil
}

// small reads a small regular file, without the space around its text.
func small(name string) (string, error) {
	const most = 4 << 20
	info, err := os.Lstat(name)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > most) {
		err = fmt.Errorf("%s is no ordinary file of git", filepath.Base(name))
	}
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(name)
	return strings.TrimSpace(string(text)), err
}

// archive writes the Go files of a commit into a tar file.
func (r borrowed) archive(ctx context.Context, commit, to string) error {
	list, err := r.git(ctx, nil, "ls-tree", "-r", "-z", "--long", commit)
	if err != nil {
		return err
	}
	var names []string
	var wanted bytes.Buffer
	for _, entry := range strings.Split(string(list), "\x00") {
		about, name, ok := strings.Cut(entry, "\t")
		f := strings.Fields(about)
		if !ok || len(f) != 4 || f[1] != "blob" || !strings.HasPrefix(f[0], "100") {
			continue // links and submodules are no code of theirs
		}
		size, err := strconv.Atoi(f[3])
		if err != nil || size > maxFile || path.Ext(name) != ".go" && path.Base(name) != "go.mod" {
			continue
		}
		names = append(names, name)
		fmt.Fprintln(&wanted, f[2])
	}
	if len(names) > maxFiles {
		return fmt.Errorf("its commit %.10s has %d Go files, and at most %d are read", commit, len(names), maxFiles)
	}
	blobs, err := r.git(ctx, &wanted, "cat-file", "--batch")
	if err != nil {
		return err
	}
	return pack(names, blobs, to)
}

// pack writes files that git has printed one after the other.
func pack(names []string, blobs []byte, to string) error {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	w, from := tar.NewWriter(f), bufio.NewReader(bytes.NewReader(blobs))
	for _, name := range names {
		head, err := from.ReadString('\n')
		about := strings.Fields(head)
		if err != nil || len(about) != 3 || about[1] != "blob" {
			return errors.Join(fmt.Errorf("its file %.100q is missing: git says %.100q", name, head), f.Close())
		}
		size, err := strconv.ParseInt(about[2], 10, 64)
		if err == nil {
			err = w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size, Typeflag: tar.TypeReg})
		}
		if err == nil {
			_, err = io.CopyN(w, from, size)
		}
		if err == nil {
			_, err = from.ReadByte() // the end of the line behind it
		}
		if err != nil {
			return errors.Join(fmt.Errorf("pack its file %.100q: %w", name, err), f.Close())
		}
	}
	return errors.Join(w.Close(), f.Close())
}
