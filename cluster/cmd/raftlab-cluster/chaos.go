package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"raftlab/cluster/chaos"
)

// defaultChaos is the folder for clusters that are maltreated.
const defaultChaos = "raftlab-chaos"

func (a *app) chaos() *cobra.Command {
	o := chaos.Options{Members: 3, Clients: 5, Kills: 20, PowerLosses: 50, Others: -1, Seed: rand.Uint64N(1 << 32), Folder: defaultChaos}
	c := &cobra.Command{
		Use: "chaos", Short: "Kill members, take their power away, cut them off, and judge what clients were told", Args: cobra.NoArgs,
		Long: `Run a cluster of its own in the folder raftlab-chaos, with clients that write and read. Members are killed (kill -9), lose
their power (a random part of what they had not synced is gone), are stopped for longer than an election takes, cut off or
slowed down; their disks are full, or fail in an fsync; they crash while they take in a snapshot. At the end the disks of a minority are lost for
good while the power of the others fails. Then all that are left have to have the same data, porcupine's model judges the
history, and invariants are printed by their names (docs/cluster.md).

It takes about 2 s for each fault. --seed repeats which faults come, in which order; what happens in between is up to the
machine. Exit code: 0 all well, 1 a failure, which names its files, 2 usage, 3 it could not be done.`,
	}
	c.Flags().BoolVar(&o.Etcd, "etcd", false, "on etcd's API: its clients, watchers and leases are judged (docs/etcd-api.md)")
	c.Flags().IntVar(&o.Kills, "kills", o.Kills, "how often a member is killed")
	c.Flags().IntVar(&o.PowerLosses, "powerloss", o.PowerLosses, "how often power is lost: of one member, or of all")
	c.Flags().IntVar(&o.Others, "others", o.Others, "how many other faults: cuts, pauses, full disks, failing fsyncs, ... (default: a quarter of the other two together)")
	c.Flags().IntVarP(&o.Members, "members", "n", o.Members, "members of the cluster")
	c.Flags().IntVar(&o.Clients, "clients", o.Clients, "clients that work at the same time")
	c.Flags().Uint64Var(&o.Seed, "seed", 0, "draws the faults (default: by chance)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if !c.Flags().Changed("seed") {
			o.Seed = rand.Uint64N(1 << 32)
		}
		if o.Others < 0 {
			o.Others = (o.Kills + o.PowerLosses + 3) / 4
		}
		if o.Kills < 0 || o.PowerLosses < 0 || o.Clients < 1 || o.Members < 3 || o.Members > 9 {
			return &usageError{fmt.Errorf("chaos needs 3 to 9 members, a client, and no negative numbers")}
		}
		if c.Flags().Changed("data") {
			o.Folder = a.data
		}
		o.Implementation = implementation
		o.Say = func(format string, args ...any) {
			fmt.Fprintf(a.out, "%s %s\n", clock(), fmt.Sprintf(format, args...))
		}
		return a.runChaos(c, o)
	}
	return c
}

func (a *app) runChaos(c *cobra.Command, o chaos.Options) error {
	fmt.Fprintf(a.out, "%s: %d kills, %d losses of power, %d other faults; seed %d; logs in %s\n",
		implementation, o.Kills, o.PowerLosses, o.Others, o.Seed, o.Folder)
	began := time.Now()
	r, err := chaos.Run(c.Context(), o)
	if err != nil {
		return &brokenError{err}
	}
	a.tell(r, time.Since(began).Round(time.Second))
	if r.Failure != "" {
		return fmt.Errorf("FAIL %s\nlook at:\n  %s\nthe same faults again: %s chaos%s --seed %d --kills %d --powerloss %d --others %d",
			r.Failure, strings.Join(r.Files, "\n  "), program, map[bool]string{true: " --etcd"}[o.Etcd], o.Seed, o.Kills, o.PowerLosses, o.Others)
	}
	fmt.Fprintln(a.out, "linearizable; all members have the same data")
	return nil
}

// tell says what has happened, and which invariants held.
func (a *app) tell(r chaos.Report, took time.Duration) {
	fmt.Fprintf(a.out, "%d operations, %d of unknown outcome; %d faults, in which disks lost %d sectors and %d changes of names; %v\n",
		r.Operations, r.Unknown, r.Faults, r.Sectors, r.Names, took)
	for _, kind := range slices.Sorted(maps.Keys(r.Kinds)) {
		fmt.Fprintf(a.out, "  %3d  %s", r.Kinds[kind], kind)
		if n := r.Missed[kind]; n > 0 {
			fmt.Fprintf(a.out, " (%d did not come about)", n)
		}
		fmt.Fprintln(a.out)
	}
	for _, i := range r.Invariants {
		verdict := "holds: " + i.Meaning
		switch {
		case i.Violation != "":
			verdict = "VIOLATED: " + i.Violation
		case i.Seen == 0:
			verdict = "not seen"
		}
		fmt.Fprintf(a.out, "%-30s %6d %-10s %s\n", i.Name, i.Seen, i.Of, verdict)
	}
}

// brokenError is something that could not be done, as opposed to something that is wrong with the
// cluster.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return e.err.Error() }
