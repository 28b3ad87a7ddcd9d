package robustness

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/tests/v3/framework/e2e"
	"go.uber.org/zap"

	"raftlab/cluster/disk"
	"raftlab/cluster/launch"
	"raftlab/cluster/transport"
)

// cluster is one of etcd's test framework, whose members are ours.
type cluster struct {
	*e2e.EtcdProcessCluster
	t *testing.T
}

// folder is what a member keeps in its data directory. Members have the same numbers there as in
// the framework.
func (c *cluster) folder(i int) (*launch.Folder, error) {
	return launch.Read(c.Procs[i].Config().DataDirPath)
}

func (c *cluster) leader() int { return c.WaitLeader(c.t) }

// faults are the list. Each is done once while clients are at work.
var faults = []struct {
	name string
	do   func(ctx context.Context, c *cluster) error
}{
	{"Nothing", func(context.Context, *cluster) error { return nil }},
	{"KillFollower", func(ctx context.Context, c *cluster) error { return c.kill(ctx, (c.leader()+1)%3, false) }},
	{"KillLeader", func(ctx context.Context, c *cluster) error { return c.kill(ctx, c.leader(), false) }},
	{"PowerOfLeader", func(ctx context.Context, c *cluster) error { return c.kill(ctx, c.leader(), true) }},
	{"StopLeader", func(_ context.Context, c *cluster) error {
		p := c.Procs[c.leader()]
		if err := p.Pause(); err != nil {
			return err
		}
		time.Sleep(3 * time.Second)
		return p.Resume()
	}},
	{"CutLeaderOff", func(_ context.Context, c *cluster) error { return c.cut(c.leader()) }},
	{"CutFollowerOff", func(_ context.Context, c *cluster) error { return c.cut((c.leader() + 1) % 3) }},
	{"Defragment", func(ctx context.Context, c *cluster) error {
		for _, e := range c.EndpointsGRPC() {
			k, err := clientv3.New(clientv3.Config{Endpoints: []string{e}, Logger: zap.NewNop()})
			if err != nil {
				return err
			}
			_, err = k.Defragment(ctx, e)
			k.Close()
			if err != nil {
				return err
			}
		}
		return nil
	}},
	{"MoveLeader", func(ctx context.Context, c *cluster) error { return c.MoveLeader(ctx, c.t, (c.leader()+1)%3) }},
}

// kill kills a member, has it lose what was not synced if it loses its power, and starts it again.
func (c *cluster) kill(ctx context.Context, i int, power bool) error {
	p := c.Procs[i]
	if err := p.Kill(); err != nil {
		return err
	}
	if err := p.Wait(ctx); err != nil {
		return err
	}
	if power {
		f, err := c.folder(i)
		if err != nil {
			return err
		}
		for _, dir := range []string{f.WAL(i), f.MemberDir(i)} {
			if _, _, err := disk.Lose(dir, rand.New(rand.NewPCG(1, 2))); err != nil {
				return fmt.Errorf("losing what was not synced in %s: %w", dir, err)
			}
		}
	}
	return p.Start(ctx)
}

// cut cuts a member off for a while.
func (c *cluster) cut(i int) error {
	f, err := c.folder(i)
	if err != nil {
		return err
	}
	if err := f.Inject(i, transport.Faults{Cut: []int{(i + 1) % 3, (i + 2) % 3}}); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	return f.Inject(i, transport.Faults{})
}
