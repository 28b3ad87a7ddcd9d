package grade

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"raftlab/internal/submission"
)

// Opener turns what somebody handed in into a tree that can be tested. [Open] takes the course's
// own layout; whatever converts another layout is an Opener, too, and nothing else here has to know
// of it.
type Opener func(ctx context.Context, from From, packages []string) (Tree, error)

// From is where something was handed in.
type From struct {
	Path   string // a folder, an archive, or a git repository
	Folder string // the one in it that counts, slash-separated, or "": it has to be found
}

// Place is the folder that counts, as [submission.ReadAny] takes it.
func (f From) Place() string { return filepath.Join(f.Path, filepath.FromSlash(f.Folder)) }

// Tree is code as [suite.FindCode] takes it.
type Tree struct {
	Files []submission.File // by their name below the root of the tree
	Notes []string          // what a reader of the grade should know of how the tree came about
	// Contract is the year by whose contract the code is judged, where the grading gives none, or
	// "".
	Contract string
	// Written are files that the student has not written: they came about when the tree was
	// adopted.
	Written []string
	// Dirs say what its directories were called in what was handed in, if they had other names:
	// "raft" was "src/raft".
	Dirs map[string]string
}

// NothingError says that nothing was handed in: no file of Go. That is worth nothing, and no person
// needs to look.
type NothingError struct{ What string }

func (e *NothingError) Error() string { return e.What }

// Open is the usual [Opener]: it reads a folder or an archive, and finds the tree in it, however
// many folders there are around it. What is no part of the packages is left out.
func Open(ctx context.Context, from From, packages []string) (Tree, error) {
	wanted := func(name string) bool {
		return path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go")
	}
	files, err := submission.ReadAny(ctx, from.Place(), submission.Tree, wanted)
	if err != nil {
		return Tree{}, err
	}
	if len(files) == 0 {
		return Tree{}, &NothingError{"there is no Go file in it"}
	}
	found, folder, err := submission.FindTree(files, packages)
	t := Tree{Files: found}
	if folder = path.Join(from.Folder, folder); err == nil && folder != "." {
		t.Notes = append(t.Notes, "the code is in the folder "+folder)
	}
	return t, err
}

// Hash identifies what was handed in.
func (t Tree) Hash() string {
	h := sha256.New()
	for _, f := range t.Files {
		fmt.Fprintf(h, "%q %d\n%s", f.Name, len(f.Text), f.Text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// write puts the tree in place of what is at dir.
func (t Tree) write(dir string) error {
	next := dir + ".new"
	if err := errors.Join(os.RemoveAll(next), os.RemoveAll(dir)); err != nil {
		return fmt.Errorf("make room for the code: %w", err)
	}
	if err := submission.Write(next, t.Files); err != nil {
		return fmt.Errorf("keep the code: %w", err)
	}
	return os.Rename(next, dir)
}
