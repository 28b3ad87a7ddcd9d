package patch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// history reads files as they were at commits of the git repository that a tree belongs to.
type history struct {
	root  string
	in    io.WriteCloser
	out   *bufio.Reader
	cat   *exec.Cmd
	known map[string][]byte // by "COMMIT:FILE"; nil for a file that is not there
}

// openHistory starts a git process that answers until close.
func openHistory(root string) (*history, error) {
	if _, err := git(root, "rev-parse", "--verify", "HEAD"); err != nil {
		return nil, fmt.Errorf("a patch is carried over from a commit that it applied to, and there is none to be read at %s: %w", root, err)
	}
	h := &history{root: root, known: map[string][]byte{}}
	h.cat = exec.Command("git", "-C", root, "cat-file", "--batch")
	in, err := h.cat.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := h.cat.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := h.cat.Start(); err != nil {
		return nil, fmt.Errorf("starting git: %w", err)
	}
	h.in, h.out = in, bufio.NewReader(out)
	return h, nil
}

func (h *history) close() error {
	return errors.Join(h.in.Close(), h.cat.Wait())
}

// at returns the files of a commit.
func (h *history) at(commit string) Source {
	return func(file string) ([]byte, error) {
		name := commit + ":./" + file
		text, ok := h.known[name]
		if !ok {
			var err error
			if text, err = h.read(name); err != nil {
				return nil, fmt.Errorf("reading %s from git: %w", name, err)
			}
			h.known[name] = text
		}
		if text == nil {
			return nil, fmt.Errorf("there is no %s in %.12s", file, commit)
		}
		return text, nil
	}
}

// read asks git for an object; nil is one that is not there.
func (h *history) read(name string) ([]byte, error) {
	if _, err := fmt.Fprintln(h.in, name); err != nil {
		return nil, err
	}
	head, err := h.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(head)
	if len(fields) != 3 {
		return nil, nil // "NAME missing"
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil {
		return nil, err
	}
	text := make([]byte, size+1) // and a line feed
	if _, err := io.ReadFull(h.out, text); err != nil {
		return nil, err
	}
	return text[:size], nil
}

// baseOf returns the newest commit that the patch applies to, and what it makes of the files there.
func (h *history) baseOf(p *Patch) (string, *Applied, error) {
	if named := p.Header.Base; named != "" {
		a, err := p.ApplyTo(h.at(named))
		if err != nil {
			return "", nil, fmt.Errorf("it does not apply to the commit that its header names: %w", err)
		}
		return named, a, nil
	}
	args := []string{"rev-list", "--full-history", "HEAD", "--"}
	list, err := git(h.root, append(args, p.Files()...)...)
	if err != nil {
		return "", nil, err
	}
	for _, commit := range strings.Fields(string(list)) {
		if a, err := p.ApplyTo(h.at(commit)); err == nil {
			return commit, a, nil
		}
	}
	return "", nil, fmt.Errorf("%s: no commit has all the lines that it changes; mend it by hand, or name one in its header (# base: COMMIT)", p.File)
}

// writtenAt returns the commit that changed the patch file last, and what the patch makes of the
// files there. Without such a commit, or where the patch does not apply to it, there is nothing.
func (h *history) writtenAt(p *Patch) (string, *Applied, error) {
	file, err := filepath.Abs(p.File)
	if err != nil {
		return "", nil, err
	}
	out, err := git(h.root, "rev-list", "-1", "HEAD", "--", file)
	commit := strings.TrimSpace(string(out))
	if err != nil || commit == "" {
		return "", nil, err
	}
	a, err := p.ApplyTo(h.at(commit))
	if err != nil {
		return "", nil, nil // it was wrong from the beginning
	}
	return commit, a, nil
}

// renamed returns what a file of a commit is called in the tree, or "" if it is gone.
func (h *history) renamed(commit, file string) string {
	out, err := git(h.root, "diff", "--relative", "--find-renames=40%", "--diff-filter=R", "--name-status", "-z", commit)
	if err != nil {
		return ""
	}
	fields := strings.Split(string(out), "\x00")
	for i := 0; i+2 < len(fields); i += 3 {
		if fields[i+1] == file {
			return fields[i+2]
		}
	}
	return ""
}

// git runs a git command in dir and returns what it prints.
func git(dir string, args ...string) ([]byte, error) {
	var errOut bytes.Buffer
	c := exec.Command("git", append([]string{"-C", dir}, args...)...)
	c.Stderr = &errOut
	out, err := c.Output()
	if err != nil {
		return out, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(errOut.String()))
	}
	return out, nil
}
