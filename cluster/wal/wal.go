package wal

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"

	"raftlab/cluster/disk"
	"raftlab/raftapi"
)

// Log is a raftapi.Storage on disk. Write and Save return when what they were given is durable.
// What is stored is in memory as well, so that reading costs no disk.
type Log struct {
	o    Options
	fs   disk.FS
	lock io.Closer

	mu       sync.Mutex // guards everything below, and the order of writes
	failed   bool
	memory   *raftapi.Memory // what is stored; has a lock of its own
	snapshot ref             // the file of the snapshot in memory

	segments []segment // the last one is written to
	file     disk.File
	salt     uint64
	size     int64  // of the last segment
	at       int64  // where the next group goes
	number   uint64 // of the next group
	chain    uint32 // CRC of the last group

	nextSnapshot uint64
	saves        saves
}

var _ raftapi.Storage = (*Log)(nil)

// saves is what a peer that stores its whole state each time costs.
type saves struct{ count, bytes, toldAt int64 }

// Write implements [raftapi.Storage].
func (l *Log) Write(u raftapi.Update) {
	l.begin()
	defer l.mu.Unlock()
	snapshot := l.snapshot
	l.o.Step(stepOf(u))
	if u.SnapshotIndex != 0 {
		snapshot = l.keepSnapshot(u.Snapshot)
	}
	payload := encodeUpdate(u, snapshot)
	if len(payload) == 0 {
		return
	}
	l.makeRoom(payload, stepOf(u))
	l.memory.Write(u) // panics if it leaves a hole, before anything is on disk
	l.append(payload)
	if n := len(u.Entries); n > 0 {
		l.last().highest = max(l.last().highest, u.From+n-1)
	}
	l.replaceSnapshot(snapshot)
}

// Save implements [raftapi.Storage]. It writes the whole state, each time; a snapshot that is the
// same as before is not written again.
func (l *Log) Save(state, snapshot []byte) {
	l.begin()
	defer l.mu.Unlock()
	file := l.snapshot
	if len(snapshot) == 0 {
		file = ref{}
	} else if !bytes.Equal(snapshot, l.memory.Load().Snapshot) {
		l.o.Step(StepCheckpoint)
		file = l.keepSnapshot(snapshot)
	}
	payload := encodeSave(state, file)
	l.o.Step(StepAppend)
	l.makeRoom(payload, StepAppend)
	l.memory.Save(state, snapshot)
	l.append(payload)
	l.replaceSnapshot(file)
	l.tellCost(len(payload))
}

func stepOf(u raftapi.Update) string {
	switch {
	case u.SnapshotIndex != 0:
		return StepCheckpoint
	case u.From != 0:
		return StepAppend
	}
	return StepVote
}

// tellCost says now and then what it costs to save everything for each entry.
func (l *Log) tellCost(size int) {
	s := &l.saves
	s.count++
	s.bytes += int64(size)
	if s.count >= 100 && s.count >= 10*s.toldAt {
		s.toldAt = s.count
		l.o.Logf("this peer uses Save, which stores its whole state each time: %d times so far, %d bytes on average. "+
			"Persister.Write stores only what is new", s.count, s.bytes/s.count)
	}
}

// Load implements [raftapi.Storage].
func (l *Log) Load() raftapi.Stored {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.memory.Load()
}

// StateSize implements [raftapi.Storage]. It does not wait for the disk.
func (l *Log) StateSize() int { return l.memory.StateSize() }

// SnapshotSize implements [raftapi.Storage]. It does not wait for the disk.
func (l *Log) SnapshotSize() int { return l.memory.SnapshotSize() }

// begin takes the lock for a write.
func (l *Log) begin() {
	l.mu.Lock()
	if l.failed {
		l.mu.Unlock()
		panic("wal: a write after the disk has failed")
	}
}

func (l *Log) last() *segment { return &l.segments[len(l.segments)-1] }

