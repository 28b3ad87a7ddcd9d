package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/metadata"
)

// RunLoad is the load of this package for machines that have no benchmark of etcd's: the process of
// its own that [Run] starts. spec is a [Work] as JSON; a [Done] is written.
func RunLoad(ctx context.Context, spec string, out io.Writer) error {
	var w Work
	if err := json.Unmarshal([]byte(spec), &w); err != nil {
		return fmt.Errorf("reading what to load: %w", err)
	}
	var conns []*clientv3.Client
	for i := range w.conns() {
		c, err := dial(w.Endpoints[i%len(w.Endpoints) : i%len(w.Endpoints)+1])
		if err != nil {
			return err
		}
		defer c.Close()
		conns = append(conns, c)
	}
	do := w.requests
	if w.Load == Watch {
		do = w.watch
	}
	d, err := do(ctx, conns)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(d)
}

// requests has all clients make requests until there have been as many as asked for.
func (w Work) requests(ctx context.Context, conns []*clientv3.Client) (Done, error) {
	var made atomic.Int64
	var mu sync.Mutex
	var took []float64
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for i := range w.Clients {
		group.Go(func() error {
			var own []float64
			for made.Add(1) <= int64(w.Total) {
				start := time.Now()
				if err := w.request(ctx, conns[i%len(conns)]); err != nil {
					return fmt.Errorf("a request of client %d: %w", i, err)
				}
				own = append(own, time.Since(start).Seconds()*1000)
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, own...)
			return nil
		})
	}
	err := group.Wait()
	d := Done{Total: len(took), Seconds: time.Since(began).Seconds()}
	if slices.Sort(took); len(took) > 0 {
		d.P50, d.P99 = took[len(took)/2], took[len(took)*99/100]
	}
	return d, err
}

func (w Work) request(ctx context.Context, c *clientv3.Client) (err error) {
	key, value := fmt.Sprintf("key/%04d", rand.IntN(keySpace)), strings.Repeat("v", w.ValueSize)
	switch {
	case w.Load == Put:
		_, err = c.Put(ctx, key, value)
	case w.Load == Range:
		_, err = c.Get(ctx, prefillKey(0))
	case rand.IntN(2) == 0:
		_, err = c.Txn(ctx).Then(clientv3.OpPut(key, value)).Commit()
	default:
		_, err = c.Txn(ctx).Then(clientv3.OpGet(prefillKey(0))).Commit()
	}
	return err
}

// watch has each client watch one key, and puts it until they have got as many events as asked for.
func (w Work) watch(ctx context.Context, conns []*clientv3.Client) (Done, error) {
	const key = "watched"
	var created, ended errgroup.Group
	for i := range w.Clients {
		created.Go(func() error {
			own := metadata.AppendToOutgoingContext(ctx, "watcher", fmt.Sprint(i)) // has the client open a stream of its own for it
			events := conns[i%len(conns)].Watch(own, key, clientv3.WithCreatedNotify())
			if r, ok := <-events; !ok || r.Err() != nil {
				return fmt.Errorf("watcher %d was not created: %w", i, r.Err())
			}
			ended.Go(func() error {
				for got := 0; got < w.puts(); {
					r, ok := <-events
					if !ok || r.Err() != nil {
						return fmt.Errorf("watcher %d has ended after %d events: %w", i, got, r.Err())
					}
					got += len(r.Events)
				}
				return nil
			})
			return nil
		})
	}
	if err := created.Wait(); err != nil {
		return Done{}, err
	}
	began := time.Now()
	for range w.puts() {
		if _, err := conns[0].Put(ctx, key, "x"); err != nil {
			return Done{}, fmt.Errorf("a put for the watchers: %w", err)
		}
	}
	err := ended.Wait()
	return Done{Total: w.puts() * w.Clients, Seconds: time.Since(began).Seconds()}, err
}
