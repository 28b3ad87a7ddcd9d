package member_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/launch"
	"raftlab/cluster/member"
	"raftlab/etcdraft"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

func reference(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
	return raft.Make(ends, me, p, ch)
}

func library(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, ch chan raftapi.ApplyMsg) raftapi.Raft {
	return etcdraft.Make(ends, me, p, ch)
}

// running is a member in this process.
type running struct {
	stop context.CancelFunc
	end  chan error
}

func start(t *testing.T, f *launch.Folder, i int, peer raftapi.MakeFunc) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stop, make(chan error, 1)}
	go func() {
		r.end <- member.Run(ctx, member.Config{Folder: f, Member: i, Make: peer, Logf: func(string, ...any) {}})
	}()
	return r
}

func (r *running) ends(t *testing.T) {
	t.Helper()
	r.stop()
	require.NoError(t, <-r.end)
}

// refused is why a member does not start. One that does is a failure.
func refused(t *testing.T, f *launch.Folder, i int) error {
	t.Helper()
	r := start(t, f, i, reference)
	select {
	case err := <-r.end:
		return err
	case <-time.After(20 * time.Second):
		r.ends(t)
		return errors.New("it was let in")
	}
}

func newFolder(t *testing.T) *launch.Folder {
	t.Helper()
	f, err := launch.Create(t.TempDir(), 3, "test")
	require.NoError(t, err)
	f.Fragile, f.MaxLog = true, 4000
	require.NoError(t, f.Save())
	return f
}

func awaitReady(t *testing.T, f *launch.Folder, members ...int) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 60*time.Second)
	defer stop()
	require.NoError(t, f.AwaitReady(ctx, members...))
}

// Clients write to a cluster, a member goes away and comes back so far behind that it needs a
// snapshot, and all members come to the same data; then all are started again.
func TestCluster(t *testing.T) {
	for name, peer := range map[string]raftapi.MakeFunc{"reference": reference, "etcdraft": library} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t)
			members := []*running{start(t, f, 0, peer), start(t, f, 1, peer), start(t, f, 2, peer)}
			awaitReady(t, f, 0, 1, 2)
			writes(t, f, 3, 5)
			members[0].ends(t)
			awaitReady(t, f, 1, 2)
			writes(t, f, 3, 40)
			members[0] = start(t, f, 0, peer)
			awaitReady(t, f, 0)
			agree(t, f)
			for _, m := range members {
				m.ends(t)
			}
			for i := range members {
				members[i] = start(t, f, i, peer)
			}
			awaitReady(t, f, 0, 1, 2)
			agree(t, f)
			c, node := f.Client(1)
			defer node.Close()
			for i := range 3 {
				r, err := c.Get(fmt.Sprint("key", i))
				require.NoError(t, err)
				require.Equal(t, strings.Repeat("x", 5)+strings.Repeat("x", 40), r.Value)
			}
			for _, m := range members {
				m.ends(t)
			}
		})
	}
}

// writes has clients append, each to a key of its own.
func writes(t *testing.T, f *launch.Folder, clients, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			c, node := f.Client(i)
			defer node.Close()
			for range n {
				if _, err := c.Append(fmt.Sprint("key", i), "x"); err != nil {
					t.Errorf("append: %v", err)
				}
				if _, err := c.Put("padding", strings.Repeat("p", 100)); err != nil {
					t.Errorf("put: %v", err)
				}
			}
		})
	}
	all.Wait()
}

// agree waits until all members have the same data.
func agree(t *testing.T, f *launch.Folder) {
	t.Helper()
	require.Eventually(t, func() bool {
		var hashes []string
		for i := range f.Members {
			s, err := f.Status(i, true)
			if err != nil {
				return false
			}
			hashes = append(hashes, s.Hash)
		}
		return hashes[0] == hashes[1] && hashes[1] == hashes[2]
	}, 30*time.Second, 50*time.Millisecond)
}

// A member that may have voted does not come back with an empty memory, and no directory is taken
// for another's.
func TestWhoseDirectory(t *testing.T) {
	f := newFolder(t)
	m := start(t, f, 0, reference)
	require.Eventually(t, func() bool { _, err := f.Status(0, false); return err == nil }, 30*time.Second, 20*time.Millisecond)
	require.ErrorContains(t, refused(t, f, 0), "in use by another process")
	m.ends(t)
	require.NoError(t, os.Rename(f.MemberDir(0), f.MemberDir(1)))
	require.ErrorContains(t, refused(t, f, 0), "member 0 has been started before, and may have voted")
	require.ErrorContains(t, refused(t, f, 1), "belongs to member 0")
	require.NoError(t, os.Rename(f.MemberDir(1), f.MemberDir(0)))
	other := *f
	other.Implementation = "another"
	require.ErrorContains(t, refused(t, &other, 0), `on "test", and not to member 0`)
	start(t, f, 0, reference).ends(t)
	require.NoError(t, os.RemoveAll(f.WAL(0)))
	require.ErrorContains(t, refused(t, f, 0), "the log was begun, and no file of it is here")
}

// The HTTP address is for programs on this machine, not for pages that a browser shows.
func TestNotForBrowsers(t *testing.T) {
	f := newFolder(t)
	m := start(t, f, 0, reference)
	defer m.ends(t)
	require.Eventually(t, func() bool { _, err := f.Status(0, false); return err == nil }, 30*time.Second, 20*time.Millisecond)
	require.Error(t, f.Ready(0), "one of three leads nobody")
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.Header.Set("Origin", "http://example.com") },
		func(r *http.Request) { r.Host = "example.com:80" },
	} {
		r, err := http.NewRequest(http.MethodPost, "http://"+f.Members[0].HTTP+"/stop", nil)
		require.NoError(t, err)
		change(r)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, http.StatusForbidden, answer.StatusCode)
	}
	_, err := f.Status(0, false)
	require.NoError(t, err)
}
