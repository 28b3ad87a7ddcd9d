package mutants

func init() { all = append(all, ofEtcd...) }

// ofEtcd are the mistakes in what stands behind etcd's API.
var ofEtcd = []Mutant{
	{"stale-etcd-read", "a linearizable read looks at the store as it is", "etcd/log.go",
		`err := s.replica.ReadBarrier(ctx)`, `err := error(nil)`, "member", "TestEtcd"},
	{"read-on-no-lease", "a read goes by a lease that has run out", "replica/read.go",
		`if index, ok := peer.LeaseRead(); ok {`, `if index, _ := peer.LeaseRead(); true {`, "replica", "TestReadOnLease"},
	{"compacts-too-much", "what was written within the period is compacted, too", "etcd/compactor.go",
		`oldest := p.revisions[0]`, `oldest := revision`, "etcd", "TestPeriodicHours"},
	{"answer-before-applied", "a member answers a write that it has not applied itself", "etcd/log.go",
		`if s.machine.Applied() < index {`, `if false {`, "member", "TestEtcd"},
	{"nothing-is-a-revision", "a failed comparison, or a deletion of nothing, moves the revision", "mvcc/write.go",
		`	if w.sub == 0 {
		return
	}
	w.revision`, `	w.revision`, "machine", "TestRevisions"},
	{"watch-loses-events", "a watcher misses what happens at the revision that it begins with", "mvcc/watch.go",
		`if w.pending == 0 && revision >= w.from {`, `if w.pending == 0 && revision > w.from {`, "mvcc", "TestLikeModel"},
	{"watch-forgets-over-snapshot", "a watcher does not look for what a snapshot has brought", "mvcc/watch.go",
		`if w.pending == 0 && max(was+1, w.from) <= revision {`, `if w.pending == 0 && false {`, "machine", "TestReplace"},
	{"reads-across-a-swap", "whoever reads while a snapshot is taken in looks for rows of the old index in the new database", "machine/machine.go",
		`	if err := m.Store.Replace(func() error { return m.Backend.Replace(swap) }); err != nil {
		return err
	}`, `	if err := m.Backend.Replace(swap); err != nil {
		return err
	}
	if err := m.Store.Replace(func() error { return nil }); err != nil {
		return err
	}`, "machine", "TestReadWhileReplaced"},
	{"compaction-forgets", "a compaction drops a version that the states after it need", "mvcc/index.go",
		`!p.tombstone() || p.at.Main == main {`, `p.at.Main == main {`, "mvcc", "TestLikeModel"},
	{"compaction-not-resumed", "a compaction that a crash has interrupted is never carried out", "mvcc/store.go",
		`if scheduled > finished {`, `if false {`, "mvcc", "TestCompactionResumes"},
	{"applied-beside-the-store", "the applied index is behind the data that it is committed with", "machine/machine.go",
		`appliedKey, binary.BigEndian.AppendUint64(nil, uint64(index)))`, `appliedKey, binary.BigEndian.AppendUint64(nil, uint64(index-1)))`,
		"machine", "TestReplace"},
	{"half-an-entry", "what a transaction writes is seen, and stored, before it ends", "backend/tx.go",
		`	t.b.changes++
`, `	t.b.changes++
	t.b.mu.Lock()
	t.b.view.active = t.b.active.copied()
	t.b.mu.Unlock()
`, "backend", "TestVisibleAtEnd"},
	{"deleted-is-unknown", "a deletion that is not in the file yet is not seen", "backend/layer.go",
		`if !found.gone && !visit(`, `if !visit(`, "backend", "TestVisibleAtEnd|TestLikeMap"},
	{"deposed-leader-revokes", "what a leader has decided holds in a later term, too", "machine/admin.go",
		`if term != 0 && term != m.term.Load() {`, `if false {`, "machine", "TestLease"},
	{"lease-renewed-in-another-term", "a member that led earlier renews leases", "lease/lease.go",
		`if !l.counts || l.term != term {`, `if !l.counts {`, "lease", "TestClock"},
	{"no-time-for-the-election", "a new leader grants no time for the time in which nobody led", "lease/lease.go",
		`e.expires, e.over = now.Add(e.life()+extra), false`, `e.expires, e.over = now.Add(e.life()), false`, "lease", "TestClock"},
	{"renewed-while-revoked", "a lease is renewed although its revocation is on the way", "lease/lease.go",
		`e == nil || e.over ||`, `e == nil ||`, "lease", "TestClock"},
	{"full-and-writable", "puts are done in spite of the alarm", "machine/ops.go",
		`if m.alarms.noSpace() {`, `if false {`, "machine", "TestNoSpace"},
	{"watch-repeats-events", "a watcher gets the last revision of a batch again", "mvcc/watch.go",
		`w.pending = b.Revision + 1
	if w.pending > h.revision {`, `w.pending = b.Revision + 1
	if b.Revision > from {
		w.pending = b.Revision
	}
	if w.pending > h.revision {`, "mvcc", "TestLikeModel"},
	{"progress-too-early", "a stream promises what its watchers have not got yet", "etcd/watch.go",
		`least, behind = min(least, upTo), behind || more`, `_, _ = upTo, more`, "member", "TestEtcdWatch"},
	{"progress-goes-back", "a stream promises less than what a watcher begins with", "etcd/watch.go",
		`if now < w.start {`, `if false {`, "member", "TestEtcdWatch"},
	{"no-compact-revision", "a watcher that has missed something is not told where the compaction was", "etcd/watch.go",
		`Canceled: true, CompactRevision: st.s.machine.Store.Compacted()}`, `Canceled: true}`, "member", "TestEtcdWatch"},
	{"fragment-lost", "of a revision that comes in pieces one event is lost between two of them", "etcd/watch.go",
		`events = events[n:]`, `events = events[min(n+1, len(events)-1):]`, "member", "TestEtcdWatch"},
	{"stream-lost", "of a range that comes in pieces one key is lost between two of them", "etcd/kv.go",
		`kvs = kvs[streamedKeys:] {`, `kvs = kvs[streamedKeys+1:] {`, "member", "TestEtcdStream"},
	{"quota-ignored", "nobody raises the alarm when the database is full", "etcd/quota.go",
		`if file+int64(size) <= s.c.Quota {`, `if file+int64(size) <= s.c.Quota || true {`, "member", "TestEtcdQuota"},
	{"space-decided-locally", "a member refuses a put because its own file is large", "machine/ops.go",
		`if m.alarms.noSpace() {`, `if size, _ := m.Backend.Size(); m.alarms.noSpace() || size > 1<<20 {`, "machine", "TestNoSpace"},
	{"txn-compares-with-the-entry-before", "a transaction compares with the state that readers see, and not with what its entry has done so far", "machine/txn.go",
		`path := decide(m.w, r)`, `path := decide(m.Store, r)`, "machine", "TestEntryInOrder"},
	{"lease-in-pieces", "the keys of a lease are deleted at a revision each", "machine/admin.go",
		`		m.w.Delete(k, "")
`, `		m.w.Delete(k, "")
		m.w.Next()
`, "machine", "TestLease"},
	{"large-without-its-id", "a request that is too large with the ID that etcd gives it is taken", "etcd/log.go",
		`proto.Size(r)+header > maxRequest`, `proto.Size(r) > maxRequest`, "member", "TestEtcdTooLarge"},
	{"however-far-behind", "a member takes requests however many entries it has not applied", "etcd/log.go",
		`s.machine.Applied()+maxBehind {`, `s.machine.Applied()+(maxBehind<<20) {`, "member", "TestEtcdBehind"},
	{"corrupt-and-writable", "a cluster that is said to be corrupt takes writes", "machine/machine.go",
		`m.alarms.on(pb.AlarmType_CORRUPT) &&`, `false &&`, "machine", "TestCorrupt"},
	{"txn-half-done", "a transaction is executed up to what cannot be done", "machine/txn.go",
		`			err = p.nested[i].check(m)`, `			err = nil`, "machine", "TestNestedTxn"},
}
