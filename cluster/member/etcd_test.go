package member_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/etcd"
	"raftlab/cluster/launch"
	"raftlab/cluster/scrape"
	"raftlab/cluster/trace"
	"raftlab/labrpc"
	"raftlab/raft"
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

// Clients of etcd write at any member and read what they have written there, also while it is
// behind; a watcher misses nothing although its member goes away and comes back with a snapshot; a
// lease that nobody keeps alive takes its key along; a lock is held by one; all members have the
// same in the end.
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
			readsWithoutTheLog(t, ctx, f)
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

// ownAndOthersWrites reads at every member what was written at one: at that one even a serializable
// read finds it.
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

// readsWithoutTheLog has transactions that only read leave the log as it is, those within others
// too, at every member.
func readsWithoutTheLog(t *testing.T, ctx context.Context, f *launch.Folder) {
	t.Helper()
	entries := func(c *clientv3.Client, i int) uint64 {
		r, err := c.Status(ctx, f.Members[i].Etcd)
		require.NoError(t, err)
		return r.RaftIndex
	}
	for i := range 3 {
		c := etcdClient(t, f, i)
		_, err := c.Get(ctx, "own") // this member has heard of all that there is
		require.NoError(t, err)
		before := entries(c, i)
		r, err := c.Txn(ctx).Then(clientv3.OpGet("own"), clientv3.OpTxn(nil, []clientv3.Op{clientv3.OpGet("own")}, nil)).Commit()
		require.NoError(t, err)
		require.Len(t, r.Responses[1].GetResponseTxn().Responses[0].GetResponseRange().Kvs, 1)
		require.Equal(t, before, entries(c, i))
		_, err = c.Txn(ctx).Then(clientv3.OpGet("own"), clientv3.OpTxn(nil, []clientv3.Op{clientv3.OpPut("own", "5")}, nil)).Commit()
		require.NoError(t, err)
		require.Less(t, before, entries(c, i))
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
		"metrics": `grpc_server_handled_total{grpc_code="OK",grpc_method="Range",grpc_service="etcdserverpb.KV",grpc_type="unary"}`} {
		r, err := http.Get("http://" + f.Members[0].Etcd + "/" + path)
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, r.StatusCode)
		require.Contains(t, string(body), want)
	}
	dashboards(t, f)
}

