package chaos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"raftlab/cluster/machine"
)

// etcdLoad is what goes on in a cluster with etcd's API.
type etcdLoad struct {
	etcdRecord
	stopWatches context.CancelFunc
	watchers    sync.WaitGroup
}

// etcdClients starts clients, a watcher at each member, sessions, and somebody who compacts and
// defragments.
func (c *run) etcdClients(ctx context.Context, all *sync.WaitGroup) error {
	watching, stop := context.WithCancel(context.Background())
	c.etcd.stopWatches = stop
	for i := range c.members {
		w := &etcdWatch{Member: i}
		c.etcd.Watches = append(c.etcd.Watches, w)
		c.etcd.watchers.Go(func() {
			if err := w.run(watching, c.folder, c.record.began); err != nil {
				c.o.Say("the watcher at member %d: %v", i, err)
			}
		})
	}
	everywhere := c.numbers()
	for n := range c.o.Clients + 3 {
		members := everywhere
		if n%2 == 1 {
			members = []int{n % len(c.members)}
		}
		k, err := etcdClient(c.folder, members...)
		if err != nil {
			return err
		}
		draws := rand.New(rand.NewPCG(c.draws.Uint64(), 1))
		all.Go(func() {
			defer k.Close()
			switch n - c.o.Clients {
			case 0, 1:
				c.etcd.runSessions(ctx, k, c.record.began)
			case 2:
				c.etcd.runCleaner(ctx, k, draws)
			default:
				c.etcd.runClient(ctx, k, draws)
			}
		})
	}
	return nil
}

const (
	cleanEvery = 3 * time.Second
	kept       = 100 // revisions that watchers may still need
)

// runCleaner compacts what all watchers have got, and defragments one member after the other.
func (r *etcdRecord) runCleaner(ctx context.Context, c *clientv3.Client, draws *rand.Rand) {
	tick := time.NewTicker(cleanEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		within, stop := context.WithTimeout(ctx, etcdPatience)
		least := r.Watches[0].reached()
		for _, w := range r.Watches {
			least = min(least, w.reached())
		}
		if least > kept {
			_, _ = c.Compact(within, least-kept) // a member that is away does not, and the next time somebody will
		}
		_, _ = c.Defragment(within, c.Endpoints()[draws.IntN(len(c.Endpoints()))])
		stop()
	}
}

// leasesGo waits until the leases that nobody keeps alive any more are gone, with their keys.
func (c *run) leasesGo(ctx context.Context) error {
	k, err := etcdClient(c.folder, c.numbers()...)
	if err != nil {
		return err
	}
	defer k.Close()
	left := "nobody could say"
	for began := time.Now(); time.Since(began) < c.o.Patience && ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
		within, stop := context.WithTimeout(ctx, etcdPatience)
		a, err := k.Get(within, leasePrefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
		stop()
		if err == nil && len(a.Kvs) == 0 {
			return nil
		} else if err == nil {
			left = fmt.Sprint(a.Kvs)
		}
	}
	c.violated(leaseLives, "leases that nobody keeps alive have not gone: %s", left)
	return failed("%s: leases that nobody keeps alive have not gone: %s", leaseLives, left)
}

func (c *run) violated(name, format string, args ...any) {
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	c.watch.violated(name, format, args...)
}

// watchersArrive waits until those at members that run have got everything.
func (c *run) watchersArrive() error {
	late := ""
	for began := time.Now(); time.Since(began) < c.o.Patience; time.Sleep(50 * time.Millisecond) {
		late = ""
		for _, w := range c.etcd.Watches {
			if at := w.reached(); slices.Contains(c.numbers(), w.Member) && at < c.etcd.newest {
				late = fmt.Sprintf("the watcher at member %d has come to revision %d of %d", w.Member, at, c.etcd.newest)
			}
		}
		if late == "" {
			return nil
		}
	}
	c.violated(watchesAgree, "%s", late)
	return failed("%s: %s", watchesAgree, late)
}

// judgeEtcd has all that clients were told judged.
func (c *run) judgeEtcd() error {
	if c.etcd.stopWatches != nil {
		c.etcd.stopWatches()
		c.etcd.watchers.Wait()
	}
	c.report.Operations, c.report.Unknown = c.etcd.counts()
	wrong := c.etcd.judge()
	if wrong == nil {
		_, wrong = c.etcd.leases()
	}
	var f *failure
	if errors.As(wrong, &f) {
		for _, name := range []string{acknowledged, watchesAgree, leaseLives} {
			if len(f.text) > len(name) && f.text[:len(name)] == name {
				c.violated(name, "%s", f.text[len(name)+2:])
			}
		}
	}
	return wrong
}

// sameEntries compares what members have written down of what they have applied, in all their
// lives.
func (c *run) sameEntries() (shared int, wrong string, err error) {
	entries, seenBy := map[int][][]byte{}, map[int]int{}
	for i := range c.members {
		record, err := machine.ReadRecord(c.folder.Applied(i))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return 0, "", err
		}
		for _, e := range record {
			before, seen := entries[e.Index]
			if seen && !slices.EqualFunc(before, e.Ops, slices.Equal) {
				return 0, fmt.Sprintf("members %d and %d have not applied the same entry at %d", seenBy[e.Index], i, e.Index), nil
			}
			if seen {
				shared++
			}
			entries[e.Index], seenBy[e.Index] = e.Ops, i
		}
	}
	return shared, "", nil
}

// etcdInvariants are what else has to hold in a cluster with etcd's API.
func (c *run) etcdInvariants(all []Invariant) ([]Invariant, error) {
	shared, wrong, err := c.sameEntries()
	if err != nil {
		return nil, err
	}
	operations, _ := c.etcd.counts()
	for i := range all {
		switch all[i].Name {
		case acknowledged:
			all[i].Seen, all[i].Meaning = operations, "every answer has its place in one order of all writes, by its revision"
		case oneEntry:
			if all[i].Seen = shared; wrong != "" {
				all[i].Violation = wrong
			}
		}
	}
	events := 0
	for _, w := range c.etcd.Watches {
		for _, m := range w.Messages {
			events += len(m)
		}
	}
	renewed, _ := c.etcd.leases()
	return append(all, Invariant{Name: watchesAgree, Seen: events, Of: "events", Violation: c.watch.wrong[watchesAgree],
		Meaning: "each watcher gets every event, once, in order, whole revisions at a time, and no promise too early"},
		Invariant{Name: leaseLives, Seen: renewed, Of: "renewals", Violation: c.watch.wrong[leaseLives],
			Meaning: "a lease lives for as long as it was promised, whoever leads, and goes when nobody keeps it alive"}), nil
}
