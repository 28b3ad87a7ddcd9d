package wal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/disk"
	"raftlab/raftapi"
)

// life runs one process on the directory: it opens the log, which has to hold what was promised,
// and writes until its power is gone after some operations of the disk. It returns the states that
// the next life may find: the last one that was promised, and the one that was being written.
func life(t *testing.T, r *rand.Rand, dir string, allowed []raftapi.Stored, saves bool) []raftapi.Stored {
	t.Helper()
	left := r.IntN([]int{8, 60}[r.IntN(2)]) // short lives: what one finds must be safe before it does anything
	fs, err := disk.OpenFragile(dir, func(string, string) error {
		if left--; left < 0 {
			return errPower
		}
		return nil
	})
	require.NoError(t, err)
	l, err := Open(dir, small(fs))
	if errors.Is(err, errPower) {
		return allowed // nothing was promised
	}
	require.NoError(t, err)
	defer l.Close()
	found := l.Load()
	known := false
	for _, a := range allowed {
		known = known || equal(a, found)
	}
	if !known {
		same(t, allowed[0], found, "what was promised has been forgotten")
	}
	memory := raftapi.MemoryFrom(found)
	allowed = []raftapi.Stored{found} // the peer has seen it
	for {
		c := anyChange(r, memory.Load(), saves)
		c.to(memory)
		if !survives(func() { c.to(l) }) {
			return append(allowed, memory.Load())
		}
		allowed = []raftapi.Stored{memory.Load()}
	}
}

// survives says whether f comes back while there is power.
func survives(f func()) (yes bool) {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, errPower) {
				panic(p)
			}
		}
	}()
	f()
	return true
}

// Lives end by kill -9, which loses nothing that was written, or by loss of power, which loses any
// part of what was not synced. Whatever was promised in one is there in all that follow.
func TestPowerLoss(t *testing.T) {
	lost := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		dir := t.TempDir()
		allowed := []raftapi.Stored{{}}
		for range 8 {
			allowed = life(t, r, dir, allowed, seed%5 == 4)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
			if r.IntN(3) > 0 {
				sectors, names, err := disk.Lose(dir, r)
				require.NoError(t, err)
				lost += sectors + names
			}
		}
	}
	require.Greater(t, lost, 100, "the disk loses something")
}

// written is a log of one segment, and what was stored after each group.
func written(t *testing.T, groups int) (dir string, states []raftapi.Stored, ends []int64) {
	r := rand.New(rand.NewPCG(7, 3))
	dir, memory := t.TempDir(), raftapi.NewMemory()
	fs, err := disk.OpenFragile(dir, nil)
	require.NoError(t, err)
	o := small(fs)
	o.SegmentSize = 8192
	l, err := Open(dir, o)
	require.NoError(t, err)
	states, ends = append(states, memory.Load()), append(ends, l.at)
	for len(states) <= groups {
		c := anyChange(r, memory.Load(), false)
		if c.update.SnapshotIndex != 0 {
			continue // only one snapshot file is there at a time
		}
		c.to(memory)
		c.to(l)
		if l.at > ends[len(ends)-1] {
			states, ends = append(states, memory.Load()), append(ends, l.at)
		}
	}
	require.NoError(t, l.Close())
	return dir, states, ends
}

func segmentOf(dir string) string { return filepath.Join(dir, segmentName(1)) }

// The log ends at any byte: as many groups are there as were complete, and it can be written to.
func TestCutAtEveryByte(t *testing.T) {
	dir, states, ends := written(t, 12)
	whole, err := os.ReadFile(segmentOf(dir))
	require.NoError(t, err)
	at := copyDir(t, dir)
	complete := 0
	for cut := ends[0]; cut <= ends[len(ends)-1]; cut++ {
		for complete+1 < len(ends) && cut >= ends[complete+1] {
			complete++
		}
		torn := make([]byte, len(whole))
		copy(torn, whole[:cut])
		require.NoError(t, os.WriteFile(segmentOf(at), torn, 0o644))
		l := openSmall(t, at)
		// Bytes that are zero anyhow are not missed.
		if complete+1 == len(states) || !equal(states[complete+1], l.Load()) {
			same(t, states[complete], l.Load(), "cut at %d", cut)
		}
		if cut%8 != 0 {
			require.NoError(t, l.Close())
			continue
		}
		l.Write(raftapi.Update{Header: []byte("after")})
		require.NoError(t, l.Close())
		l = openSmall(t, at)
		require.Equal(t, "after", string(l.Load().Header))
		require.NoError(t, l.Close())
		_ = os.Remove(filepath.Join(at, segmentName(2))) // the write may have begun one
	}
}

