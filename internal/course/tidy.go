package course

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Tidy is an [Extra]: go.mod and go.sum of the tree name the modules that the tree imports and no others, so that
// `go mod tidy` in it changes nothing. Finding that out takes the go command, which may have to download modules that only
// tests of other modules import.
func Tidy(labs []Lab, files map[string][]byte) error {
	dir, err := os.MkdirTemp("", "raftlab-tidy-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for name, text := range files {
		if ext := filepath.Ext(name); ext != ".go" && name != "go.mod" && name != "go.sum" {
			continue
		}
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), text); err != nil {
			return err
		}
	}
	if _, err := writeSkeletons(dir, labs); err != nil {
		return err
	}
	cmd := exec.Command("go", "mod", "tidy")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod tidy for the tree: %w\n%s\nIt may need a network once; `raftlab init` writes a tree without it", err, out)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		if files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
