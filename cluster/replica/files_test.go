package replica

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/cluster/disk"
	"raftlab/raftapi"
)

// textAt is the database of a test's machine at an index.
func textAt(index int) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(index)), bytes.Repeat(fmt.Append(nil, index, " "), 300)...)
}

// sends is a source of files that are of an index.
func sends(index int) func(from, want int, w io.Writer) (int, error) {
	return func(_, want int, w io.Writer) (int, error) {
		if index < want {
			return 0, errors.New("not yet")
		}
		b := textAt(index)
		for part := range slices.Chunk(b, 700) {
			if _, err := w.Write(part); err != nil {
				return 0, err
			}
		}
		return index, nil
	}
}

// A message with a manifest waits until the file is here, durable, and then the peer may see it;
// one that looks like it and is not of this cluster passes.
func TestManifestWaitsForItsFile(t *testing.T) {
	dir := t.TempDir()
	fs, err := disk.OpenFragile(dir, nil)
	require.NoError(t, err)
	gate := make(chan struct{})
	f := openTestFiles(t, fs, dir, func(from, want int, w io.Writer) (int, error) {
		<-gate
		require.Equal(t, 2, from)
		return sends(9)(from, want, w)
	})
	message := append(append([]byte("InstallSnapshot "), f.manifest(7)...), " and more"...)
	arrived := make(chan error, 1)
	go func() { arrived <- f.Arriving(2, message) }()
	require.Empty(t, arrived)
	require.NoError(t, f.Arriving(1, []byte("a heartbeat")))
	other := &Files{mark: markOf("another")}
	require.NoError(t, f.Arriving(1, other.manifest(1000)))
	broken := f.manifest(1000)
	broken[markSize]++
	require.NoError(t, f.Arriving(1, broken))
	require.NoError(t, f.Arriving(1, f.manifest(1000)[:markSize+3]))
	close(gate)
	require.NoError(t, <-arrived)
	require.Equal(t, 9, f.has(), "newer than asked for")
	require.NoError(t, f.Arriving(1, f.manifest(8)), "the file is newer than that")

	_, _, err = disk.Lose(dir, rand.New(rand.NewPCG(1, 1)))
	require.NoError(t, err)
	fs, err = disk.OpenFragile(dir, nil)
	require.NoError(t, err)
	f = openTestFiles(t, fs, dir, nil)
	require.Equal(t, 9, f.has(), "nothing of it can be lost")
}

// A file that is incomplete, too old or not to be had keeps the message away from the peer, and the
// storage from the manifest.
func TestNoManifestWithoutItsFile(t *testing.T) {
	for _, source := range []func(from, want int, w io.Writer) (int, error){
		sends(3),
		func(_, _ int, w io.Writer) (int, error) { _, err := w.Write([]byte("half")); return 3, err },
		func(_, _ int, w io.Writer) (int, error) { _, _ = w.Write([]byte("half")); return 9, errors.New("cut") },
	} {
		dir := t.TempDir() // of its own: what fetches for the one before may not have ended
		fs, err := disk.Open(dir)
		require.NoError(t, err)
		f := openTestFiles(t, fs, dir, source)
		f.c.Patience = 50 * time.Millisecond
		require.ErrorContains(t, f.Arriving(1, f.manifest(7)), "does not come")
		memory := raftapi.NewMemory()
		storage := f.Guard(memory)
		require.Panics(t, func() { storage.Write(raftapi.Update{SnapshotIndex: 7, Snapshot: f.manifest(7)}) })
		require.Panics(t, func() { storage.Save([]byte("state"), f.manifest(7)) })
		require.Panics(t, func() { storage.Save([]byte("state"), []byte("changed")) })
		require.Empty(t, memory.Load().Snapshot)
		storage.Save([]byte("state"), nil)
		f.committed(7)
		storage.Write(raftapi.Update{SnapshotIndex: 7, Snapshot: f.manifest(7)})
		require.NotEmpty(t, memory.Load().Snapshot)
	}
}

// A peer that takes its snapshots apart for the journey is found out when it stores one, and the
// file is fetched then.
func TestGuardFetches(t *testing.T) {
	dir := t.TempDir()
	fs, err := disk.Open(dir)
	require.NoError(t, err)
	var asked []int
	f := openTestFiles(t, fs, dir, func(from, want int, w io.Writer) (int, error) {
		asked = append(asked, from)
		if from == 1 {
			return 0, errors.New("down")
		}
		return sends(7)(from, want, w)
	})
	memory := raftapi.NewMemory()
	f.Guard(memory).Write(raftapi.Update{SnapshotIndex: 7, Snapshot: f.manifest(7)})
	require.Equal(t, []int{1, 2}, asked)
	require.Equal(t, 7, memory.Load().SnapshotIndex)
}

