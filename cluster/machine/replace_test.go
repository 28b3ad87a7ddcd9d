package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"raftlab/cluster/mvcc"
)

// Whoever reads while another database takes this one's place gets a whole state, of before or of
// after: the rows that the old index knows are not in a database that is compacted.
func TestReadWhileReplaced(t *testing.T) {
	const keys = 500
	ahead, behind := newBench(t), newBench(t)
	fill := func(b bench) {
		for i := range keys {
			require.NoError(t, b.put(fmt.Sprint("k", i), "", 0))
		}
	}
	fill(behind)
	fill(ahead)
	fill(ahead)
	r := &pb.InternalRaftRequest{Compaction: &pb.CompactionRequest{Revision: ahead.Store.Revision()}}
	require.NoError(t, ahead.do(Item{Request: r}, &pb.CompactionResponse{}))
	<-ahead.Store.Compacting()
	copied := filepath.Join(t.TempDir(), "copy")
	_, err := ahead.CopyTo(copied)
	require.NoError(t, err)

	over, readers := make(chan struct{}), sync.WaitGroup{}
	for range 4 {
		readers.Go(func() {
			for end := false; !end; {
				select {
				case <-over:
					end = true
				default:
				}
				r, err := behind.Store.Range(mvcc.Query{Key: "k", End: "l"})
				if err != nil || len(r.KVs) != keys {
					t.Errorf("%d keys are read, %v", len(r.KVs), err)
					return
				}
			}
		})
	}
	require.NoError(t, behind.Replace(func() error { return os.Rename(copied, behind.path) }))
	close(over)
	readers.Wait()
	require.Equal(t, int64(1+2*keys), behind.Store.Revision())
}
