package stacks

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

const dump = `panic: oops

goroutine 7 [chan receive (durable), 2 minutes, synctest bubble 3]:
raftlab/raft.(*Raft).ticker(0xc000104000)
	/home/student/raft/raft.go:120 +0x45
created by raftlab/raft.Make in goroutine 5
	/home/student/raft/raft.go:80 +0x1a5

goroutine 9 [sync.Mutex.Lock]:
internal/sync.runtime_SemacquireMutex(0x1?, 0x0?, 0xc000086f78?)
	runtime/sema.go:95 +0x25
sync.(*Mutex).Lock(...)
	sync/mutex.go:46
raftlab/labrpc.(*Server).dispatch(0x0)
	raftlab/labrpc/server.go:33 +0x11
6.5840/raft1.(*Raft).RequestVote.func1()
	C:/course/raft1/raft.go:9 +0x1
`

func TestParseStacks(t *testing.T) {
	gs := Parse(dump)
	require.Len(t, gs, 2)
	require.Equal(t, 7, gs[0].ID)
	require.Equal(t, "chan receive (durable)", gs[0].State)
	require.Equal(t, "3", gs[0].Bubble)
	require.Equal(t, "raftlab/raft.(*Raft).ticker", gs[0].Frames[0].Function)
	require.Equal(t, "raftlab/raft.Make", gs[0].Creator.Function)
	f, ok := gs[0].UnderTest()
	require.True(t, ok)
	require.Equal(t, "raft.(*Raft).ticker (raft.go:120)", f.Short())
	f, ok = gs[1].UnderTest()
	require.True(t, ok)
	require.Equal(t, "6.5840/raft1", f.Package())
	require.Equal(t, "raft1.(*Raft).RequestVote.func1 (raft.go:9)", f.Short())
	require.Less(t, 0, len(Interesting(gs)))
}

func TestOwnGoroutineComesFirst(t *testing.T) {
	_, file, _, _ := runtime.Caller(0)
	g := All()[0]
	found := false
	for _, f := range g.Frames {
		found = found || f.File == file
	}
	require.True(t, found, g.Text)
	_, theirs := g.UnderTest()
	require.False(t, theirs, "the tester is not code under test")
}
