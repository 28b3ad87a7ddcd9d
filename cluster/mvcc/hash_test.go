package mvcc

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// At the revision of a compaction the checksum is the one that was taken then, so that members can
// be compared there before and after they have come to forget; beyond it, it is one of what is
// left. Another store that is not compacted has the first, and not the other.
func TestHashOfCompaction(t *testing.T) {
	var sums [2][2]uint32
	for i := range sums {
		b, s := openStore(t, t.TempDir()+"/db")
		w := s.Write(b.Begin())
		for _, v := range []string{"1", "2", "3"} {
			w.Put([]byte("a"), []byte(v), 0)
			w.Next()
		}
		w.Delete("a", "")
		w.Next()
		w.Put([]byte("b"), nil, 0)
		w.End()
		if i == 1 {
			w = s.Write(b.Begin())
			require.NoError(t, w.Compact(5))
			w.End()
			<-s.Compacting()
		}
		at, err := s.HashAt(5)
		require.NoError(t, err)
		require.Equal(t, int64(never), at.Compacted)
		newest, err := s.HashAt(0)
		require.NoError(t, err)
		require.Equal(t, int64(6), newest.Revision)
		sums[i] = [2]uint32{at.Sum, newest.Sum}
		_, err = s.HashAt(4)
		require.Equal(t, i == 1, err != nil)
		s.Rest()
		require.NoError(t, b.Close())
	}
	require.Equal(t, sums[0][0], sums[1][0])
	require.NotEqual(t, sums[0][1], sums[1][1])
}
