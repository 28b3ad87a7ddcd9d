package shardkv

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"raftlab/shardapi"
)

// image is a snapshot of a machine: all of it, since whatever was left out would be lost in the
// next crash. Its fields are exported for gob.
type image struct {
	Config  []byte  // as JSON, because gob writes maps in any order
	Serving []shelf // the group's own shards
	Kept    []shelf // for others
	Awaited []source
	Owed    []source
	Last    []source // in the order of the shards
}

// shelf is a shard in a snapshot. Of a served shard, Move.Num says nothing.
type shelf struct {
	Move     move
	Contents packed
}

func byMove(a, b move) int { return cmp.Or(cmp.Compare(a.Num, b.Num), cmp.Compare(a.Shard, b.Shard)) }

// Snapshot implements rsm.Machine. What maps hold is sorted, so that equal states give equal bytes.
func (m *machine) Snapshot() []byte {
	i := image{Config: encodeConfig(m.config), Last: m.last[:]}
	for shard, c := range m.shards {
		if c != nil {
			i.Serving = append(i.Serving, shelf{move{Shard: shard}, c.pack()})
		}
	}
	for _, mv := range slices.SortedFunc(maps.Keys(m.kept), byMove) {
		i.Kept = append(i.Kept, shelf{mv, m.kept[mv].pack()})
	}
	i.Awaited = sources(maps.Values(m.awaited))
	i.Owed = sources(maps.Values(m.owed))
	return encode(i)
}

func sources(all func(func(source) bool)) []source {
	return slices.SortedFunc(all, func(a, b source) int { return byMove(a.Move, b.Move) })
}

// Restore implements rsm.Machine.
func (m *machine) Restore(snapshot []byte) error {
	var i image
	if err := decode(snapshot, &i); err != nil {
		return fmt.Errorf("shardkv: decoding a snapshot: %w", err)
	}
	if len(i.Last) != shardapi.NShards {
		return fmt.Errorf("shardkv: the snapshot knows %d shards, there are %d", len(i.Last), shardapi.NShards)
	}
	restored := newMachine(m.gid)
	restored.changed = m.changed
	if err := json.Unmarshal(i.Config, &restored.config); err != nil {
		return fmt.Errorf("shardkv: decoding the configuration in a snapshot: %w", err)
	}
	copy(restored.last[:], i.Last)
	for _, s := range i.Serving {
		restored.shards[s.Move.Shard] = s.Contents.unpack()
	}
	for _, s := range i.Kept {
		restored.kept[s.Move] = s.Contents.unpack()
	}
	for _, s := range i.Awaited {
		restored.awaited[s.Move.Shard] = s
	}
	for _, s := range i.Owed {
		restored.owed[s.Move] = s
	}
	*m = *restored
	m.changed()
	return nil
}
