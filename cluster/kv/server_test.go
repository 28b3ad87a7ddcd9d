package kv

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/disk"
	"raftlab/cluster/replica"
	"raftlab/kvapi"
	"raftlab/raftapi"
)

// alone is a peer that is a cluster by itself: what it takes is committed at once.
type alone struct {
	applyCh chan raftapi.ApplyMsg
	queue   chan string
	index   int
}

func (a *alone) Start(command any) (index, term int, leads bool) {
	a.index++
	a.queue <- command.(string)
	return a.index, 1, true
}

func (a *alone) GetState() (int, bool) { return 1, true }

func (a *alone) Kill() { close(a.queue) }

func (a *alone) run() {
	index := 0
	for command := range a.queue {
		index++
		a.applyCh <- raftapi.ApplyMsg{CommandValid: true, Command: command, CommandIndex: index}
	}
}

func TestServer(t *testing.T) {
	dir := t.TempDir()
	fs, err := disk.Open(dir)
	require.NoError(t, err)
	files, err := replica.OpenFiles(replica.FilesConfig{FS: fs, Dir: dir, Database: "db", Secret: "s", Members: 1, Logf: t.Logf})
	require.NoError(t, err)
	peer := &alone{queue: make(chan string, 100)}
	s, err := Start(Config{File: filepath.Join(dir, "db"), Config: replica.Config{Files: files, Persister: raftapi.MakePersister(),
		Make:   func(ch chan raftapi.ApplyMsg) raftapi.Raft { peer.applyCh = ch; go peer.run(); return peer },
		Routes: []replica.Route{nil}, Logf: t.Logf, Fatal: func(err error) { panic(err) }}})
	require.NoError(t, err)
	defer s.Kill()
	require.Equal(t, Result{Err: kvapi.ErrNoKey}, s.Do(Op{Kind: Get, Key: "x"}))
	id := s.Do(Op{Kind: Open}).Session
	require.NotZero(t, id)
	for range 2 {
		require.Equal(t, Result{Err: kvapi.OK, Version: 1}, s.Do(Op{Kind: Append, Key: "x", Value: "1", Session: id, Seq: 1}))
	}
	require.Equal(t, Result{Err: kvapi.OK, Value: "1", Version: 1}, s.Do(Op{Kind: Get, Key: "x"}))
	require.Equal(t, ErrTooLarge, s.Do(Op{Kind: Put, Value: string(make([]byte, MaxValue+1))}).Err)
	require.Equal(t, ErrKind, s.Do(Op{Kind: '?'}).Err, "it must not reach the log")
	require.Eventually(t, func() bool { return s.Ready() == nil }, 10*time.Second, time.Millisecond)
	require.Len(t, s.Status(true).Hash, 64)
}