// A file that is shorter than it was made is not what a crash leaves: the log would begin without
// what it has promised.
func TestShorterFile(t *testing.T) {
	dir, _, ends := written(t, 12)
	whole, err := os.ReadFile(segmentOf(dir))
	require.NoError(t, err)
	for _, cut := range []int64{headerSize, ends[3], ends[3] + 5, ends[len(ends)-1], int64(len(whole)) - 1} {
		require.NoError(t, os.WriteFile(segmentOf(dir), whole[:cut], 0o644))
		fs, err := disk.OpenFragile(dir, nil)
		require.NoError(t, err)
		_, err = Open(dir, small(fs))
		var damage *Damage
		require.ErrorAs(t, err, &damage, "cut at %d", cut)
		require.Equal(t, cut, damage.Offset)
		left, err := os.ReadFile(segmentOf(dir))
		require.NoError(t, err)
		require.Equal(t, whole[:cut], left, "nothing was changed")
	}
	old := append([]byte{}, whole...) // by a program that did not note the size
	clear(old[44:56])
	require.NoError(t, os.WriteFile(segmentOf(dir), old[:ends[3]], 0o644))
	require.NoError(t, openSmall(t, dir).Close())
}

// What is cut off is zeroed: a later write that is torn as well must not find sound groups behind
// it.
func TestTornEndIsZeroed(t *testing.T) {
	dir := t.TempDir()
	l := openSmall(t, dir)
	begin := l.at
	l.Write(raftapi.Update{From: 1, Entries: [][]byte{make([]byte, 700), {7}}})
	end := l.at
	require.NoError(t, l.Close())
	whole, err := os.ReadFile(segmentOf(dir))
	require.NoError(t, err)
	whole[begin+frameHead+20] ^= 1
	require.NoError(t, os.WriteFile(segmentOf(dir), whole, 0o644))
	require.NoError(t, openSmall(t, dir).Close())
	whole, err = os.ReadFile(segmentOf(dir))
	require.NoError(t, err)
	require.Equal(t, make([]byte, end-begin), whole[begin:end])
}

// A bit that has changed in some byte is noticed. Before the last group the log is refused, with
// the place; in the last group it looks like a crash.
func TestRot(t *testing.T) {
	dir, states, ends := written(t, 6)
	whole, err := os.ReadFile(segmentOf(dir))
	require.NoError(t, err)
	last := ends[len(ends)-2]
	r := rand.New(rand.NewPCG(1, 4))
	for at := int64(0); at < ends[len(ends)-1]; at += 5 {
		copyOf := append([]byte{}, whole...)
		copyOf[at] ^= 1 << r.IntN(8)
		require.NoError(t, os.WriteFile(segmentOf(dir), copyOf, 0o644))
		fs, err := disk.OpenFragile(dir, nil)
		require.NoError(t, err)
		l, err := Open(dir, small(fs))
		var damage *Damage
		switch {
		case err == nil && at >= last:
			if !equal(states[len(states)-1], l.Load()) { // a bit of the padding
				same(t, states[len(states)-2], l.Load(), "bit in byte %d", at)
			}
			require.NoError(t, l.Close())
		case err == nil: // bytes that mean nothing: padding of the header and of groups
			same(t, states[len(states)-1], l.Load(), "bit in byte %d", at)
			require.NoError(t, l.Close())
		default:
			require.ErrorAs(t, err, &damage, "byte %d", at)
			require.Equal(t, segmentName(1), damage.File)
			require.LessOrEqual(t, damage.Offset, at)
			require.Less(t, at, last, "the last group looks torn")
		}
	}
}

