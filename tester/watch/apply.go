package watch

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"strconv"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/raftapi"
	"raftlab/tester/rules"
)

// entry is an applied entry: what all peers have to apply at its index, in all their lives.
type entry struct {
	command any    // plain
	valid   bool   // false: a no-op of the peer's own
	by      int    // the peer that applied it first
	newest  int    // the newest term in the cluster at that moment; the entry was committed in it or before
	prefix  uint64 // a hash of all entries up to this one: the state of the service that keeps them
}

func (e entry) text() string {
	if !e.valid {
		return "a no-op"
	}
	return CommandText(e.command)
}

// Refuse reports a violation by a peer that is alive.
func (k *Checks) Refuse(l *Life, v rules.Violation) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.Alive() {
		k.run.Violate(v)
	}
}

// Apply judges an applied entry, and says whether it counts. hint adds to what is said of an entry
// that comes again.
func (k *Checks) Apply(l *Life, m raftapi.ApplyMsg, hint func() string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !l.Alive() {
		return false
	}
	index, last := m.CommandIndex, l.previous(m.CommandIndex)
	e := entry{command: Plain(m.Command), valid: m.CommandValid, by: l.Peer, newest: k.newest}
	k.run.Emit(record.Event{Kind: record.Apply, Peer: l.Peer, Other: record.None, Index: index, Text: e.text()}, "")
	if k.isOld(l, index, e) {
		return false
	}
	if index != last+1 {
		problem := outOfOrder(l.Peer, index, last)
		if l.snapshots.Load() && index <= last {
			problem += hint()
		}
		k.run.Violate(rules.Violation{Rule: rules.ApplyOrder, Section: "§5.3", Message: problem, Peers: []int{l.Peer}})
		return false
	}
	if index == len(k.entries) {
		e.prefix = chain(k.entries[index-1].prefix, e)
		k.entries = append(k.entries, e)
		k.newEntry(l.Peer, index, e)
	}
	if !k.agrees(l, index, e) {
		return false
	}
	l.applied.Store(int64(index))
	return true
}

// agrees judges an entry by what was applied at its index before.
func (k *Checks) agrees(l *Life, index int, e entry) bool {
	known := k.entries[index]
	if known.valid == e.valid && known.command == e.command {
		return true
	}
	k.run.Violate(rules.Violation{Rule: rules.TwoCommands, Section: "§5.4.3", Message: fmt.Sprintf("at index %d peer %d applies %s, but peer %d applied %s there",
		index, l.Peer, e.text(), known.by, known.text()), Peers: []int{l.Peer, known.by}})
	return false
}

func outOfOrder(peer, index, last int) string {
	switch {
	case index < 1:
		return fmt.Sprintf("peer %d applies an entry at index %d; the first index is 1", peer, index)
	case index <= last:
		return fmt.Sprintf("peer %d applies index %d again: in this life it has already applied everything up to %d", peer, index, last)
	}
	return fmt.Sprintf("peer %d applies index %d right after %d, and skips what is between", peer, index, last)
}

// Install judges a snapshot that a peer delivers to its service.
func (k *Checks) Install(l *Life, m raftapi.ApplyMsg) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !l.Alive() {
		return
	}
	k.run.Emit(record.Event{Kind: record.Snapshot, Peer: l.Peer, Other: record.None, Index: m.SnapshotIndex, Text: "installed"}, "")
	index, problem := k.examine(m.Snapshot)
	switch last := int(l.applied.Load()); {
	case problem != "":
	case index != m.SnapshotIndex:
		problem = fmt.Sprintf("has SnapshotIndex %d, but the state in it is that after index %d", m.SnapshotIndex, index)
	case index < last:
		problem = fmt.Sprintf("goes back to index %d, but the peer has already applied everything up to %d", index, last)
	case k.snapshotTerms && k.sawAppend && m.SnapshotTerm > k.entries[index].newest: // terms are known from AppendEntries of a shape that is understood
		problem = fmt.Sprintf("has SnapshotTerm %d, but the entry at index %d was applied when no peer had got beyond term %d",
			m.SnapshotTerm, index, k.entries[index].newest)
	}
	if problem != "" {
		k.run.Violate(rules.Violation{Rule: rules.Snapshot, Section: "§7", Message: fmt.Sprintf("the snapshot that peer %d delivers %s", l.Peer, problem), Peers: []int{l.Peer}})
		return
	}
	l.snapshots.Store(true)
	l.applied.Store(int64(index))
	l.since = index
}

