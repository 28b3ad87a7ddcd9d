package raftapi

// Storage is the inner interface below a [Persister]: today memory, later a disk. Each method is
// one atomic write or read: after a crash it has happened entirely or not at all.
//
// Implementations must be safe for concurrent use and must not keep the caller's outer slices; the
// byte slices themselves are handed over and not changed any more by either side.
type Storage interface {
	// Save replaces everything that is stored by state and snapshot.
	Save(state, snapshot []byte)
	// Write applies an incremental update.
	Write(Update)
	// Load returns what is stored.
	Load() Stored
	// StateSize and SnapshotSize return sizes in bytes.
	StateSize() int
	SnapshotSize() int
}

// Update is one incremental write. Its parts take effect together, in the order of the fields; a
// zero part leaves what is stored untouched.
//
//	index     1   2   3   4   5   6   7
//	        +-----------+---+---+---+---+
//	        | snapshot  | e | e | e | e |         SnapshotIndex 3, entries 4 to 7
//	        +-----------+---+---+---+---+
//	Update{From: 6, Entries: {x}}       ->  snapshot to 3, entries 4, 5, x
//	Update{SnapshotIndex: 5, ...}       ->  snapshot to 5, entries 6, 7
//	Update{SnapshotIndex: 9, From: 10}  ->  snapshot to 9, no entries
type Update struct {
	// Header, if not nil, replaces the small part of the state that is not the log: current term,
	// vote, term of the last entry in the snapshot.
	Header []byte

	// SnapshotIndex, if not zero, says that Snapshot now stands for all entries up to and
	// including it; stored entries up to it are dropped.
	SnapshotIndex int
	Snapshot      []byte

	// From, if not zero, drops the stored entries at From and beyond, and puts Entries there.
	// From may be at most one beyond the last stored entry.
	From    int
	Entries [][]byte
}

// Stored is everything a [Storage] holds. State is what the last Save wrote; Header,
// SnapshotIndex and Entries are what was written incrementally. A peer uses one of the two forms.
type Stored struct {
	State    []byte
	Snapshot []byte

	Header        []byte
	SnapshotIndex int
	Entries       [][]byte // the entries at SnapshotIndex+1, SnapshotIndex+2, ...
}

// StateSize is the size in bytes of what is stored beside the snapshot.
func (s Stored) StateSize() int {
	n := len(s.State) + len(s.Header)
	for _, e := range s.Entries {
		n += len(e)
	}
	return n
}
