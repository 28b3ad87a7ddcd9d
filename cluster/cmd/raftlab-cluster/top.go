package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"raftlab/cluster/launch"
	"raftlab/cluster/top"
	"raftlab/internal/loop"
)

const (
	topEvery    = time.Second
	plainWidth  = 180 // of output that is no terminal
	plainHeight = 24
)

func (a *app) top() *cobra.Command {
	once, every := false, topEvery
	c := &cobra.Command{
		Use: "top", Short: "Leader, indexes, rates and latencies of a running cluster, on one screen", Args: cobra.NoArgs,
		Long: `Ask all members of a running cluster once a second, and show what has happened in between. q or Ctrl-C ends it. What does not fit the
width of the terminal is left out. Latencies are in milliseconds. The folder is raftlab-cluster, or else raftlab-etcd, unless --data says it.`,
	}
	c.Flags().BoolVar(&once, "once", false, "look twice, print what is between, and end")
	c.Flags().DurationVar(&every, "every", every, "between two looks")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if every < 100*time.Millisecond || every > time.Hour {
			return &usageError{fmt.Errorf("--every %v: it can be 100ms to 1h", every)}
		}
		f, err := a.eitherFolder(c.Flags().Changed("data"))
		if err != nil {
			return err
		}
		before := top.Read(c.Context(), f)
		if once || !term.IsTerminal(int(os.Stdin.Fd())) || !term.IsTerminal(int(os.Stdout.Fd())) {
			return a.printTop(c.Context(), f, before, once, every)
		}
		return watchTop(c.Context(), f, before, every)
	}
	return c
}

// eitherFolder is the cluster that there is: the one of the labs' service, or that of etcd's API.
func (a *app) eitherFolder(said bool) (*launch.Folder, error) {
	f, err := a.folder()
	if err != nil && !said {
		if other, err := launch.Read(defaultEtcd); err == nil {
			return other, nil
		}
	}
	return f, err
}

// size is that of the terminal, or what goes without one.
func size() (columns, rows int) {
	if columns, rows, err := term.GetSize(int(os.Stdout.Fd())); err == nil && columns > 0 && rows > 0 {
		return columns, rows
	}
	return plainWidth, plainHeight
}

// printTop prints one table after the other.
func (a *app) printTop(ctx context.Context, f *launch.Folder, before top.Sample, once bool, every time.Duration) error {
	for {
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return nil
		}
		now := top.Read(ctx, f)
		width, _ := size()
		fmt.Fprintln(a.out, top.Table(f, before, now, width))
		if once {
			return nil
		}
		before = now
	}
}

// watchTop draws one table over the other.
func watchTop(ctx context.Context, f *launch.Folder, before top.Sample, every time.Duration) error {
	raw, err := term.MakeRaw(int(os.Stdin.Fd()))
	if err != nil {
		return &brokenError{fmt.Errorf("reading single keys from the terminal: %w", err)}
	}
	defer term.Restore(int(os.Stdin.Fd()), raw)
	looks := uint64(0)
	l := &loop.Loop{Screen: os.Stdout, Keys: os.Stdin, Size: size, Title: "raftlab cluster top   (q ends it)", Every: every,
		State: func() uint64 { looks++; return looks },
		Round: func(ctx context.Context, _ func(string)) string {
			now := top.Read(ctx, f)
			width, _ := size()
			text := top.Table(f, before, now, width)
			if ctx.Err() == nil {
				before = now
			}
			return text
		}}
	l.Run(ctx)
	return nil
}
