package sim

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// TestNoRoom: a full disk is not a mistake in the code under test, whoever meets it.
func TestNoRoom(t *testing.T) {
	c := compilation{Build: Build{Framework: t.TempDir()}, code: &tree{underTest: []string{"raft"}}}
	for text, ours := range map[string]bool{"no space left on device": true, "disk quota exceeded": true, "undefined: votes": false} {
		err := c.blame("# raftlab/raft\nraft/x.go:3:1: write /tmp/x.a: "+text+"\n", errors.New("exit status 1"), nil)
		var theirs *CompileError
		require.Equal(t, !ours, errors.As(err, &theirs), "%v", err)
		if ours {
			require.ErrorContains(t, advised(err), "set RAFTLAB_CACHE and GOCACHE to directories on another disk")
		}
	}
}

// TestNoPlaceForTheCache: what cannot be written says where that would be, and what to do.
func TestNoPlaceForTheCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	t.Setenv("RAFTLAB_CACHE", filepath.Join(file, "cache"))
	_, err := miniBuild(t).Binary(context.Background(), nil)
	require.ErrorContains(t, err, "set RAFTLAB_CACHE to a directory in which raftlab may write")

	for _, reason := range []error{fs.ErrPermission, syscall.EROFS} {
		err := advised(&fs.PathError{Op: "open", Path: filepath.Join(file, "cache", "keys", "x"), Err: reason})
		require.ErrorContains(t, err, "set RAFTLAB_CACHE to a directory in which raftlab may write")
		require.ErrorIs(t, err, reason)
	}
	elsewhere := &fs.PathError{Op: "open", Path: "/other", Err: fs.ErrPermission}
	require.Equal(t, error(elsewhere), advised(elsewhere))
}

// TestNoRoomForARun: a native run that cannot write its verdict says nothing about the code.
func TestNoRoomForARun(t *testing.T) {
	n := &nativeRun{output: &output{tail: []byte("x\n" + record.Lost + "the verdict: no space left on device\n")}}
	v := n.ending(nil, 0)
	require.Equal(t, record.FrameworkError, v.Outcome)
	require.Contains(t, v.Message, "the verdict: no space left on device")
	require.Contains(t, v.Message, "set TMPDIR")
}
