package lease

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/backend"
)

// A leader counts from the grant and from each renewal on. A new one gives every lease its whole
// time again, and more; one that is no leader any more, or in another term, renews and finds
// nothing.
func TestClock(t *testing.T) {
	b, err := backend.Open(filepath.Join(t.TempDir(), "db"), backend.Options{})
	require.NoError(t, err)
	l, begin := New(), time.Now()
	at := func(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }
	expired := func(seconds float64) []int64 {
		ids, _ := l.Expired(at(seconds))
		return ids
	}
	l.Lead(3, at(0), time.Second)
	tx := b.Begin()
	require.True(t, l.Grant(tx, 7, 10, at(0)))
	require.True(t, l.Grant(tx, 8, 5, at(1)))
	tx.End()
	require.Empty(t, expired(5.9))
	require.Equal(t, []int64{8}, expired(6))

	ttl, counts := l.Renew(7, 3, at(9))
	require.Equal(t, int64(10), ttl)
	require.True(t, counts)
	require.Equal(t, []int64{8}, expired(18.9))
	ttl, counts = l.Renew(8, 3, at(9))
	require.Zero(t, ttl, "its time was over")
	require.True(t, counts)
	require.Equal(t, []int64{8, 7}, expired(19), "the oldest first")
	ttl, counts = l.Renew(7, 3, at(18.9))
	require.Zero(t, ttl, "it was found expired, and is about to be revoked")
	require.True(t, counts)
	_, counts = l.Renew(7, 2, at(9))
	require.False(t, counts, "in another term")

	l.Follow()
	require.Empty(t, expired(1000))
	_, counts = l.Renew(7, 3, at(9))
	require.False(t, counts)
	l.Lead(5, at(100), time.Second)
	require.Empty(t, expired(105.9))
	ttl, _ = l.Renew(7, 5, at(100))
	require.Equal(t, int64(10), ttl, "what another term has found is void")
	ids, term := l.Expired(at(106))
	require.Equal(t, []int64{8}, ids)
	require.Equal(t, uint64(5), term)
	require.Equal(t, int64(10), l.Look(7, at(101)).Remaining)

	again, read := New(), b.Read()
	require.NoError(t, again.Load(read))
	read.Close()
	require.Equal(t, []int64{7, 8}, again.List())
	require.Equal(t, int64(5), again.Look(8, begin).Granted)
	require.NoError(t, b.Close())
}