// dashboards looks for what dashboards that are made for etcd show. After all that has been done most
// of it is above 0.
func dashboards(t *testing.T, f *launch.Folder) {
	t.Helper()
	sum := scrape.Values{}
	for _, m := range f.Members {
		v, err := scrape.Read(t.Context(), m.Etcd)
		require.NoError(t, err)
		for name, value := range v {
			name, _, _ = strings.Cut(name, "{")
			sum[name] += value
		}
	}
	for _, name := range []string{
		"etcd_server_has_leader", "etcd_server_is_leader", "etcd_server_leader_changes_seen_total", "etcd_server_proposals_committed_total",
		"etcd_server_proposals_applied_total", "etcd_server_quota_backend_bytes", "etcd_server_id", "etcd_server_version",
		"etcd_disk_wal_fsync_duration_seconds_bucket", "etcd_disk_backend_commit_duration_seconds_bucket",
		"etcd_debugging_disk_backend_commit_rebalance_duration_seconds_count", "etcd_debugging_disk_backend_commit_spill_duration_seconds_count",
		"etcd_debugging_disk_backend_commit_write_duration_seconds_count", "etcd_network_peer_sent_bytes_total", "etcd_network_peer_received_bytes_total",
		"etcd_network_client_grpc_sent_bytes_total", "etcd_network_client_grpc_received_bytes_total", "etcd_network_peer_round_trip_time_seconds_bucket",
		"etcd_mvcc_db_total_size_in_bytes", "etcd_mvcc_db_total_size_in_use_in_bytes", "etcd_mvcc_put_total", "etcd_mvcc_delete_total",
		"etcd_debugging_mvcc_keys_total", "etcd_debugging_mvcc_watcher_total", "etcd_debugging_mvcc_watch_stream_total",
		"etcd_debugging_mvcc_events_total",
		"grpc_server_started_total", "grpc_server_handling_seconds_bucket", "process_resident_memory_bytes"} {
		require.Positive(t, sum[name], name)
	}
	for _, name := range []string{"etcd_server_proposals_pending", "etcd_server_proposals_failed_total", "etcd_server_slow_apply_total",
		"etcd_server_slow_read_indexes_total", "etcd_server_read_indexes_failed_total", "etcd_server_is_learner", "etcd_disk_defrag_inflight",
		"etcd_debugging_mvcc_slow_watcher_total", "etcd_debugging_lease_granted_total", "etcd_debugging_server_lease_expired_total"} {
		require.Contains(t, sum, name)
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

// Raft is the reference, whose peers call each other by that name, and counts how often it has
// handed its leadership over.
type Raft struct {
	*raft.Raft
	handed *atomic.Int32
}

func (n *Raft) TransferLeadership(to int) bool {
	done := n.Raft.TransferLeadership(to)
	if done {
		n.handed.Add(1)
	}
	return done
}

// What a cluster was told when it was made: its store is compacted as time goes by, and its leader
// reads on a lease. A leader that is told to end hands its leadership over first.
func TestEtcdSettings(t *testing.T) {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	f := etcdFolder(t)
	f.Compaction, f.LeaseReads = [2]string{etcd.ModePeriodic, "500ms"}, true
	require.NoError(t, f.Save())
	var members []*running
	peers, handed := make(chan *Raft, 3), &atomic.Int32{}
	for i := range 3 {
		members = append(members, start(t, f, i, func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
			n := &Raft{raft.Make(ends, me, p, ch), handed}
			peers <- n
			return n
		}))
		defer members[i].ends(t)
	}
	awaitReady(t, f, 0, 1, 2)
	c := etcdClient(t, f, 0, 1, 2)
	_, err := c.Put(ctx, "x", "old")
	require.NoError(t, err)
	put, err := c.Put(ctx, "x", "new")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := c.Get(ctx, "x", clientv3.WithRev(put.Header.Revision-1))
		return errors.Is(err, rpctypes.ErrCompacted)
	}, 30*time.Second, 50*time.Millisecond, "the old value goes")

	traced(t, ctx, f, c)

	all := []*Raft{<-peers, <-peers, <-peers}
	require.Eventually(t, func() bool {
		return slices.ContainsFunc(all, func(n *Raft) bool { _, leased := n.LeaseRead(); return leased })
	}, 30*time.Second, 20*time.Millisecond, "somebody has a lease")
	_, err = c.Get(ctx, "x")
	require.NoError(t, err)

	leader := -1
	require.Eventually(t, func() bool {
		leader = slices.IndexFunc(f.Members, func(a launch.Addresses) bool {
			r, err := c.Status(ctx, a.Etcd)
			return err == nil && r.Leader == r.Header.MemberId
		})
		return leader >= 0
	}, 30*time.Second, 20*time.Millisecond)
	members[leader].stop()
	require.Eventually(t, func() bool { return handed.Load() > 0 }, 30*time.Second, 20*time.Millisecond)
}

// traced follows a put through all members.
func traced(t *testing.T, ctx context.Context, f *launch.Folder, c *clientv3.Client) {
	t.Helper()
	needle, err := proto.Marshal(&pb.PutRequest{Key: []byte("followed"), Value: []byte("value")})
	require.NoError(t, err)
	for i := range f.Members {
		require.NoError(t, f.Trace(i, needle))
	}
	_, err = c.Put(ctx, "followed", "another value")
	require.NoError(t, err)
	_, err = c.Put(ctx, "followed", "value")
	require.NoError(t, err)
	var events []trace.Event
	require.Eventually(t, func() bool {
		events = nil
		for i := range f.Members {
			own, err := f.Traced(i)
			require.NoError(t, err)
			events = append(events, own...)
		}
		return trace.Everywhere(events, []int{0, 1, 2})
	}, 30*time.Second, 20*time.Millisecond)
	count := func(what string) (n int) {
		for _, e := range events {
			if strings.HasPrefix(e.What, what) {
				n++
			}
		}
		return n
	}
	require.Equal(t, 1, count("proposes it"), "%v", events)
	require.Equal(t, 3, count("on disk"))
	require.GreaterOrEqual(t, count("sends it to member"), 2)
	require.GreaterOrEqual(t, count("hears it from member"), 2)
	require.Equal(t, 3, count("the peer delivers entry"))
	require.Equal(t, 3, count("applied"))
	for i := range f.Members {
		require.NoError(t, f.Trace(i, nil))
	}
	_, err = c.Put(ctx, "followed", "value")
	require.NoError(t, err)
	for i := range f.Members {
		own, err := f.Traced(i)
		require.NoError(t, err)
		require.Empty(t, own, "nobody asks any more")
	}
}
