//raftlab:checkout-only (the real cluster is a module beside this one)

package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"raftlab/internal/plain"
	"raftlab/internal/suite"
)

func init() { commands = append(commands, clusterCommand) }

func clusterCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "cluster COMMAND",
		Short: "Run a peer as a real cluster: processes, TCP, a log on disk (docs/cluster.md)",
		Long: `Build the module in the folder cluster, with the peer of --impl in it, and run it. "cluster --help" shows its commands.

--impl is a course tree or a directory with package raft, a solution in the layout of 6.824 or 6.5840 (docs/adopt.md), etcdraft, or
reference (the default). What it names is
compiled and run with your rights: unlike the engine, a real cluster is no sandbox.`,
		DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			return a.cluster(c.Context(), args)
		},
	}
}

func (a *app) cluster(ctx context.Context, args []string) error {
	impl, rest, err := a.ownFlags(args)
	if err != nil {
		return usage(err)
	}
	root, err := a.root()
	if err != nil {
		return usage(err)
	}
	if root.Course {
		return usage(errors.New("a course tree has no cluster: run this in a checkout of the framework, with --impl and the path of the tree"))
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	code, forget, err := a.findOneOf(ctx, root, impl, "there is no package raft in it", "raft")
	if err != nil {
		forget()
		return usage(err)
	}
	binary, err := buildCluster(ctx, root.Dir, code)
	forget()
	if err != nil {
		return broken(err)
	}
	return runCluster(ctx, binary, filepath.Join(root.Dir, "cluster"), rest)
}

// ownFlags takes those flags out of a command line that are this program's: everything else is the
// cluster's.
func (a *app) ownFlags(args []string) (impl string, rest []string, err error) {
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(args[i], "=")
		if name != "--impl" && name != "--framework" {
			rest = append(rest, args[i])
			continue
		}
		if !given {
			if i++; i == len(args) {
				return "", nil, fmt.Errorf("%s needs a value", name)
			}
			value = args[i]
		}
		if value == "" {
			return "", nil, fmt.Errorf("%s is empty: give a directory, or leave the flag out", name)
		}
		if name == "--impl" {
			impl = value
		} else {
			a.framework = value
		}
	}
	return impl, rest, nil
}

// buildCluster compiles the cluster with a peer in the place of package raft. It costs a second
// when nothing has changed.
func buildCluster(ctx context.Context, root string, code suite.Code) (binary string, err error) {
	dir, label := code.Impl["raft"], "reference"
	switch {
	case code.Given == suite.EtcdRaft:
		label = suite.EtcdRaft
	case dir != "":
		label = labelOf(code.Key)
	}
	place := filepath.Join(root, ".raftlab", "cluster", fmt.Sprintf("%s-%.4x", label, sha256.Sum256([]byte(code.Key))))
	if err := os.MkdirAll(place, 0o755); err != nil {
		return "", err
	}
	binary = filepath.Join(place, "raftlab-cluster")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	args := []string{"build", "-o", binary, "-ldflags", "-X main.implementation=" + label}
	if dir != "" {
		overlay := filepath.Join(place, "overlay.json")
		if err := writeOverlay(overlay, filepath.Join(root, "raft"), dir); err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	build := exec.CommandContext(ctx, "go", append(args, "./cmd/raftlab-cluster")...)
	build.Dir = filepath.Join(root, "cluster")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the cluster with the peer %s: %w\n%s", label, err, plain.Text(strings.Join(code.ShowAll(strings.Split(string(out), "\n")), "\n"), plain.MaxText))
	}
	return binary, nil
}

// labelOf is how a cluster remembers whose peer wrote its logs.
func labelOf(dir string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", r) {
			return r
		}
		return '_'
	}, filepath.Base(dir))
}

// writeOverlay has the compiler see the files of one directory, and of those below it, in the place
// of those of another.
func writeOverlay(file, theirs, dir string) error {
	replace := map[string]string{}
	for _, of := range []string{theirs, dir} {
		err := filepath.WalkDir(of, func(name string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			below, err := filepath.Rel(of, name)
			if err != nil {
				return err
			}
			at := filepath.Join(theirs, below)
			replace[at] = "" // not there
			if of == dir {
				replace[at] = name
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the sources in %s: %w", of, err)
		}
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o644)
}

// runCluster runs the program that was built. Ctrl-C reaches it as well; it ends its members in
// order.
func runCluster(ctx context.Context, binary, module string, args []string) error {
	c := exec.CommandContext(ctx, binary, args...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.Env = append(os.Environ(), "RAFTLAB_PROGRAM="+program()+" cluster", "RAFTLAB_MODULE="+module)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 20 * time.Second
	err := c.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return exitWith(suite.ExitInterrupted)
	case errors.As(err, &exit):
		return exitWith(exit.ExitCode())
	}
	return broken(err)
}
