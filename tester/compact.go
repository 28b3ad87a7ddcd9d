package tester

import "raftlab/raftapi"

// When the services of a Cluster take snapshots, and what their peers keep behind them.

// snapshotEvery is how many entries peer i applies from one snapshot to the next; 0 means that it takes
// none.
func (o Options) snapshotEvery(i int) int {
	if o.SnapshotEveryOf != nil {
		return o.SnapshotEveryOf(i)
	}
	return o.SnapshotEvery
}

// snapshotDue says up to which index the service of a life, having applied the entry at applied, now hands a
// snapshot to its peer; 0 for none. A service that began from somebody's snapshot has never been in the
// states before it, and has nothing to write down of them.
func (l *life) snapshotDue(applied int) int {
	every, index := l.c.options.snapshotEvery(l.peer), applied-l.c.options.SnapshotLag
	if every <= 0 || index <= l.since || index%every != 0 {
		return 0
	}
	return index
}

// catchUpBytes is no bound in practice: cases say how many entries are kept.
const catchUpBytes = 1 << 20

// keepCatchUp tells a new peer what to keep behind its snapshots.
func (c *machines) keepCatchUp(l *life, peer raftapi.Raft) {
	keeper, ok := peer.(raftapi.CatchUpKeeper)
	if c.options.CatchUp == 0 || !ok {
		return
	}
	c.r.into("KeepCatchUp", l.peer, l.as(func() { keeper.KeepCatchUp(c.options.CatchUp, catchUpBytes) }))
}