// What a client stores cannot pass for a group, though it is one: the salt of the segment is in its
// CRC.
func TestBytesThatLookLikeAGroup(t *testing.T) {
	dir := t.TempDir()
	l := openSmall(t, dir)
	begin := l.at
	fake, _ := encodeFrame(0, l.number+1, 0, []byte("x"))
	l.Write(raftapi.Update{From: 1, Entries: [][]byte{make([]byte, 3), fake, fake, fake}})
	number := l.number
	require.NoError(t, l.Close())
	whole, err := os.ReadFile(segmentOf(dir))
	require.NoError(t, err)
	whole[begin+frameHead] ^= 1 // the group is torn
	require.NoError(t, os.WriteFile(segmentOf(dir), whole, 0o644))
	l = openSmall(t, dir)
	require.Empty(t, l.Load().Entries)
	require.Equal(t, number-1, l.number)
	require.NoError(t, l.Close())
}

// A segment that is missing, or a snapshot, is damage and not an empty log.
func TestMissingFiles(t *testing.T) {
	dir := t.TempDir()
	l := openSmall(t, dir)
	l.Write(raftapi.Update{SnapshotIndex: 3, Snapshot: []byte("three")})
	for i := range 40 {
		l.Write(raftapi.Update{From: 4 + i, Entries: [][]byte{make([]byte, 500)}})
	}
	require.NoError(t, l.Close())
	names, err := filepath.Glob(filepath.Join(dir, "0*.*"))
	require.NoError(t, err)
	require.Greater(t, len(names), 4)
	for i, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			at := copyDir(t, dir)
			require.NoError(t, os.Remove(filepath.Join(at, filepath.Base(name))))
			_, err := Verify(at)
			var damage *Damage
			if filepath.Ext(name) == segmentSuffix && i == len(names)-1 {
				return // the newest one: as if it had never been made (its groups were synced, so no crash does that)
			}
			require.ErrorAs(t, err, &damage)
			fs, err := disk.OpenFragile(at, nil)
			require.NoError(t, err)
			_, err = Open(at, small(fs))
			require.ErrorAs(t, err, &damage)
		})
	}
	for _, name := range names {
		if filepath.Ext(name) == segmentSuffix {
			require.NoError(t, os.Remove(name))
		}
	}
	_, err = Open(dir, Options{})
	require.ErrorContains(t, err, "there are snapshots, but no segment")
}

// A log that was begun, and of which there is nothing any more, is damage: the peer would have
// forgotten what it has promised.
func TestNothingLeft(t *testing.T) {
	dir := t.TempDir()
	l := openSmall(t, dir)
	require.NoError(t, l.Close())
	fs, err := disk.OpenFragile(dir, nil)
	require.NoError(t, err)
	o := small(fs)
	o.Begun = true
	l, err = Open(dir, o)
	require.NoError(t, err, "there it is")
	require.NoError(t, l.Close())
	segments, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	require.NoError(t, err)
	require.NotEmpty(t, segments)
	for _, name := range segments {
		require.NoError(t, os.Remove(name))
	}
	for range 2 {
		var damage *Damage
		_, err = Open(dir, Options{Begun: true})
		require.ErrorAs(t, err, &damage)
		require.ErrorContains(t, err, "no file of it is here")
		dir = t.TempDir() // nor is the rest
	}
}

func TestDiskFails(t *testing.T) {
	for _, op := range []string{"write", "sync", "allocate", "rename", "syncdir", "create", "remove"} {
		t.Run(op, func(t *testing.T) {
			dir := t.TempDir()
			broken := false
			fs, err := disk.OpenFragile(dir, func(o, name string) error {
				if broken && o == op {
					return errors.New("input/output error")
				}
				return nil
			})
			require.NoError(t, err)
			o, told := small(fs), 0
			o.Fatal = func(err error) {
				told++
				require.ErrorContains(t, err, "the disk cannot be trusted")
			}
			l, err := Open(dir, o)
			require.NoError(t, err)
			l.Write(raftapi.Update{SnapshotIndex: 1, Snapshot: []byte("one")})
			before := l.Load()
			broken = true
			fails := func(i int) (failed bool) {
				defer func() { failed = recover() != nil }()
				l.Write(raftapi.Update{SnapshotIndex: 1 + i, Snapshot: fmt.Append(nil, i), Header: make([]byte, 3000)})
				return false
			}
			require.True(t, fails(1) || fails(2))
			broken = false
			require.True(t, fails(3), "never retried")
			require.Equal(t, 1, told)
			_ = l.Close() // the file may be closed already; the lock is what counts
			l = openSmall(t, dir)
			require.GreaterOrEqual(t, l.Load().SnapshotIndex, before.SnapshotIndex)
			require.NoError(t, l.Close())
		})
	}
}
