package stacks

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// theirs are this tree's packages that stand in for a student's: the reference, and etcd's library
// in its place.
var theirs = []string{"raft", "kvsrv", "kvsrv/lock", "kvraft", "kvraft/rsm", "shardkv", "shardkv/shardctrler",
	"etcdraft", "etcdraft/raft"}

// rooms are the packages of this tree that can be in the process of a run.
func rooms(t *testing.T) (all []string) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dir, _ := filepath.Rel(root, name)
		dir = filepath.ToSlash(dir)
		switch {
		case d.IsDir() && (d.Name() == "testdata" || dir == "cluster" || dir == "cmd" || dir != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		if room := path.Dir(dir); room != "." && (len(all) == 0 || all[len(all)-1] != room) {
			all = append(all, room)
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(all), 30)
	return all
}

// A crash in each room of the house is blamed on whom it belongs to, also when the code under test
// has called in there.
func TestCrashInEachRoom(t *testing.T) {
	const crash = "goroutine 7 [running]:\npanic({0x1, 0x2})\n\truntime/panic.go:783 +0x120\nraftlab/%s.(*T).f(0x1)\n\traftlab/%[1]s/f.go:9 +0x4\n"
	const called = "raftlab/raft.(*Raft).ticker(0x1)\n\traftlab/raft/raft.go:12 +0x4\n"
	for _, room := range rooms(t) {
		t.Run(room, func(t *testing.T) {
			under := false
			for _, dir := range theirs {
				under = under || room == dir
			}
			alone := fmt.Sprintf(crash, room)
			assert.Equal(t, !under, Ours(alone))
			assert.Equal(t, under, Theirs(alone))
			assert.True(t, Theirs(alone+called))
			assert.False(t, Ours(alone+called), "the code under test may have called it with what it does not take")
			assert.False(t, Ours(alone+"created by raftlab/raft.Make in goroutine 5\n\traftlab/raft/raft.go:80 +0x1a5\n"))
			tester := room == "tester" || strings.HasPrefix(room, "tester/")
			assert.Equal(t, tester, StartedInTester(alone+called))
		})
	}
}

func TestOwners(t *testing.T) {
	for path, want := range map[string]Owner{
		"raftlab/tester": Tester, "raftlab/tester/watch": Tester, "raftlab/tester_test": UnderTest,
		"raftlab/labs/lab2": Framework, "raftlab/internal/stacks": Framework, "raftlab/raft": UnderTest,
		"internal/sync": Go, "runtime": Go, "panic": Go, "testing/synctest": Go, "main": Framework,
		"6.5840/raft1": UnderTest, "raftlab": UnderTest, "raft": UnderTest, "github.com/anishathalye/porcupine": Framework,
		"go.etcd.io/raft/v3": UnderTest,
	} {
		assert.Equal(t, want.String(), OwnerOf(path).String(), path)
	}
	assert.Equal(t, Go, Frame{}.Owner())
}
