// Command raftlab-cluster is a real cluster on this machine, of the peer that was compiled into it.
// `raftlab cluster` builds it, with another peer in the place of package raft if one is asked for,
// and runs it.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"raftlab/cluster/launch"
	"raftlab/cluster/member"
	"raftlab/internal/plain"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

// implementation is whose peer this is. The linker sets it.
var implementation = "reference"

// program is how the user calls this program.
var program = cmp.Or(os.Getenv("RAFTLAB_PROGRAM"), "raftlab-cluster")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out, errs := plain.NewWriter(os.Stdout), plain.NewWriter(os.Stderr)
	a := &app{out: out}
	var err error
	if calledEtcd(os.Args[0]) {
		err = asEtcd(ctx, os.Args[1:])
	} else {
		err = a.root().ExecuteContext(ctx)
	}
	out.Close()
	code := 0
	if err != nil {
		fmt.Fprintf(errs, "%s: %v%s\n", program, err, remedy(err))
		code = 1
		var usage *usageError
		if errors.As(err, &usage) {
			code = 2
		} else if strings.HasPrefix(err.Error(), "unknown command") { // cobra's own
			fmt.Fprintf(errs, "(`%s --help` shows the commands)\n", program)
			code = 2
		}
		var broken *brokenError
		if errors.As(err, &broken) {
			code = 3
		}
	}
	errs.Close()
	os.Exit(code)
}

// remedy says what to do about files that this user may not read or write.
func remedy(err error) string {
	if !errors.Is(err, fs.ErrPermission) {
		return ""
	}
	return ". The data of a cluster belongs to the user who started it: run this as that user, or give the whole folder to this one (chown -R)"
}

// usageError is a command that cannot be meant.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

type app struct {
	out  io.Writer
	data string
}

// defaultData is where a cluster is kept unless it is said.
const defaultData = "raftlab-cluster"

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "cluster",
		Short: "A real cluster on this machine: processes, TCP, a log on disk",
		Long: `A real cluster on this machine: each member is a process, they talk over TCP on loopback, and each keeps its log and its
database on disk. docs/cluster.md tells what that changes for a peer.

--impl DIR (before or behind the command) builds somebody's package raft in, a directory or a course tree; etcdraft
is etcd's library. This is no sandbox: the code runs with your rights.`,
		SilenceUsage: true, SilenceErrors: true, Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: program},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetOut(a.out)
	root.SetErr(a.out)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{fmt.Errorf("%w (`%s --help` shows the flags)", err, c.CommandPath())}
	})
	root.PersistentFlags().StringVar(&a.data, "data", defaultData, "the `folder` of the cluster")
	root.PersistentFlags().String("impl", "", "the peer: a `directory` with package raft, a course tree, etcdraft, or reference") // read by raftlab
	root.AddCommand(a.up(), a.down(), a.status(), a.top(), a.trace(), a.put(), a.get(), a.wal(), a.chaos(), a.bench(), a.mutants(),
		a.etcdProgram(), a.member(), a.load())
	told(root)
	return root
}

// told has commands say what they take when they are given something else.
func told(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if check(c, args) == nil {
				return nil
			}
			if len(args) == 1 {
				return &usageError{fmt.Errorf("this command is `%s`, and one argument is given", c.UseLine())}
			}
			return &usageError{fmt.Errorf("this command is `%s`, and %d arguments are given", c.UseLine(), len(args))}
		}
	}
	for _, sub := range c.Commands() {
		told(sub)
	}
}

// read reads the folder that --data names. The error is fs.ErrNotExist if there is none.
func (a *app) read() (*launch.Folder, error) {
	if a.data == "" {
		return nil, &usageError{errors.New("--data is empty: give the folder of the cluster, or leave the flag out")}
	}
	return launch.Read(a.data)
}

// folder is the cluster that there has to be.
func (a *app) folder() (*launch.Folder, error) {
	f, err := a.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no cluster in %s: begin one with `%s up`, or say where it is with --data", a.data, program)
	}
	return f, err
}

// makePeer is the constructor of the peer that was compiled in.
func makePeer(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, applyCh chan raftapi.ApplyMsg) raftapi.Raft {
	return raft.Make(ends, me, p, applyCh)
}

// member is what a member's process runs.
func (a *app) member() *cobra.Command {
	return &cobra.Command{
		Use: "member FOLDER NUMBER", Hidden: true, Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := launch.Read(args[0])
			if err != nil {
				return err
			}
			i, err := strconv.Atoi(args[1])
			if err != nil || i < 0 || i >= len(f.Members) {
				return fmt.Errorf("%s is no member of this cluster", args[1])
			}
			ctx, stop := context.WithCancel(c.Context())
			go func() {
				_, _ = io.Copy(io.Discard, os.Stdin) // closed when the parent is gone
				stop()
			}()
			return member.Run(ctx, member.Config{Folder: f, Member: i, Make: makePeer})
		},
	}
}

func (a *app) down() *cobra.Command {
	return &cobra.Command{
		Use: "down", Short: "End a cluster that runs in another terminal", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := a.eitherFolder(c.Flags().Changed("data"))
			if err != nil {
				return err
			}
			ended := 0
			for i := range f.Members {
				if f.Stop(i) == nil {
					ended++
				}
			}
			fmt.Fprintf(a.out, "%d of %d members were running, and have been told to end; their data stays in %s\n", ended, len(f.Members), f.Path)
			return nil
		},
	}
}

// upOf is the command that starts a cluster again.
func upOf(f *launch.Folder) string {
	up := program + " up"
	if f.Etcd {
		up += " --etcd"
	}
	if f.Path != defaultData && f.Path != defaultEtcd {
		up += " --data " + f.Path
	}
	return up
}

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "How each member is", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := a.eitherFolder(c.Flags().Changed("data"))
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "peer: %s; data: %s\nmember  term  role      ready  applied  log bytes  http\n", f.Implementation, f.Path)
			running := 0
			for i, m := range f.Members {
				s, err := f.Status(i, false)
				if err != nil {
					fmt.Fprintf(a.out, "%-7d does not answer at http://%s; it says last: %s\n", i, m.HTTP, plain.Line(f.Tail(i, 1), plain.MaxLine))
					continue
				}
				running++
				role := "follower"
				if s.Leads {
					role = "leader"
				}
				fmt.Fprintf(a.out, "%-7d %-5d %-9s %-6t %-8d %-10d %s\n", i, s.Term, role, s.Ready, s.Applied, s.LogSize, m.HTTP)
			}
			if running == 0 {
				return fmt.Errorf("no member runs: `%s` starts them", upOf(f))
			}
			return nil
		},
	}
}

// clock is for lines that tell what happens.
func clock() string { return time.Now().Format("15:04:05.000") }
