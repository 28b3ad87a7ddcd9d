package kvraft

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"raftlab/kvapi"
	"raftlab/labgob"
)

// store is the data: a map from keys to values, each with its version. It is the state machine that
// the rsm package replicates, plain and deterministic. It serves both interfaces at once:
// every write, of whichever, raises the key's version by one.
type store struct {
	items map[string]item
}

// item is a value. Keys are never removed, so a version never comes back.
type item struct {
	value   string
	version kvapi.Version // the number of writes to the key; at least 1
}

func newStore() *store { return &store{items: map[string]item{}} }

// get returns OK with the item, or ErrNoKey.
func (s *store) get(key string) (item, kvapi.Err) {
	it, ok := s.items[key]
	if !ok {
		return item{}, kvapi.ErrNoKey
	}
	return it, kvapi.OK
}

// Apply implements rsm.Machine.
func (s *store) Apply(o op) result {
	it, ok := s.items[o.key]
	switch o.kind {
	case opPut:
		it.value = o.value
	case opAppend:
		it.value += o.value
	case opConditional:
		if !ok && o.version != 0 {
			return result{kvapi.ErrNoKey}
		}
		if it.version != o.version {
			return result{kvapi.ErrVersion}
		}
		it.value = o.value
	default:
		panic(fmt.Sprintf("kvraft: unknown operation %q in the log", o.kind))
	}
	it.version++
	s.items[o.key] = it
	return result{kvapi.OK}
}

// row is an item in a snapshot; its fields are exported for gob.
type row struct {
	Key, Value string
	Version    kvapi.Version
}

// Snapshot implements rsm.Machine. Keys are sorted, so that equal states give equal bytes.
func (s *store) Snapshot() []byte {
	rows := make([]row, 0, len(s.items))
	for _, key := range slices.Sorted(maps.Keys(s.items)) {
		rows = append(rows, row{key, s.items[key].value, s.items[key].version})
	}
	var buf bytes.Buffer
	if err := labgob.NewEncoder(&buf).Encode(rows); err != nil {
		panic(fmt.Sprintf("kvraft: cannot encode a snapshot: %v", err))
	}
	return buf.Bytes()
}

// Restore implements rsm.Machine.
func (s *store) Restore(snapshot []byte) error {
	var rows []row
	if err := labgob.NewDecoder(bytes.NewReader(snapshot)).Decode(&rows); err != nil {
		return fmt.Errorf("kvraft: decoding a snapshot: %w", err)
	}
	clear(s.items)
	for _, r := range rows {
		s.items[r.Key] = item{r.Value, r.Version}
	}
	return nil
}
