package member_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"raftlab/cluster/launch"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

// alone is a cluster of one member, and what its clients speak.
func alone(t *testing.T, quota int64) (*clientv3.Client, *grpc.ClientConn) {
	t.Helper()
	return aloneOn(t, quota, reference)
}

func aloneOn(t *testing.T, quota int64, peer raftapi.MakeFunc) (*clientv3.Client, *grpc.ClientConn) {
	t.Helper()
	f, err := launch.CreateEtcd(t.TempDir(), 1, "test")
	require.NoError(t, err)
	f.Quota = quota
	require.NoError(t, f.Save())
	m := start(t, f, 0, peer)
	t.Cleanup(func() { m.ends(t) })
	awaitReady(t, f, 0)
	conn, err := grpc.NewClient("passthrough:///"+f.Members[0].Etcd, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return etcdClient(t, f, 0), conn
}

// large is a value of which several do not fit into one message of a watch.
var large = strings.Repeat("v", 300<<10)

// A stream says up to where its watchers have got everything when they have, and not before; a
// revision that is too large for a message comes in pieces, if the client asks for that; and who
// begins before a compaction is told where that was.
func TestEtcdWatch(t *testing.T) {
	c, conn := alone(t, 0)
	for i := range 12 {
		_, err := c.Put(t.Context(), fmt.Sprint("k", i), large)
		require.NoError(t, err)
	}
	_, err := c.Delete(t.Context(), "k", clientv3.WithPrefix())
	require.NoError(t, err)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	s, err := pb.NewWatchClient(conn).Watch(ctx)
	require.NoError(t, err)
	send := func(r *pb.WatchRequest) { require.NoError(t, s.Send(r)) }
	create := &pb.WatchCreateRequest{Key: []byte("k"), RangeEnd: []byte("l"), StartRevision: 2, PrevKv: true, Fragment: true}
	send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: create}})
	send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}})
	puts, gone, pieces := 0, 0, 0
	for more := true; more; {
		r, err := s.Recv()
		require.NoError(t, err)
		more = r.WatchId != -1
		for _, e := range r.Events {
			if e.Kv.Version > 0 {
				puts++
			} else {
				gone++
				require.Len(t, e.PrevKv.Value, len(large))
			}
		}
		if r.Fragment {
			pieces++
		}
	}
	require.Equal(t, [2]int{12, 12}, [2]int{puts, gone}, "all has come before the promise that it has")
	require.Positive(t, pieces)
	create = &pb.WatchCreateRequest{Key: []byte("later"), StartRevision: 16}
	send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: create}})
	send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}})
	_, err = s.Recv() // that it has been created
	require.NoError(t, err)
	for range 2 {
		_, err = c.Put(t.Context(), "later", "")
		require.NoError(t, err)
	}
	r, err := s.Recv()
	require.NoError(t, err)
	require.Len(t, r.Events, 1, "a watcher that begins in the future is not told of the past")

	negative := <-c.Watch(ctx, "k1", clientv3.WithRev(-1))
	require.ErrorContains(t, negative.Err(), "compacted")

	_, err = c.Compact(t.Context(), 10)
	require.NoError(t, err)
	compacted := <-c.Watch(ctx, "k1", clientv3.WithRev(3))
	require.True(t, compacted.Canceled)
	require.Equal(t, int64(10), compacted.CompactRevision)
}

// A range that comes in pieces has everything once, at one revision.
func TestEtcdStream(t *testing.T) {
	c, conn := alone(t, 0)
	const n = 2100
	for from := 0; from < n; from += 100 {
		var ops []clientv3.Op
		for i := range 100 {
			ops = append(ops, clientv3.OpPut(fmt.Sprintf("k%05d", from+i), "v"))
		}
		_, err := c.Txn(t.Context()).Then(ops...).Commit()
		require.NoError(t, err)
	}
	s, err := pb.NewKVClient(conn).RangeStream(t.Context(), &pb.RangeRequest{Key: []byte("k"), RangeEnd: []byte("l"), Limit: n - 1})
	require.NoError(t, err)
	var keys []string
	last, pieces := &pb.RangeResponse{}, 0
	for {
		r, err := s.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		pieces++
		last = r.RangeResponse
		for _, kv := range last.Kvs {
			keys = append(keys, string(kv.Key))
		}
	}
	require.Greater(t, pieces, 1)
	require.Len(t, keys, n-1)
	for i, k := range keys {
		require.Equal(t, fmt.Sprintf("k%05d", i), k)
	}
	require.True(t, last.More)
	require.Equal(t, int64(n), last.Count)
}

