package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	etcdapi "raftlab/cluster/etcd"
	"raftlab/cluster/launch"
)

func (a *app) up() *cobra.Command {
	n, etcd, o := 3, false, settings{mode: etcdapi.ModePeriodic}
	c := &cobra.Command{
		Use: "up", Short: "Start a cluster, and end it with Ctrl-C", Args: cobra.NoArgs,
		Long: `Start the members of a cluster as processes, on loopback, and show what happens to them until Ctrl-C or
"down". All data is in one folder (--data); a cluster that is there already goes on where it was.`,
	}
	c.Flags().IntVarP(&n, "members", "n", n, "members of a new cluster")
	c.Flags().BoolVar(&etcd, "etcd", false, "serve etcd's API: etcdctl and clientv3 work on it (docs/etcd-api.md)")
	o.flags(c.Flags())
	c.RunE = func(c *cobra.Command, _ []string) error {
		if n < 1 || n > 9 {
			return &usageError{fmt.Errorf("-n %d: a cluster has 1 to 9 members, 3 or 5 are usual", n)}
		}
		if etcd && !c.Flags().Changed("data") {
			a.data = defaultEtcd
		}
		if err := o.check(etcd, c.Flags()); err != nil {
			return &usageError{err}
		}
		f, err := a.openFolder(n, c.Flags().Changed("members"), etcd)
		if err != nil {
			return err
		}
		if err := o.save(c.Flags(), f); err != nil {
			return err
		}
		return a.runAll(c.Context(), f)
	}
	return c
}

// openFolder finds the cluster, or makes a new one.
func (a *app) openFolder(n int, asked, etcd bool) (*launch.Folder, error) {
	f, err := a.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		create := launch.Create
		if etcd {
			create = launch.CreateEtcd
		}
		if _, err := create(a.data, n, implementation); err != nil {
			return nil, err
		}
		return launch.Read(a.data)
	case err != nil:
		return nil, err
	case f.Implementation != implementation:
		return nil, fmt.Errorf("the logs in %s were written by the peer %q, and this is %q, which could not read them: "+
			"give the same --impl, or another --data", a.data, f.Implementation, implementation)
	case etcd != f.Etcd:
		return nil, &usageError{fmt.Errorf("the cluster in %s was made %s --etcd: start it so, or give another --data", a.data, map[bool]string{true: "with", false: "without"}[f.Etcd])}
	case asked && n != len(f.Members):
		return nil, &usageError{fmt.Errorf("the cluster in %s has %d members: -n is for new ones", a.data, len(f.Members))}
	}
	for i := range f.Members {
		if _, err := f.Status(i, false); err == nil {
			return nil, fmt.Errorf("the cluster in %s runs already, in another terminal (`%s down%s` ends it)", a.data, program, a.dataFlag())
		}
	}
	return f, nil
}

// runAll starts all members and waits for the end.
func (a *app) runAll(ctx context.Context, f *launch.Folder) error {
	if implementation != "reference" && implementation != "etcdraft" {
		fmt.Fprintf(a.out, "note: %s runs with your rights, outside of any sandbox\n", implementation)
	}
	ended := make(chan *launch.Process)
	running := 0
	var all []*launch.Process
	defer func() { launch.EndAll(all) }()
	for i, m := range f.Members {
		p, err := f.Start(i, "member")
		if err != nil {
			return err
		}
		all = append(all, p)
		running++
		go func() {
			<-p.Ended()
			select {
			case ended <- p:
			case <-ctx.Done():
			}
		}()
		fmt.Fprintf(a.out, "member %d  %s  http://%s/status  log: %s\n", i, m.Peers, m.HTTP, f.Log(i))
	}
	ready := make(chan error, 1)
	go func() {
		within, stop := context.WithTimeout(ctx, 30*time.Second)
		defer stop()
		ready <- f.AwaitReady(within, numbers(len(all))...)
	}()
	for {
		select {
		case err := <-ready:
			if err != nil && ctx.Err() == nil {
				fmt.Fprintf(a.out, "%s not all members are ready: %v\n", clock(), err)
			} else if err == nil {
				fmt.Fprintf(a.out, "%s ready. In another terminal:\n%sCtrl-C ends the cluster.\n", clock(), a.examples(f))
			}
		case p := <-ended:
			running--
			fmt.Fprintf(a.out, "%s member %d has ended\n", clock(), p.Member)
			if p.Err() != nil {
				fmt.Fprintf(a.out, "  by itself (%v). It said last:\n%s\n", p.Err(), f.Tail(p.Member, 3))
			}
			if running == 0 {
				return nil
			}
		case <-ctx.Done():
			fmt.Fprintf(a.out, "%s ending; the data stays in %s\n", clock(), a.data)
			return nil
		}
	}
}

// examples are commands to copy.
func (a *app) examples(f *launch.Folder) string {
	if f.Etcd {
		return fmt.Sprintf("  export ETCDCTL_ENDPOINTS=%s\n  etcdctl put x hello && etcdctl get x\n"+
			"(docs/etcd-api.md tells where to get etcdctl)\n", f.Endpoints())
	}
	return fmt.Sprintf("  %s put KEY VALUE%s\n  %s get KEY%s\n", program, a.dataFlag(), program, a.dataFlag())
}

// defaultEtcd is where a cluster with etcd's API is kept unless it is said.
const defaultEtcd = "raftlab-etcd"

// dataFlag is what has to be added to a command to be copied.
func (a *app) dataFlag() string {
	if a.data == defaultData {
		return ""
	}
	return " --data " + a.data
}

func numbers(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}