// append writes one group and syncs it.
func (l *Log) append(payload []byte) {
	began := time.Now()
	b, crc := encodeFrame(l.salt, l.number, l.chain, payload)
	if _, err := l.file.WriteAt(b, l.at); err != nil {
		l.fail("writing a group of the log", err)
	}
	written := time.Now()
	if err := l.file.Sync(); err != nil {
		l.fail("syncing the log", err)
	}
	l.at += int64(len(b))
	l.number++
	l.chain = crc
	l.o.OnSync(b, written.Sub(began), time.Since(written))
}

// makeRoom begins another segment, before the step then, if the group does not fit into this one.
func (l *Log) makeRoom(payload []byte, then string) {
	need := frameSize(len(payload))
	if l.at+need <= l.size {
		return
	}
	l.o.Step(StepSegment)
	defer l.o.Step(then)
	if err := l.file.Close(); err != nil {
		l.fail("closing a segment of the log", err)
	}
	if err := l.newSegment(need); err != nil {
		l.fail("beginning a segment of the log", err)
	}
	if err := l.tidy(); err != nil {
		l.fail("removing what is not needed any more", err)
	}
}

// newSegment begins a segment with room for a group of need bytes.
func (l *Log) newSegment(need int64) error {
	h := header{number: 1, first: l.number, chain: l.chain, salt: randomSalt()}
	if len(l.segments) > 0 {
		h.number = l.last().number + 1
	}
	b, crc := encodeFrame(h.salt, l.number, l.chain, baseOf(l.memory.Load(), l.snapshot).encode())
	size := max(l.o.SegmentSize, headerSize+int64(len(b))+need)
	h.size = size
	if err := makeFile(l.fs, segmentName(h.number), size, append(h.encode(), b...)); err != nil {
		return err
	}
	file, err := l.fs.Open(segmentName(h.number))
	if err != nil {
		return err
	}
	l.segments = append(l.segments, segment{number: h.number})
	l.file, l.salt, l.size, l.at = file, h.salt, size, headerSize+int64(len(b))
	l.number++
	l.chain = crc
	return nil
}

func randomSalt() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// tidy removes the segments at the beginning whose entries the snapshot covers all. Each removal is
// made durable before the next: a crash must not leave the first and take the second.
func (l *Log) tidy() error {
	covered := l.memory.Load().SnapshotIndex
	for len(l.segments) > 1 && l.segments[0].highest <= covered {
		if err := l.fs.Remove(segmentName(l.segments[0].number)); err != nil {
			return err
		}
		if err := l.fs.SyncDir(); err != nil {
			return err
		}
		l.segments = l.segments[1:]
	}
	return nil
}

// keepSnapshot writes a snapshot to a file of its own. Nothing refers to it yet.
func (l *Log) keepSnapshot(data []byte) ref {
	if len(data) == 0 {
		return ref{}
	}
	b, crc := encodeSnapshot(data)
	file := ref{number: l.nextSnapshot, size: int64(len(data)), crc: crc}
	l.nextSnapshot++
	if err := makeFile(l.fs, snapshotName(file.number), 0, b); err != nil {
		l.fail("writing a snapshot", err)
	}
	return file
}

// replaceSnapshot is called when a group that refers to file is durable.
func (l *Log) replaceSnapshot(file ref) {
	old := l.snapshot
	if file == old {
		return
	}
	l.snapshot = file
	if old.number != 0 {
		if err := l.fs.Remove(snapshotName(old.number)); err != nil {
			l.fail("removing the snapshot before", err)
		}
	}
	if err := l.tidy(); err != nil {
		l.fail("removing segments behind a snapshot", err)
	}
}

// fail ends the process: what is on the disk is not known any more, and trying again would not
// tell.
func (l *Log) fail(doing string, err error) {
	l.failed = true
	help := "the disk cannot be trusted: look at it before this member is started again"
	if disk.Full(err) {
		_ = l.fs.Remove(reserveName) // so that there is room for messages and for the next start
		help = "the disk is full: free some space and start this member again; nothing that was acknowledged is lost"
	}
	err = fmt.Errorf("%s: %w. This member stops: %s", doing, err, help)
	l.o.Fatal(err)
	panic(err)
}
