package wal

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/cluster/disk"
	"raftlab/raftapi"
)

// The real file system, with segments of the real size.
func TestOnTheSystemsDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	l, err := Open(dir, Options{})
	require.NoError(t, err)
	l.Write(raftapi.Update{Header: []byte("h"), From: 1, Entries: [][]byte{{1}, {2}}})
	l.Write(raftapi.Update{SnapshotIndex: 1, Snapshot: []byte("one")})

	_, err = Open(dir, Options{})
	require.ErrorContains(t, err, "in use by another process")
	require.NoError(t, l.Close())

	info, err := os.Stat(segmentOf(dir))
	require.NoError(t, err)
	require.EqualValues(t, 64<<20, info.Size())
	l, err = Open(dir, Options{})
	require.NoError(t, err)
	same(t, raftapi.Stored{Header: []byte("h"), SnapshotIndex: 1, Snapshot: []byte("one"), Entries: [][]byte{{2}}}, l.Load())
	require.NoError(t, l.Close())
}

// Segments go when a snapshot covers their entries, and not before.
func TestSegmentsGoBehindSnapshots(t *testing.T) {
	dir := t.TempDir()
	l := openSmall(t, dir)
	for i := range 50 {
		l.Write(raftapi.Update{From: i + 1, Entries: [][]byte{make([]byte, 500)}})
	}
	all := len(l.segments)
	require.Greater(t, all, 5)
	l.Write(raftapi.Update{SnapshotIndex: 1, Snapshot: []byte("a")})
	require.Len(t, l.segments, all)
	l.Write(raftapi.Update{SnapshotIndex: 25, Snapshot: []byte("b")})
	require.Less(t, len(l.segments), all)
	some := len(l.segments)
	want := l.Load()
	require.NoError(t, l.Close())

	l = openSmall(t, dir)
	same(t, want, l.Load())
	require.Len(t, l.segments, some)
	l.Write(raftapi.Update{SnapshotIndex: 50, Snapshot: []byte("c")})
	require.Len(t, l.segments, 1)
	require.NoError(t, l.Close())
	files, err := filepath.Glob(filepath.Join(dir, "0*.*"))
	require.NoError(t, err)
	require.Len(t, files, 2, "a segment and a snapshot")
}

// A full disk stops the process. The reserve makes room, and when there is space again the log goes
// on.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	full := false
	fs, err := disk.OpenFragile(dir, func(op, name string) error {
		if full && op == "allocate" {
			return syscall.ENOSPC
		}
		return nil
	})
	require.NoError(t, err)
	l, err := Open(dir, small(fs))
	require.NoError(t, err)
	full = true
	acknowledged := 0
	require.PanicsWithError(t, "beginning a segment of the log: no space left on device. This member stops: the disk is full: "+
		"free some space and start this member again; nothing that was acknowledged is lost", func() {
		for range 100 {
			l.Write(raftapi.Update{From: acknowledged + 1, Entries: [][]byte{make([]byte, 500)}})
			acknowledged++
		}
	})
	require.NoFileExists(t, filepath.Join(dir, reserveName))
	require.NoError(t, l.lock.Close())

	_, err = Open(dir, small(fs))
	require.ErrorContains(t, err, "the disk is full: free some space")
	full = false
	l = openSmall(t, dir)
	require.FileExists(t, filepath.Join(dir, reserveName))
	require.Len(t, l.Load().Entries, acknowledged)
	require.NoError(t, l.Close())
}

func TestOtherVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, openSmall(t, dir).Close())
	b, err := os.ReadFile(segmentOf(dir))
	require.NoError(t, err)
	b[8]++
	require.NoError(t, os.WriteFile(segmentOf(dir), b, 0o644))
	_, err = Verify(dir)
	require.ErrorContains(t, err, "has the version 2, and this program knows 1")
}

// A peer that saves its whole state is told what that costs, and an unchanged snapshot is written
// once.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	var told []string
	fs, err := disk.OpenFragile(dir, nil)
	require.NoError(t, err)
	o := small(fs)
	o.Logf = func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
	l, err := Open(dir, o)
	require.NoError(t, err)
	for i := range 150 {
		l.Save(bytes.Repeat([]byte{byte(i)}, i), []byte("the same"))
	}
	require.EqualValues(t, 2, l.nextSnapshot)
	require.Len(t, l.segments, 1, "each Save makes the ones before useless")
	require.Len(t, told, 1)
	require.Contains(t, told[0], "100 times so far")
	require.NoError(t, l.Close())
	l = openSmall(t, dir)
	same(t, raftapi.Stored{State: bytes.Repeat([]byte{149}, 149), Snapshot: []byte("the same")}, l.Load())
	require.NoError(t, l.Close())
}

