package course

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Tidy is an [Extra]: go.mod and go.sum of the tree name the modules that the tree imports and no
// others, so that `go mod tidy` in it changes nothing. Finding that out takes the go command, which
// may have to download modules that only tests of other modules import.
func Tidy(labs []Lab, files map[string][]byte) error {
	return modCommand(labs, files, "tidy", func(dir string) (err error) {
		for _, name := range []string{"go.mod", "go.sum"} {
			if files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Vendor is an [Extra]: the tree brings the modules that it imports, in vendor/, where the go
// command takes them from. Nothing of it comes from a network or a module cache then.
func Vendor(labs []Lab, files map[string][]byte) error {
	return modCommand(labs, files, "vendor", func(dir string) error {
		return fs.WalkDir(os.DirFS(dir), "vendor", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			files[name], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			return err
		})
	})
}

// modCommand runs a command of `go mod` in a copy of the tree, and then takes from it what it has
// made.
func modCommand(labs []Lab, files map[string][]byte, command string, take func(dir string) error) error {
	dir, err := os.MkdirTemp("", "raftlab-mod-*")
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
	cmd := exec.Command("go", "mod", command)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod %s for the tree: %w\n%s\nIt may need a network once; `raftlab init` writes a tree without it", command, err, out)
	}
	return take(dir)
}