// The file may be newer than the peer's snapshot. What lies between the two is skipped, no snapshot
// is taken before the peer has delivered it, and whoever waits for one of these entries is told
// that nobody knows.
func TestNewerFile(t *testing.T) {
	persister := raftapi.MakePersister()
	s := startPuppet(t, func(c *Config) {
		c.Persister, c.MaxLog, c.Patience, c.CommitEvery = persister, 100, 10*time.Second, time.Hour
		c.Files.c.Fetch = sends(12)
	})
	persister.Write(raftapi.Update{Header: make([]byte, 200)})
	s.lead(true)
	require.Equal(t, 1, <-s.proposed, "the barrier")
	results := make(chan outcome, 1)
	go func() { results <- s.propose(context.Background(), []byte("mine")) }()
	<-s.proposed
	require.NoError(t, s.files.Arriving(1, s.files.manifest(10)))
	s.puppet.applyCh <- raftapi.ApplyMsg{SnapshotValid: true, SnapshotIndex: 10, Snapshot: s.files.manifest(10)}
	require.ErrorIs(t, (<-results).err, ErrUnknown, "the snapshot covers its place")
	s.comesTo(t, 12)
	want := string(textAt(12)[8:])
	require.Equal(t, want, s.notes.Text())
	require.NoError(t, s.AwaitApplied(context.Background(), 12))
	for index := 10; index <= 11; index++ {
		s.puppet.applyCh <- entry(index, "twice")
		require.Zero(t, s.tookSnapshot(), "the peer cannot drop entries that it has not delivered")
	}
	s.puppet.applyCh <- entry(12, "twice")
	require.Eventually(t, func() bool { return s.tookSnapshot() == 12 }, 10*time.Second, time.Millisecond)
	s.puppet.applyCh <- raftapi.ApplyMsg{SnapshotValid: true, SnapshotIndex: 11} // an old one is ignored
	s.puppet.applyCh <- entry(13, "new")
	s.comesTo(t, 13)
	require.Equal(t, want+"new", s.notes.Text())
}

// A snapshot that the peer has stored, and the database has not taken in, is taken in at the start.
func TestCatchUp(t *testing.T) {
	persister := raftapi.MakePersister()
	s := startPuppet(t, func(c *Config) {
		c.Persister = persister
		c.Files.c.Fetch = sends(9)
		c.Files.Guard(persisted{persister}).Save(nil, c.Files.manifest(7))
	})
	require.Equal(t, 9, s.notes.Applied())
	s.puppet.applyCh <- entry(8, "twice")
	s.puppet.applyCh <- entry(10, "new")
	s.comesTo(t, 10)

	dir := t.TempDir()
	fs, err := disk.Open(dir)
	require.NoError(t, err)
	c := Config{Machine: openNotes(filepath.Join(dir, testDatabase)), Files: openTestFiles(t, fs, dir, nil), Persister: persister}
	_, err = Start(c)
	require.ErrorContains(t, err, "its file is not here", "an empty folder does not pass for one that has forgotten nothing")
	persister.Save(nil, []byte("nonsense"))
	_, err = Start(c)
	require.ErrorContains(t, err, "reading the snapshot that the peer has stored: it is no manifest")
}

// persisted is a persister as a storage.
type persisted struct{ *raftapi.Persister }

func (p persisted) Load() raftapi.Stored { return p.Read() }
func (p persisted) StateSize() int       { return p.RaftStateSize() }

var errPower = errors.New("the power is gone")

// swapOnce has a member receive a file of 12 for a snapshot of 10, store the manifest and take the
// file in, until the power is gone after some operations of the disk. It returns what was promised:
// the manifest's index, once it is stored.
func swapOnce(t *testing.T, dir string, operations int) (promised int, over bool) {
	t.Helper()
	left := operations
	fs, err := disk.OpenFragile(dir, func(string, string) error {
		if left--; left < 0 {
			return errPower
		}
		return nil
	})
	require.NoError(t, err)
	f, err := OpenFiles(FilesConfig{FS: fs, Dir: dir, Database: testDatabase, Secret: "secret", Members: 3, Fetch: sends(12),
		Arrival: 5 * time.Second, Patience: time.Nanosecond, Logf: t.Logf})
	if errors.Is(err, errPower) {
		return 0, false
	}
	require.NoError(t, err)
	m := openNotes(filepath.Join(dir, testDatabase))
	f.committed(m.Applied())
	if f.Arriving(1, f.manifest(10)) != nil {
		return 0, false
	}
	memory := raftapi.NewMemory()
	f.Guard(memory).Write(raftapi.Update{SnapshotIndex: 10, Snapshot: f.manifest(10)})
	err = f.install(m, 10)
	require.True(t, err == nil || errors.Is(err, errPower), "%v", err)
	return 10, err == nil
}

