package wal

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"raftlab/cluster/disk"
	"raftlab/raftapi"
)

// Options say how a log is kept. The zero value is what a member uses.
type Options struct {
	// FS is where the files are; default the directory itself.
	FS disk.FS
	// SegmentSize is how many bytes a segment has, unless one group needs more. Default 64 MiB.
	SegmentSize int64
	// Reserve is how many bytes are kept free for a full disk. Default 1 MiB.
	Reserve int64
	// Begun says that there has been a log: a directory without one is damage then, and not new.
	Begun bool
	// Fatal is called once when the disk has failed. It ends the process; if it returns, the write
	// panics. Default: the error on stderr, and exit code 1.
	Fatal func(error)
	// Step, if not nil, hears what the log is about to do: [StepVote] and so on. It is for tests.
	Step func(step string)
	// OnSync is told of each group, when it is durable: its bytes, which must not be kept, how long
	// writing them took, and the fsync. Default: nobody.
	OnSync func(group []byte, write, sync time.Duration)
	// Logf says what somebody who looks after the member should know. Default: nobody.
	Logf func(format string, args ...any)
}

func (o Options) withDefaults(dir string) (Options, error) {
	if o.SegmentSize == 0 {
		o.SegmentSize = 64 << 20
	}
	if o.Reserve == 0 {
		o.Reserve = 1 << 20
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if o.Step == nil {
		o.Step = func(string) {}
	}
	if o.OnSync == nil {
		o.OnSync = func([]byte, time.Duration, time.Duration) {}
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	if o.FS != nil {
		return o, nil
	}
	var err error
	o.FS, err = disk.Open(dir)
	return o, err
}

// What the log is about to do, for [Options.Step].
const (
	StepVote       = "vote"       // store what is neither an entry nor a snapshot: the term and the vote
	StepAppend     = "append"     // store entries, or a whole state
	StepSegment    = "segment"    // begin another segment
	StepCheckpoint = "checkpoint" // store a snapshot
)

const reserveName = "RESERVE"

// Open opens the log in the directory dir, or begins one where there is nothing. It repairs what a
// crash can have left behind, and refuses everything else with a [Damage]. When it returns, all
// that Load tells is durable.
func Open(dir string, o Options) (*Log, error) {
	o, err := o.withDefaults(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the log in %s: %w", dir, err)
	}
	lock, err := disk.Lock(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	l := &Log{o: o, fs: o.FS, lock: lock}
	if err := l.open(); err != nil {
		lock.Close()
		return nil, fmt.Errorf("opening the log in %s: %w", dir, err)
	}
	return l, nil
}

func (l *Log) open() error {
	f, err := scan(l.fs, nil)
	if err != nil {
		return err
	}
	for _, name := range f.parts {
		if err := l.fs.Remove(name); err != nil {
			return err
		}
	}
	if err := l.makeReserve(); err != nil {
		return err
	}
	l.nextSnapshot = 1
	for _, number := range f.snapshots {
		l.nextSnapshot = max(l.nextSnapshot, number+1)
	}
	if len(f.segments) == 0 && l.o.Begun {
		return &Damage{segmentName(1), 0, "the log was begun, and no file of it is here (or none that is a regular file)"}
	}
	if len(f.segments) == 0 {
		l.memory, l.number = raftapi.NewMemory(), 1
		return l.newSegment(0)
	}
	stored, snapshot, err := f.replay.stored()
	if err != nil {
		return &Damage{segmentName(f.segments[0].number), 0, err.Error()}
	}
	if stored.Snapshot, err = readSnapshot(l.fs, snapshot); err != nil {
		return err
	}
	l.memory, l.snapshot = raftapi.MemoryFrom(stored), snapshot
	l.segments, l.salt, l.size, l.at, l.number, l.chain = f.segments, f.salt, f.size, f.at, f.number, f.chain
	if l.file, err = l.fs.Open(segmentName(l.last().number)); err != nil {
		return err
	}
	if err := l.settle(f); err != nil {
		l.file.Close()
		return err
	}
	return nil
}

// settle makes durable what was found, and only then throws away what is not needed any more.
func (l *Log) settle(f *found) error {
	if f.dirt > 0 {
		l.o.Logf("the last group of the log, at offset %d of %s, was not written to its end: cut off (%d bytes); nobody was told that it is stored",
			f.at, segmentName(l.last().number), f.dirt-f.at)
		if _, err := l.file.WriteAt(make([]byte, f.dirt-f.at), f.at); err != nil {
			return err
		}
	}
	for _, s := range f.segments[:len(f.segments)-1] {
		if err := l.syncFile(segmentName(s.number)); err != nil {
			return err
		}
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	if l.snapshot.number != 0 {
		if err := l.syncFile(snapshotName(l.snapshot.number)); err != nil {
			return err
		}
	}
	if err := l.fs.SyncDir(); err != nil {
		return err
	}
	for _, number := range f.snapshots {
		if number != l.snapshot.number {
			if err := l.fs.Remove(snapshotName(number)); err != nil {
				return err
			}
		}
	}
	return l.tidy()
}

func (l *Log) syncFile(name string) error {
	f, err := l.fs.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// makeReserve takes the room that a full disk gives back when the log has to stop.
func (l *Log) makeReserve() error {
	names, err := l.fs.List()
	if err != nil {
		return err
	}
	if slices.Contains(names, reserveName) {
		return nil
	}
	err = makeFile(l.fs, reserveName, l.o.Reserve, nil)
	if err != nil && disk.Full(err) {
		_ = l.fs.Remove(reserveName + partSuffix) // which takes up what little there is
		return fmt.Errorf("the disk is full: free some space (%d bytes and more) and start again: %w", l.o.Reserve, err)
	}
	return err
}

// Close gives the log back. It is for the end of a process that is in order; one that just ends
// loses nothing.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.file.Close()
	if c := l.lock.Close(); err == nil {
		err = c
	}
	return err
}

var _ io.Closer = (*Log)(nil)