// What etcd refuses as too large is refused, to the byte: etcd counts the ID that it gives to a
// request.
func TestEtcdTooLarge(t *testing.T) {
	c, _ := alone(t, 0)
	put := func(value int) error {
		_, err := c.Put(t.Context(), "k", strings.Repeat("v", value))
		return err
	}
	// Around the value are: its tag and length, the key's and the put's own.
	const most = 3<<19 - (1 + 3) - (1 + 1 + 1) - (1 + 3) - 14
	require.NoError(t, put(most))
	require.ErrorIs(t, put(most+1), rpctypes.ErrRequestTooLarge)
}

// behind is a peer that says, if it is told to, that many entries are committed which this member has
// not applied.
type behind struct {
	*raft.Raft
	entries *atomic.Int64
}

func (b behind) CommitIndex() int { return b.Raft.CommitIndex() + int(b.entries.Load()) }

// A member that is 5,000 entries behind takes no more, and still reads.
func TestEtcdBehind(t *testing.T) {
	var entries atomic.Int64
	c, _ := aloneOn(t, 0, func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
		return behind{raft.Make(ends, me, p, ch), &entries}
	})
	for _, n := range []int64{0, 5000, 5001, 0} {
		entries.Store(n)
		_, err := c.Put(t.Context(), "k", "v")
		if n > 5000 {
			require.ErrorIs(t, err, rpctypes.ErrTooManyRequests)
		} else {
			require.NoError(t, err)
		}
		_, err = c.Get(t.Context(), "k")
		require.NoError(t, err)
	}
}

// A database that is full takes nothing any more, until what is deleted has been compacted and
// defragmented, and the alarm ended.
func TestEtcdQuota(t *testing.T) {
	c, _ := alone(t, 2<<20)
	var err error
	for i := 0; err == nil; i++ {
		require.Less(t, i, 200, "it never gets full")
		_, err = c.Put(t.Context(), fmt.Sprint("k", i), large)
	}
	require.ErrorContains(t, err, "database space exceeded")
	for path, want := range map[string]int{"health": http.StatusServiceUnavailable, "health?exclude=NOSPACE": http.StatusOK,
		"readyz": http.StatusOK, "livez/serializable_read": http.StatusOK} {
		r, err := http.Get("http://" + c.Endpoints()[0] + "/" + path)
		require.NoError(t, err)
		r.Body.Close()
		require.Equal(t, want, r.StatusCode, path)
	}
	alarms, err := c.AlarmList(t.Context())
	require.NoError(t, err)
	require.Len(t, alarms.Alarms, 1)
	_, err = c.Grant(t.Context(), 60)
	require.ErrorContains(t, err, "database space exceeded")
	gone, err := c.Delete(t.Context(), "k", clientv3.WithPrefix())
	require.NoError(t, err)
	_, err = c.Compact(t.Context(), gone.Header.Revision, clientv3.WithCompactPhysical())
	require.NoError(t, err)
	_, err = c.Defragment(t.Context(), c.Endpoints()[0])
	require.NoError(t, err)
	_, err = c.Put(t.Context(), "k", "v")
	require.ErrorContains(t, err, "database space exceeded", "nobody has ended the alarm")
	_, err = c.AlarmDisarm(t.Context(), (*clientv3.AlarmMember)(alarms.Alarms[0]))
	require.NoError(t, err)
	_, err = c.Put(t.Context(), "k", "v")
	require.NoError(t, err)
}