// Power is lost at each step of a swap, with any part of what was not synced. The next start finds
// the old database, if the peer has not stored the snapshot; and otherwise it ends the swap.
func TestCrashAtEachStepOfASwap(t *testing.T) {
	for operations, over := 0, false; !over; operations++ {
		require.Less(t, operations, 40)
		for seed := range uint64(12) {
			dir := t.TempDir()
			r := rand.New(rand.NewPCG(seed, uint64(operations)))
			old := openNotes(filepath.Join(dir, testDatabase))
			old.Apply(4, [][]byte{[]byte("old")}, false)
			require.NoError(t, old.Commit())
			var promised int
			promised, over = swapOnce(t, dir, operations)
			if seed > 0 { // otherwise kill -9, which loses nothing
				_, _, err := disk.Lose(dir, r)
				require.NoError(t, err)
			}

			fs, err := disk.OpenFragile(dir, nil)
			require.NoError(t, err)
			f := openTestFiles(t, fs, dir, nil)
			persister := raftapi.MakePersister()
			if promised > 0 {
				persister.Save(nil, f.manifest(promised))
			}
			m := openNotes(filepath.Join(dir, testDatabase))
			s, err := Start(Config{Machine: m, Files: f, Persister: persister, Logf: t.Logf,
				Make: func(chan raftapi.ApplyMsg) raftapi.Raft { return &puppet{} }, Fatal: func(err error) { panic(err) }})
			require.NoError(t, err, "after %d operations, seed %d", operations, seed)
			s.Kill()
			if m.Applied() == 4 {
				require.Zero(t, promised)
				require.Equal(t, "old", m.Text())
			} else {
				require.Equal(t, 12, m.Applied())
				require.Equal(t, string(textAt(12)[8:]), m.Text())
			}
			names, err := fs.List()
			require.NoError(t, err)
			require.NotContains(t, strings.Join(names, " "), ".part")
		}
	}
}

// What is sent is the database as it was committed, and a copy that has been sent goes.
func TestSend(t *testing.T) {
	dir := t.TempDir()
	fs, err := disk.Open(dir)
	require.NoError(t, err)
	f := openTestFiles(t, fs, dir, nil)
	m := openNotes(filepath.Join(dir, testDatabase))
	m.Apply(4, [][]byte{[]byte("four")}, false)
	require.NoError(t, m.Commit())
	m.Apply(5, [][]byte{[]byte("five")}, false)
	file, index, size, err := f.Send(m, 3)
	require.NoError(t, err)
	b, err := io.ReadAll(file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.Equal(t, 4, index)
	require.EqualValues(t, len(b), size)
	require.Contains(t, string(b), "four")
	_, _, _, err = f.Send(m, 5)
	require.ErrorContains(t, err, "not of 5 yet")
	names, err := fs.List()
	require.NoError(t, err)
	require.Equal(t, []string{testDatabase}, names)
}

// A file that has lain there, and has changed, is not taken in.
func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	fs, err := disk.Open(dir)
	require.NoError(t, err)
	f := openTestFiles(t, fs, dir, sends(7))
	require.NoError(t, f.Arriving(1, f.manifest(7)))
	file, err := fs.Open(f.arrived.name())
	require.NoError(t, err)
	_, err = file.WriteAt([]byte{'!'}, 100)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	m := openNotes(filepath.Join(dir, testDatabase))
	require.ErrorContains(t, f.install(m, 7), "is damaged")
	require.Zero(t, m.Applied())
}

// Messages of any bytes are searched without harm, and what is found in them is a manifest of this
// cluster.
func FuzzManifest(f *testing.F) {
	files := &Files{mark: markOf("secret")}
	f.Add([]byte("no manifest"), uint64(7), uint16(0))
	f.Add(files.mark, uint64(1<<40), uint16(9))
	f.Fuzz(func(t *testing.T, message []byte, index uint64, cut uint16) {
		_ = files.within(message)
		manifest := files.manifest(int(index >> 1))
		whole := append(append(append([]byte{}, message...), manifest...), message...)
		require.GreaterOrEqual(t, files.within(whole), int(index>>1))
		got, err := files.parse(manifest)
		require.NoError(t, err)
		require.Equal(t, int(index>>1), got)
		_, err = files.parse(manifest[:int(cut)%len(manifest)])
		require.Error(t, err)
	})
}
