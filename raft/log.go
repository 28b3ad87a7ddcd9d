package raft

import "fmt"

// entryLog is a peer's log: a snapshot in place of a prefix, and the entries behind it. It is a
// plain data structure, without lock or storage; Raft guards it with its mutex and persists it.
//
//	index     1   2   3   4   5   6   7
//	        +-----------+---+---+---+---+
//	term    | snapshot 2| 2 | 4 | 4 | 5 |      base 3, baseTerm 2, entries 4 to 7
//	        +-----------+---+---+---+---+
//	                  ^               ^
//	                base          lastIndex
//
// The entry at base is in the snapshot, but its term is still known: an AppendEntries that
// brings the entry right behind it has to be checked against it (§7). Without a snapshot, base is
// 0, and stands for the empty log before index 1, with term 0.
type entryLog struct {
	base     int // index of the last entry in the snapshot; 0 without a snapshot
	baseTerm int // term of that entry; 0 without a snapshot

	// entries[i] has index base+1+i. Terms never decrease from one entry to the next.
	//
	// An element, once written, is not overwritten in its array: truncateFrom takes the spare
	// capacity away, so that append moves to a new array. Slices handed out by slice may
	// therefore be read without the mutex, for example while an RPC encodes them.
	entries []LogEntry
}

// lastIndex returns the index of the last entry, in the snapshot or behind it.
func (l *entryLog) lastIndex() int { return l.base + len(l.entries) }

// lastTerm returns the term of the last entry, 0 for an empty log.
func (l *entryLog) lastTerm() int { return l.term(l.lastIndex()) }

// has says whether the term of the entry at index is known.
func (l *entryLog) has(index int) bool { return l.base <= index && index <= l.lastIndex() }

// term returns the term of the entry at index, which the log must have.
func (l *entryLog) term(index int) int {
	if index == l.base {
		return l.baseTerm
	}
	return l.at(index).Term
}

// at returns the entry at index, which must be behind the snapshot.
func (l *entryLog) at(index int) LogEntry {
	if index <= l.base || index > l.lastIndex() {
		panic(fmt.Sprintf("raft: log has no entry %d: it holds entries %d to %d", index, l.base+1, l.lastIndex()))
	}
	return l.entries[index-l.base-1]
}

// slice returns the entries from index from on, at most limit of them. The caller must not change
// them, and may read them at any later time.
func (l *entryLog) slice(from, limit int) []LogEntry {
	tail := l.entries[from-l.base-1:]
	n := min(len(tail), limit)
	return tail[:n:n]
}

// append adds entries at the end.
func (l *entryLog) append(entries ...LogEntry) { l.entries = append(l.entries, entries...) }

// truncateFrom removes the entry at index and all that follow it.
func (l *entryLog) truncateFrom(index int) {
	n := index - l.base - 1
	l.entries = l.entries[:n:n]
}

// compactTo drops the entries up to and including index, which the log must have; a snapshot
// stands for them from now on.
func (l *entryLog) compactTo(index int) {
	l.baseTerm = l.term(index)
	l.entries = append([]LogEntry(nil), l.entries[index-l.base:]...) // lets go of the old array
	l.base = index
}

// reset replaces the whole log by a snapshot that ends with the entry (index, term).
func (l *entryLog) reset(index, term int) {
	*l = entryLog{base: index, baseTerm: term}
}

// firstOfTermAt returns the first index whose entry has the same term as the entry at index,
// as far as the log behind the snapshot tells.
func (l *entryLog) firstOfTermAt(index int) int {
	term := l.term(index)
	for index > l.base+1 && l.term(index-1) == term {
		index--
	}
	return index
}

// lastOfTermBefore returns the last index before index whose entry has the given term, and
// whether there is one that the log still knows. Terms never decrease along a log, so
// the search ends at the first older one.
func (l *entryLog) lastOfTermBefore(index, term int) (int, bool) {
	for i := index - 1; i >= l.base; i-- {
		if t := l.term(i); t <= term {
			return i, t == term
		}
	}
	return 0, false
}

// moreUpToDateThan says whether this log is more up-to-date than one that ends with the entry
// (lastIndex, lastTerm). The later last term wins, then the longer log (§5.4.1).
func (l *entryLog) moreUpToDateThan(lastIndex, lastTerm int) bool {
	if l.lastTerm() != lastTerm {
		return l.lastTerm() > lastTerm
	}
	return l.lastIndex() > lastIndex
}
