package chaos

import (
	"context"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"raftlab/cluster/launch"
)

// etcdEvent is what a watcher has got.
type etcdEvent struct {
	Revision int64
	Key      string
	Value    string
	Gone     bool          `json:",omitempty"`
	Version  int64         `json:",omitempty"`
	Create   int64         `json:",omitempty"`
	Seen     time.Duration // since the beginning
}

// etcdWatch is all that a watcher has got. A message is a list of events, and has whole revisions.
type etcdWatch struct {
	Member   int
	Messages [][]etcdEvent
	Progress []progress
	mu       sync.Mutex
	upTo     int64
}

// progress is a promise: a watcher that is told of a revision has got everything up to it.
type progress struct {
	Revision int64
	Messages int // that had come before
}

// reached is how far the watcher is.
func (w *etcdWatch) reached() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.upTo
}

// askEvery is how often a watcher asks how far it is.
const askEvery = 200 * time.Millisecond

// run watches at one member until ctx is over. What the connection loses is taken up where it was,
// as clients do it.
func (w *etcdWatch) run(ctx context.Context, f *launch.Folder, began time.Time) error {
	c, err := etcdClient(f, w.Member)
	if err != nil {
		return err
	}
	defer c.Close()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		got := c.Watch(ctx, "", clientv3.WithPrefix(), clientv3.WithRev(w.reached()+1))
		for open := true; open; {
			select {
			case <-tick.C:
				_ = c.RequestProgress(ctx) // a member that is away does not answer
			case r, ok := <-got:
				if open = ok && !r.Canceled; open {
					w.note(r, time.Since(began))
				}
			}
		}
	}
	return nil
}

func (w *etcdWatch) note(r clientv3.WatchResponse, seen time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.upTo = max(w.upTo, r.Header.Revision)
	if r.IsProgressNotify() {
		w.Progress = append(w.Progress, progress{r.Header.Revision, len(w.Messages)})
		return
	}
	var list []etcdEvent
	for _, e := range r.Events {
		list = append(list, etcdEvent{Revision: e.Kv.ModRevision, Key: string(e.Kv.Key), Value: string(e.Kv.Value),
			Gone: e.Type == clientv3.EventTypeDelete, Version: e.Kv.Version, Create: e.Kv.CreateRevision, Seen: seen})
		w.upTo = max(w.upTo, e.Kv.ModRevision)
	}
	if len(list) > 0 {
		w.Messages = append(w.Messages, list)
	}
}

// session is a lease that is kept alive, and has a key.
type session struct {
	Key   string
	TTL   time.Duration
	mu    sync.Mutex
	Alive []time.Duration // when it was asked for more time, and got it
	Over  bool            // nobody keeps it alive any more
}

// leaseTTL is shorter than a long stop of the leader.
const leaseTTL = 3 * time.Second

const leasePrefix = "lease/"

// runSessions keeps leases alive, one after the other, until ctx is over: each is given up after a
// while.
func (r *etcdRecord) runSessions(ctx context.Context, c *clientv3.Client, began time.Time) {
	for ctx.Err() == nil {
		r.mu.Lock()
		s := &session{Key: fmt.Sprint(leasePrefix, len(r.Sessions)), TTL: leaseTTL}
		r.Sessions = append(r.Sessions, s)
		r.mu.Unlock()
		s.run(ctx, c, began)
	}
}

// sessionLasts is how long a lease is kept alive.
const sessionLasts = 20 * time.Second

func (s *session) run(ctx context.Context, c *clientv3.Client, began time.Time) {
	defer func() {
		s.mu.Lock()
		s.Over = true
		s.mu.Unlock()
	}()
	short := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.WithoutCancel(ctx), etcdPatience)
	}
	within, stop := short()
	asked := time.Since(began)
	l, err := c.Grant(within, int64(leaseTTL/time.Second))
	if err == nil {
		_, err = c.Put(within, s.Key, "", clientv3.WithLease(l.ID))
	}
	stop()
	if err != nil {
		return
	}
	s.lives(asked)
	for until := time.Now().Add(sessionLasts); time.Now().Before(until) && ctx.Err() == nil; time.Sleep(leaseTTL / 6) {
		within, stop := short()
		asked := time.Since(began)
		a, err := c.KeepAliveOnce(within, l.ID)
		stop()
		if err == nil && a.TTL > 0 {
			s.lives(asked)
		}
	}
}

func (s *session) lives(from time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Alive = append(s.Alive, from)
}