// A write with a hole is a bug of the peer: it panics as in memory, and leaves the log as it was.
func TestHole(t *testing.T) {
	dir := t.TempDir()
	l := openSmall(t, dir)
	require.Panics(t, func() { l.Write(raftapi.Update{From: 5, Entries: [][]byte{{1}}}) })
	require.NoError(t, l.Close())
	require.NoError(t, openSmall(t, dir).Close())
}

func TestDump(t *testing.T) {
	dir := t.TempDir()
	l := openSmall(t, dir)
	l.Write(raftapi.Update{Header: []byte{7}, SnapshotIndex: 2, Snapshot: []byte("two"), From: 3, Entries: [][]byte{[]byte("put\x1b")}})
	l.Save([]byte("state"), nil)
	require.NoError(t, l.Close())
	var b bytes.Buffer
	s, err := Dump(&b, dir)
	require.NoError(t, err)
	assert.Equal(t, Summary{Segments: 1, Groups: 3, StateBytes: 5}, s)
	assert.Contains(t, b.String(), `header 07; snapshot up to 2 (0000000000000001.snap, 3 bytes); 1 entries from 3: put\x1b`)
	_, err = Verify(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	if runtime.GOOS != "windows" {
		require.NoFileExists(t, filepath.Join(dir, "none"))
	}
}

// Whatever the bytes are, they are read or refused; what is read is written the same way.
func FuzzGroup(f *testing.F) {
	file := ref{3, 100, 7}
	f.Add(encodeUpdate(raftapi.Update{Header: []byte("h"), SnapshotIndex: 4, From: 5, Entries: [][]byte{{}, {1, 2}}}, file))
	f.Add(encodeUpdate(raftapi.Update{From: 9}, ref{}))
	f.Add(encodeSave([]byte("state"), file))
	f.Add(base{header: []byte("h"), index: 4, snapshot: file, entries: 2}.encode())
	f.Add(base{state: []byte{}}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := decodeGroup(b)
		if err != nil {
			return
		}
		var again []byte
		switch {
		case g.base != nil:
			again = g.base.encode()
		case g.save:
			again = encodeSave(g.state, g.snapshot)
		default:
			again = encodeUpdate(g.update, g.snapshot)
		}
		h, err := decodeGroup(again) // a number may have been written in more bytes than it needs
		require.NoError(t, err)
		require.Equal(t, g, h)
	})
}

// A segment of any bytes is read, cut or refused, and what was opened once can be opened again.
func FuzzSegment(f *testing.F) {
	salted := header{number: 1, first: 1, salt: 5}
	segment := func(payloads ...[]byte) []byte {
		b, chain := salted.encode(), uint32(0)
		for i, p := range payloads {
			var frame []byte
			frame, chain = encodeFrame(salted.salt, uint64(i+1), chain, p)
			b = append(b, frame...)
		}
		return append(b, make([]byte, 600)...)
	}
	empty := base{}.encode()
	f.Add(segment(empty))
	f.Add(segment(empty, encodeSave([]byte("s"), ref{})))
	f.Add(segment(empty, encodeUpdate(raftapi.Update{From: 1, Entries: [][]byte{{1}, {2}}}, ref{}), encodeUpdate(raftapi.Update{Header: []byte("h")}, ref{})))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(segmentOf(dir), b, 0o644))
		fs, err := disk.OpenFragile(dir, nil)
		require.NoError(t, err)
		l, err := Open(dir, small(fs))
		if err != nil {
			return
		}
		want := l.Load()
		require.NoError(t, l.Close())
		l = openSmall(t, dir)
		same(t, want, l.Load())
		require.NoError(t, l.Close())
	})
}

func TestFrame(t *testing.T) {
	for n := range 40 {
		b, crc := encodeFrame(1, 2, 3, make([]byte, n))
		require.Zero(t, len(b)%alignment)
		f, err := decodeFrame(1, b)
		require.NoError(t, err)
		require.Equal(t, frame{number: 2, prev: 3, crc: crc, payload: make([]byte, n), size: int64(len(b))}, f)
		_, err = decodeFrame(2, b)
		require.Error(t, err, "another segment's")
	}
	require.Equal(t, uint32(0xe3069283), crc32.Checksum([]byte("123456789"), castle), "CRC-32C, as in RFC 3720")
}

// A snapshot file of any bytes is read or refused, and what is read is what was written.
func FuzzSnapshotFile(f *testing.F) {
	whole, crc := encodeSnapshot([]byte("the service's bytes"))
	f.Add(whole, int64(19), crc)
	f.Add(whole[:20], int64(0), uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, size int64, crc uint32) {
		dir := t.TempDir()
		fs, err := disk.Open(dir)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, snapshotName(1)), b, 0o644))
		data, err := readSnapshot(fs, ref{1, size, crc})
		if err != nil {
			var damage *Damage
			require.ErrorAs(t, err, &damage)
			return
		}
		again, sum := encodeSnapshot(data)
		require.Equal(t, b, again)
		require.Equal(t, crc, sum)
	})
}