// Restore is what a service does first: it looks whether its peer has persisted a snapshot to begin
// with. It returns a few words for the trace.
func (k *Checks) Restore(l *Life, data []byte) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	own := k.terms.OwnSnapshots
	if len(data) == 0 && !own {
		return ""
	}
	index, problem := k.examine(data)
	switch {
	case problem != "" && own:
		return k.goesOn(l)
	case problem != "":
		k.run.Violate(rules.Violation{Rule: rules.Snapshot, Section: "§7",
			Message: fmt.Sprintf("the snapshot that peer %d has persisted %s", l.Peer, problem), Peers: []int{l.Peer}})
		return ""
	}
	l.snapshots.Store(true)
	l.applied.Store(int64(index))
	l.since = index
	return fmt.Sprintf("snapshot to %d", index)
}

const snapshotFormat = "raftlab snapshot: cluster %d, entries up to %d, hash %016x"

// snapshotOf is the state of the service after it applied everything up to index. Instead of the
// entries it holds a hash of them, so that a snapshot of something else is told from it; and it is
// as long as snapshots are to be at least.
func (k *Checks) snapshotOf(index int) []byte {
	data := fmt.Appendf(nil, snapshotFormat, k.cluster, index, k.entries[index].prefix)
	return append(data, bytes.Repeat([]byte{' '}, max(0, k.snapshotBytes-len(data)))...)
}

// SnapshotBytes makes snapshots so long at least. It is called before there are any.
func (k *Checks) SnapshotBytes(n int) { k.snapshotBytes = n }

// SnapshotTerms says whether the terms are judged with which snapshots are delivered. It is called
// before there are any.
func (k *Checks) SnapshotTerms(judged bool) { k.snapshotTerms = judged }

// SnapshotAt is the state of the service after the entry at index, which has been applied.
func (k *Checks) SnapshotAt(index int) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.snapshotOf(index)
}

// examine returns the index up to which a snapshot goes, or what is wrong with it.
func (k *Checks) examine(data []byte) (index int, problem string) {
	var cluster int
	var prefix uint64
	if _, err := fmt.Sscanf(string(data), snapshotFormat, &cluster, &index, &prefix); err != nil {
		return 0, fmt.Sprintf("is not one that the service made (%d bytes)", len(data))
	}
	switch {
	case cluster != k.cluster:
		return 0, "is from an earlier cluster of the same process: a global variable has kept it"
	case index < 1 || index >= len(k.entries):
		return 0, fmt.Sprintf("goes up to index %d, which nobody has applied", index)
	case !bytes.Equal(data, k.snapshotOf(index)):
		return 0, fmt.Sprintf("is not the state after index %d", index)
	}
	return index, ""
}

// chain hashes an entry together with all that came before it.
func chain(before uint64, e entry) uint64 {
	h := fnv.New64a()
	var b [8]byte
	for i := range b {
		b[i] = byte(before >> (8 * i))
	}
	h.Write(b[:])
	if e.valid {
		h.Write([]byte(fullText(e.command)))
	}
	return h.Sum64()
}

// foreign is a command that is neither an integer nor a string: its type, and all that is in it, as
// text.
type foreign string

// Plain returns what the harness keeps of a command. It is a plain value, which can be compared,
// printed and hashed without anybody's methods being called, and which nobody can change any more.
// Equal commands give equal values.
func Plain(command any) any {
	switch x := command.(type) {
	case nil, int, string, foreign:
		return x
	}
	return foreign(fmt.Sprintf("%T", command) + plain.Value(command, 1<<20))
}

// fullText writes a command out, so that equal commands have equal texts.
func fullText(command any) string {
	switch x := command.(type) {
	case int:
		return strconv.Itoa(x)
	case string:
		return x
	case foreign:
		return string(x)
	}
	return "nil"
}

// CommandText is a command in few characters.
func CommandText(command any) string {
	switch x := Plain(command).(type) {
	case int:
		return strconv.Itoa(x)
	case string:
		if len(x) <= 24 {
			return strconv.Quote(x)
		}
		return strconv.Quote(x[:20]) + fmt.Sprintf("... (%d bytes)", len(x))
	case foreign:
		return plain.Cut(string(x), 60)
	}
	return "nil"
}

// CommandAt returns what was applied at index, and whether anything was.
func (k *Checks) CommandAt(index int) (cmd any, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if index < 1 || index >= len(k.entries) {
		return nil, false
	}
	return k.entries[index].command, true
}
