package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"raftlab/cluster/kv"
	"raftlab/cluster/wal"
	"raftlab/kvapi"
)

func (a *app) put() *cobra.Command {
	only := int64(-1)
	c := &cobra.Command{Use: "put KEY VALUE", Short: "Write a key", Args: cobra.ExactArgs(2)}
	c.Flags().Int64Var(&only, "if-version", only, "write only if the key has this `version`; 0: if it is not there")
	c.RunE = func(_ *cobra.Command, args []string) error {
		return a.client(func(c *kv.Client) (kv.Result, error) {
			if only >= 0 {
				return c.PutIf(args[0], args[1], kvapi.Version(only))
			}
			return c.Put(args[0], args[1])
		}, func(r kv.Result) { fmt.Fprintf(a.out, "version %d\n", r.Version) })
	}
	return c
}

func (a *app) get() *cobra.Command {
	return &cobra.Command{
		Use: "get KEY", Short: "Read a key", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.client(func(c *kv.Client) (kv.Result, error) { return c.Get(args[0]) },
				func(r kv.Result) { fmt.Fprintln(a.out, r.Value) })
		},
	}
}

// client executes one operation.
func (a *app) client(do func(*kv.Client) (kv.Result, error), show func(kv.Result)) error {
	f, err := a.folder()
	if err != nil {
		return err
	}
	if f.Etcd {
		return &usageError{fmt.Errorf("the cluster in %s has etcd's API: put and get with etcdctl, at ETCDCTL_ENDPOINTS=%s", f.Path, f.Endpoints())}
	}
	c, node := f.Client(0)
	defer node.Close()
	r, err := do(c)
	switch {
	case err != nil:
		return fmt.Errorf("%w (`%s status%s` shows the members)", err, program, a.dataFlag())
	case r.Err == kvapi.ErrNoKey:
		return fmt.Errorf("there is no such key")
	case r.Err == kvapi.ErrVersion:
		return fmt.Errorf("not written: the key has version %d", r.Version)
	}
	show(r)
	return nil
}

func (a *app) wal() *cobra.Command {
	c := &cobra.Command{Use: "wal", Short: "Look at a member's log on disk"}
	c.AddCommand(&cobra.Command{
		Use: "verify DIR", Short: "Read a log, and say whether a member could be started on it", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := wal.Verify(args[0])
			if err == nil {
				fmt.Fprintln(a.out, s)
			}
			return err
		},
	}, &cobra.Command{
		Use: "dump DIR", Short: "A line for each group of records", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := wal.Dump(a.out, args[0])
			if err == nil {
				fmt.Fprintln(a.out, s)
			}
			return err
		},
	})
	return c
}
