package member_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.uber.org/zap"

	"raftlab/cluster/launch"
	"raftlab/raftapi"
)

// etcdFolder is a new cluster with etcd's API, which takes snapshots often.
func etcdFolder(t *testing.T) *launch.Folder {
	t.Helper()
	f, err := launch.CreateEtcd(t.TempDir(), 3, "test")
	require.NoError(t, err)
	f.MaxLog = 8000
	require.NoError(t, f.Save())
	return f
}

// etcdClient is a client of those members.
func etcdClient(t *testing.T, f *launch.Folder, members ...int) *clientv3.Client {
	t.Helper()
	var endpoints []string
	for _, i := range members {
		endpoints = append(endpoints, f.Members[i].Etcd)
	}
	c, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop(), DialTimeout: 20 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// Clients of etcd write at any member and read what they have written there, also while it is behind; a watcher misses nothing
// although its member goes away and comes back with a snapshot; a lease that nobody keeps alive takes its key along; a
// lock is held by one; all members have the same in the end.
func TestEtcd(t *testing.T) {
	for name, peer := range map[string]raftapi.MakeFunc{"reference": reference, "etcdraft": library} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
			defer stop()
			f := etcdFolder(t)
			members := []*running{start(t, f, 0, peer), start(t, f, 1, peer), start(t, f, 2, peer)}
			awaitReady(t, f, 0, 1, 2)
			first, others := etcdClient(t, f, 0), etcdClient(t, f, 1, 2)
			ownAndOthersWrites(t, ctx, f)
			locked(t, ctx, first, others)
			expires(t, ctx, others)

			begin, err := others.Put(ctx, "w/begin", "")
			require.NoError(t, err)
			events := first.Watch(ctx, "w/", clientv3.WithPrefix(), clientv3.WithRev(begin.Header.Revision))
			require.Equal(t, "w/begin", string((<-events).Events[0].Kv.Key))
			members[0].ends(t)
			awaitReady(t, f, 1, 2)
			for i := range 40 {
				_, err := others.Put(ctx, fmt.Sprint("w/", i), strings.Repeat("x", 1000))
				require.NoError(t, err)
			}
			members[0] = start(t, f, 0, peer)
			awaitReady(t, f, 0)
			for i := 0; i < 40; {
				r := <-events
				require.NoError(t, r.Err())
				for _, e := range r.Events {
					require.Equal(t, fmt.Sprint("w/", i), string(e.Kv.Key))
					i++
				}
			}
			sameHash(t, ctx, f)
			speaks(t, f)
			for _, m := range members {
				m.ends(t)
			}
		})
	}
}

// ownAndOthersWrites reads at every member what was written at one: at that one even a serializable read finds it.
func ownAndOthersWrites(t *testing.T, ctx context.Context, f *launch.Folder) {
	t.Helper()
	clients := []*clientv3.Client{etcdClient(t, f, 0), etcdClient(t, f, 1), etcdClient(t, f, 2)}
	for i := range 6 {
		_, err := clients[i%3].Put(ctx, "own", fmt.Sprint(i))
		require.NoError(t, err)
		for j := range clients {
			var o []clientv3.OpOption
			if j == 0 {
				o = append(o, clientv3.WithSerializable())
			}
			r, err := clients[(i+j)%3].Get(ctx, "own", o...)
			require.NoError(t, err)
			require.Len(t, r.Kvs, 1)
			require.Equal(t, fmt.Sprint(i), string(r.Kvs[0].Value))
		}
	}
}

// locked has two clients hold a lock in turn.
func locked(t *testing.T, ctx context.Context, a, b *clientv3.Client) {
	t.Helper()
	mutex := func(c *clientv3.Client) *concurrency.Mutex {
		s, err := concurrency.NewSession(c, concurrency.WithTTL(30))
		require.NoError(t, err)
		return concurrency.NewMutex(s, "lock")
	}
	ours, theirs := mutex(a), mutex(b)
	require.NoError(t, ours.Lock(ctx))
	require.ErrorIs(t, theirs.TryLock(ctx), concurrency.ErrLocked)
	require.NoError(t, ours.Unlock(ctx))
	require.NoError(t, theirs.Lock(ctx))
	require.NoError(t, theirs.Unlock(ctx))
}

// expires waits until a lease has taken its key along.
func expires(t *testing.T, ctx context.Context, c *clientv3.Client) {
	t.Helper()
	l, err := c.Grant(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, int64(2), l.TTL, "the least")
	put, err := c.Put(ctx, "leased", "", clientv3.WithLease(l.ID))
	require.NoError(t, err)
	alive, err := c.KeepAliveOnce(ctx, l.ID)
	require.NoError(t, err)
	require.Equal(t, int64(2), alive.TTL)
	for r := range c.Watch(ctx, "leased", clientv3.WithRev(put.Header.Revision+1)) {
		require.NoError(t, r.Err())
		require.Equal(t, clientv3.EventTypeDelete, r.Events[0].Type)
		break
	}
	left, err := c.TimeToLive(ctx, l.ID)
	require.NoError(t, err)
	require.Equal(t, int64(-1), left.TTL)
}

// speaks asks what is answered to plain HTTP, on the port of the clients.
func speaks(t *testing.T, f *launch.Folder) {
	t.Helper()
	for path, want := range map[string]string{"version": `"etcdserver":"3.`, "health": `"health":"true"`, "readyz": "ok", "livez": "ok",
		"metrics": "etcd_disk_wal_fsync_duration_seconds_count"} {
		r, err := http.Get("http://" + f.Members[0].Etcd + "/" + path)
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, r.StatusCode)
		require.Contains(t, string(body), want)
	}
}

func sameHash(t *testing.T, ctx context.Context, f *launch.Folder) {
	t.Helper()
	c := etcdClient(t, f, 0, 1, 2)
	var sums []uint32
	for i, m := range f.Members {
		one := etcdClient(t, f, i)
		_, err := one.Get(ctx, "x") // it has everything now
		require.NoError(t, err)
		h, err := c.HashKV(ctx, m.Etcd, 0)
		require.NoError(t, err)
		sums = append(sums, h.Hash)
	}
	require.Equal(t, []uint32{sums[0], sums[0], sums[0]}, sums)
}
