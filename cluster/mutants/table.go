package mutants

// all are the mistakes. Each is a piece of text that is in its file once.
var all = []Mutant{
	{"no-fsync", "the log is never synced", "wal/wal.go",
		`err := l.file.Sync(); err != nil {
		l.fail("syncing the log", err)`,
		`err := error(nil); err != nil {
		l.fail("syncing the log", err)`, "wal", "TestPowerLoss"},
	{"answer-before-fsync", "a group is synced when the next one is written", "wal/wal.go",
		`	if _, err := l.file.WriteAt(b, l.at); err != nil {
		l.fail("writing a group of the log", err)
	}
	written := time.Now()
	if err := l.file.Sync(); err != nil {
		l.fail("syncing the log", err)
	}`,
		`	written := time.Now()
	if err := l.file.Sync(); err != nil {
		l.fail("syncing the log", err)
	}
	if _, err := l.file.WriteAt(b, l.at); err != nil {
		l.fail("writing a group of the log", err)
	}`, "wal", "TestPowerLoss"},
	{"two-groups-a-sync", "group n+1 is written before group n is synced, now and then", "wal/wal.go",
		`if err := l.file.Sync(); err != nil {
		l.fail("syncing the log", err)`,
		`if l.number%4 != 0 {
		// later
	} else if err := l.file.Sync(); err != nil {
		l.fail("syncing the log", err)`, "wal", "TestPowerLoss"},
	{"directory-not-synced", "a new segment or snapshot has a name that a crash can take away", "wal/snapshot.go",
		`	return fs.SyncDir()
}`, `	return nil
}`, "wal", "TestPowerLoss"},
	{"name-before-file", "a snapshot has its name, and is referred to, before it is on disk", "wal/snapshot.go",
		`	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close()`, `	if err := f.Close()`, "wal", "TestPowerLoss"},
	{"old-snapshot-goes-first", "the snapshot before goes when the new one is not referred to yet", "wal/wal.go",
		`	l.makeRoom(payload, stepOf(u))
	l.memory.Write(u)`, `	l.makeRoom(payload, stepOf(u))
	l.replaceSnapshot(snapshot)
	l.memory.Write(u)`, "wal", "TestPowerLoss"},
	{"open-without-sync", "what kill -9 has left in the system's memory is believed", "wal/open.go",
		`	if err := l.file.Sync(); err != nil {
		return err
	}
	if l.snapshot.number`, `	if l.snapshot.number`, "wal", "TestPowerLoss"},
	{"torn-in-the-middle", "damage before sound groups is taken for a torn end", "wal/scan.go",
		`f.at+alignment); ok {`, `f.at+alignment); ok && false {`, "wal", "TestRot"},
	{"tail-not-zeroed", "a torn end is not zeroed", "wal/open.go",
		`make([]byte, f.dirt-f.at), f.at)`, `make([]byte, 0), f.at)`, "wal", "TestPowerLoss|TestTornEndIsZeroed"},
	{"no-salt", "what a client stores can pass for a group", "wal/frame.go",
		`crc := crc32.Update(0, castle, binary.LittleEndian.AppendUint64(nil, salt))`, `crc := crc32.Update(0, castle, nil)`,
		"wal", "TestBytesThatLookLikeAGroup"},
	{"fsync-retried", "after an error of the disk the log goes on", "wal/wal.go",
		`	l.failed = true
`, ``, "wal", "TestDiskFails"},
	{"segments-go-early", "a segment goes although entries in it are needed", "wal/wal.go",
		`l.segments[0].highest <= covered {`, `l.segments[0].highest <= covered+30 {`, "wal", "TestSegmentsGoBehindSnapshots|TestLikeMemory"},
	{"wrong-member-accepted", "a connection for another member is taken", "transport/greeting.go",
		`case h.To != id.Member:`, `case false:`, "transport", "TestRefusals"},
	{"wrong-implementation-accepted", "peers of two implementations talk to each other", "transport/greeting.go",
		`case h.Implementation != id.Implementation:`, `case false:`, "transport", "TestRefusals"},
	{"timeout-taken-as-failure", "a request without an answer counts as not executed", "transport/link.go",
		`return Unknown, fmt.Errorf("no answer within`, `return NotSent, fmt.Errorf("no answer within`, "transport", "TestDeadline"},
	{"clients-call-peers", "clients reach the peer's handlers", "transport/node.go",
		`		server = n.clients
`, `		server = n.peers
`, "transport", "TestClient"},
	{"repeated-forward", "a request whose answer did not come is passed on again", "replica/pass.go",
		`	return outcome{err: ErrUnknown}
}`, `	return outcome{err: ErrNotExecuted}
}`, "replica", "TestUnknownIsNotRepeated"},
	{"answers-mixed-up", "requests that were passed on together all get the answer of the first", "replica/pass.go",
		`outcomeOf(sent, answers.All, i)`, `outcomeOf(sent, answers.All, i-i)`, "replica", "TestPassedOnTogether"},
	{"ready-without-barrier", "a new leader is ready before it knows what is committed", "replica/server.go",
		`return leads && s.ready.Load() == int64(term)`, `return leads && term > 0`, "replica", "TestReadyAfterTheBarrier"},
	{"snapshot-before-commit", "the peer drops entries that the database does not hold on disk", "replica/apply.go",
		`	s.commit()
	peer.Snapshot`, `	peer.Snapshot`, "replica", "TestSnapshotIsCommittedFirst"},
	{"stale-read", "a read does not wait until the read index is applied", "replica/read.go",
		`err = s.AwaitApplied(context.Background(), index)`, `_ = index`, "replica", "TestReadBarrier"},
	{"manifest-before-file", "a peer sees a snapshot whose file is not here", "replica/files.go",
		`	return f.ensure(index, f.c.Arrival, from)
}`, `	return nil
}`, "replica", "TestManifestWaitsForItsFile"},
	{"manifest-stored-before-file", "a peer stores a snapshot whose file is not here", "replica/files.go",
		`		g.files.mustHave(u.Snapshot)
`, ``, "replica", "TestNoManifestWithoutItsFile"},
	{"file-not-synced", "a file that has come is not synced before it counts", "replica/files.go",
		`	if err := file.Sync(); err != nil {
		return got, err
	}
`, ``, "replica", "TestCrashAtEachStepOfASwap"},
	{"file-name-not-synced", "the name of a file that has come is not synced before it counts", "replica/files.go",
		`	return got, f.c.FS.SyncDir()`, `	return got, nil`, "replica", "TestCrashAtEachStepOfASwap"},
	{"swap-not-atomic", "a file that is taken in has neither its old name nor the new one for a moment", "replica/files.go",
		`		if err := f.c.FS.Rename(file.name(), f.c.Database); err != nil {`,
		`		if err := errors.Join(f.c.FS.Rename(file.name(), "moving"), f.c.FS.SyncDir()); err != nil {
			return err
		}
		if err := f.c.FS.Rename("moving", f.c.Database); err != nil {`, "replica", "TestCrashAtEachStepOfASwap"},
	{"snapshot-of-what-is-not-delivered", "a snapshot is taken of entries that the peer has not delivered", "replica/apply.go",
		`	if behind {`, `	if behind && false {`, "replica", "TestNewerFile"},
	{"applied-beside-the-data", "the applied index is committed with the next entry", "kv/store.go",
		`be(uint64(index)))`, `be(uint64(index-1)))`, "kv", "TestCommit"},
	{"no-sessions", "a write that is repeated is applied again", "kv/store.go",
		`case o.Seq == row.seq:`, `case false:`, "kv", "TestSessions"},
	{"empty-voter", "a member comes back with an empty memory", "launch/folder.go",
		`if _, err := os.Stat(born); err == nil {`, `if _, err := os.Stat(born); err == nil && false {`, "member", "TestWhoseDirectory"},
}
