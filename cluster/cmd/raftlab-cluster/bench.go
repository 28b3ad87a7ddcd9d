package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"raftlab/cluster/bench"
)

const (
	defaultBench = "raftlab-bench" // the folder for comparisons
	maxClients   = 10000
)

func (a *app) bench() *cobra.Command {
	against, result, resume := "etcd", "", false
	o := bench.Options{Members: 3, Loads: bench.Loads, Clients: []int{1, 100, 1000}, Pairs: 10, Seconds: 15, WarmUp: 15 * time.Second,
		ValueSize: 256, Prefill: 10000, SnapshotCount: 10000}
	c := &cobra.Command{
		Use: "bench", Short: "Compare with a real etcd: throughput, CPU, fsyncs, bytes, memory", Args: cobra.NoArgs,
		Long: `Run a cluster of this framework and one of etcd on the same file system, give both the same loads in the order A B B A, and tell
the ratios with their 95 % intervals. etcd is compared with itself first: if that is too restless there is no verdict on
throughput. Ctrl-C ends it with a table of what there is; the file of --json is written after every pair, and --resume goes on
with it.

It wants etcd (--etcd-binary, $RAFTLAB_ETCD, or in the path) and takes etcd's benchmark as the load if it is there (--benchmark,
$RAFTLAB_BENCHMARK, or in the path); without, a load of its own, with clientv3. --against self compares this framework with itself.`,
	}
	f := c.Flags()
	f.StringVar(&against, "against", against, "etcd, or self")
	f.StringVar(&o.Etcd, "etcd-binary", os.Getenv("RAFTLAB_ETCD"), "the `program` etcd")
	f.StringVar(&o.Benchmark, "benchmark", os.Getenv("RAFTLAB_BENCHMARK"), "etcd's `program` benchmark, or \"own\" for a load with clientv3")
	f.StringVar(&result, "json", "", "the `file` for the results (default: result.json in the folder)")
	f.BoolVar(&resume, "resume", false, "go on with what is in the file of --json, if there is one")
	f.IntVarP(&o.Members, "members", "n", o.Members, "members of each cluster")
	f.StringSliceVar(&o.Loads, "loads", o.Loads, "which `loads`")
	f.IntSliceVar(&o.Clients, "clients", o.Clients, "with how many `clients`")
	f.IntVar(&o.Pairs, "pairs", o.Pairs, "pairs of runs for each load; below 6 there is no interval")
	f.Float64Var(&o.Seconds, "seconds", o.Seconds, "that a run takes about")
	f.DurationVar(&o.WarmUp, "warm-up", o.WarmUp, "before each load, on each cluster")
	f.IntVar(&o.ValueSize, "value-size", o.ValueSize, "bytes of a value")
	f.IntVar(&o.Prefill, "prefill", o.Prefill, "keys that are there from the beginning")
	f.IntVar(&o.SnapshotCount, "snapshot-count", o.SnapshotCount, "entries between two snapshots")
	f.BoolVar(&o.Keep, "keep", false, "leave the clusters' data in the folder")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := checkBench(&o); err != nil {
			return &usageError{err}
		}
		if err := findPrograms(&o, against); err != nil {
			return &usageError{err}
		}
		o.Folder, o.Implementation = defaultBench, implementation
		if f.Changed("data") {
			o.Folder = a.data
		}
		result = cmp.Or(result, filepath.Join(o.Folder, "result.json"))
		if resume {
			var err error
			if o.Earlier, err = bench.ReadJSON(result); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return &usageError{err}
			}
		}
		return a.runBench(c.Context(), o, result)
	}
	return c
}

func checkBench(o *bench.Options) error {
	switch {
	case o.Members < 1 || o.Members > 9:
		return fmt.Errorf("-n %d: a cluster has 1 to 9 members, 3 or 5 are usual", o.Members)
	case o.Pairs < 1 || o.Seconds <= 0 || o.Seconds > 3600 || o.WarmUp < 0 || o.WarmUp > time.Hour:
		return errors.New("there must be a pair, and times above 0 and up to an hour")
	case o.ValueSize < 1 || o.ValueSize > 1<<20 || o.Prefill < 1 || o.SnapshotCount < 100:
		return errors.New("a value has 1 byte to 1 MiB; there is a key at least from the beginning, and 100 entries between two snapshots")
	case len(o.Loads) == 0 || len(o.Clients) == 0:
		return errors.New("there is nothing to measure: --loads and --clients want values")
	}
	for _, l := range o.Loads {
		if !slices.Contains(bench.Loads, l) {
			return fmt.Errorf("there is no load %q; there are %q", l, bench.Loads)
		}
	}
	for _, n := range o.Clients {
		if n < 1 || n > maxClients {
			return fmt.Errorf("%d clients: there can be 1 to %d", n, maxClients)
		}
	}
	return nil
}

// findPrograms looks for etcd and its benchmark.
func findPrograms(o *bench.Options, against string) error {
	switch against {
	case "etcd":
		path, err := exec.LookPath(cmp.Or(o.Etcd, "etcd"))
		if err != nil {
			return fmt.Errorf("no etcd to compare with: %w.\n%s\n(or --against self, which compares this framework with itself)", err, howToGet)
		}
		o.Etcd = path
	case "self":
		o.Etcd = ""
	default:
		return fmt.Errorf("--against %q: it is etcd or self", against)
	}
	if o.Benchmark == "own" {
		o.Benchmark = ""
		return nil
	}
	path, err := exec.LookPath(cmp.Or(o.Benchmark, "benchmark"))
	if err != nil && o.Benchmark != "" {
		return fmt.Errorf("looking for etcd's benchmark: %w.\n%s", err, howToGet)
	}
	o.Benchmark = path
	return nil
}

const howToGet = `In an empty folder, these build etcd and its benchmark:
  go mod init tools
  go get -tool go.etcd.io/etcd/server/v3@v3.7.3 && go build -o etcd go.etcd.io/etcd/server/v3
and in another one:
  go mod init tools
  go get -tool go.etcd.io/etcd/v3/tools/benchmark@v3.6.8 && go build -o benchmark go.etcd.io/etcd/v3/tools/benchmark
Then say where they are: --etcd-binary, --benchmark.`

func (a *app) runBench(ctx context.Context, o bench.Options, result string) error {
	o.Say = func(format string, args ...any) { fmt.Fprintf(a.out, "%s %s\n", clock(), fmt.Sprintf(format, args...)) }
	o.Save = func(r *bench.Report) error { return r.WriteJSON(result) }
	if o.Benchmark == "" {
		o.Say("the load is made with clientv3, for there is no benchmark of etcd's here (`bench --help`)")
	}
	if o.Earlier == nil {
		o.Say("this takes about %v; Ctrl-C ends it with what there is", o.Duration())
	} else {
		o.Say("going on with %s; Ctrl-C ends it with what there is", result)
	}
	r, err := bench.Run(ctx, o)
	if err != nil {
		return &brokenError{err}
	}
	r.Table(a.out)
	fmt.Fprintf(a.out, "All values are in %s.\n", result)
	if r.Interrupted {
		fmt.Fprintln(a.out, "The same command with --resume goes on.")
	}
	return nil
}

// load is the process that makes the load, if there is no benchmark.
func (a *app) load() *cobra.Command {
	return &cobra.Command{
		Use: "load SPEC", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return bench.RunLoad(c.Context(), args[0], os.Stdout) },
	}
}
