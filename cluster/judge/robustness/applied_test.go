package robustness

import (
	"slices"

	"github.com/stretchr/testify/require"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/storage/datadir"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/machine"
)

// applied writes all requests that were applied, in their order, as a log of etcd's, for that is
// where its models look. What members have recorded has to be the same, index by index, before and
// after every crash. It returns the data directory.
func (c *cluster) applied(lg *zap.Logger) string {
	entries := map[int][][]byte{}
	newest := 0
	for i := range c.Procs {
		f, err := c.folder(i)
		require.NoError(c.t, err)
		record, err := machine.ReadRecord(f.Applied(i))
		require.NoError(c.t, err)
		for _, e := range record {
			if before, seen := entries[e.Index]; seen {
				require.True(c.t, slices.EqualFunc(before, e.Ops, slices.Equal), "member %d has applied another entry at %d", i, e.Index)
			}
			entries[e.Index] = e.Ops
			newest = max(newest, e.Index)
		}
	}
	dir := c.t.TempDir()
	w, err := wal.Create(lg, datadir.ToWALDir(dir), nil)
	require.NoError(c.t, err)
	defer w.Close()
	var log []*raftpb.Entry
	term := uint64(0)
	for index := 1; index <= newest; index++ {
		ops, seen := entries[index]
		require.True(c.t, seen, "no member has recorded the entry %d", index)
		for _, op := range ops {
			item, err := machine.DecodeItem(op)
			require.NoError(c.t, err)
			if proto.Equal(item.Request, &pb.InternalRaftRequest{}) { // a barrier, by which a term begins
				term = max(term, item.Term)
			} else if item.Term == 0 || item.Term == term { // what a leader decides is void in another term
				data, err := proto.Marshal(item.Request)
				require.NoError(c.t, err)
				log = append(log, &raftpb.Entry{Term: proto.Uint64(1), Index: proto.Uint64(uint64(len(log) + 1)), Data: data})
			}
		}
	}
	require.NoError(c.t, w.Save(&raftpb.HardState{Term: proto.Uint64(1), Commit: proto.Uint64(uint64(len(log)))}, log))
	return dir
}
