package shardctrler

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/porcupine-tests/configs"
)

func TestRebalance(t *testing.T) {
	for _, c := range []struct {
		name   string
		before [NShards]int
		gids   []int
		want   [NShards]int
	}{
		{"nobody", [NShards]int{1, 1, 2, 2, 3, 3, 1, 2, 3, 1}, nil, [NShards]int{}},
		{"the first", [NShards]int{}, []int{5}, [NShards]int{5, 5, 5, 5, 5, 5, 5, 5, 5, 5}},
		{"one has left and one is new, as in the drawing", [NShards]int{1, 1, 1, 1, 1, 1, 2, 2, 7, 7}, []int{1, 2, 3},
			[NShards]int{1, 1, 1, 1, 2, 3, 2, 2, 3, 3}},
		{"even already", [NShards]int{2, 1, 2, 1, 2, 1, 2, 1, 2, 1}, []int{1, 2}, [NShards]int{2, 1, 2, 1, 2, 1, 2, 1, 2, 1}},
		{"more groups than shards", [NShards]int{4, 3, 12, 1, 5, 6, 11, 7, 9, 8}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
			[NShards]int{4, 3, 12, 1, 5, 6, 11, 7, 9, 8}},
		{"one of many leaves", [NShards]int{4, 3, 12, 1, 5, 6, 11, 7, 9, 8}, []int{1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12},
			[NShards]int{4, 3, 12, 1, 5, 6, 11, 7, 2, 8}},
	} {
		require.Equal(t, c.want, rebalance(c.before, c.gids), c.name)
	}
}

// From any configuration, also one that was made by moves, to any groups: even, and no move too
// many.
func TestRebalanceIsEvenAndMovesLittle(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 3000 {
		var before [NShards]int
		for shard := range before {
			before[shard] = 1 + r.IntN(1+r.IntN(16))
		}
		var gids []int
		for gid := 1; gid <= 16; gid++ {
			if r.IntN(3) == 0 {
				gids = append(gids, gid)
			}
		}
		after := Config{Num: 1, Shards: rebalance(before, gids), Groups: map[int][]string{}}
		for _, gid := range gids {
			after.Groups[gid] = nil
		}
		require.Nil(t, configs.Sound(after), "%v to %v", before, after.Shards)
		require.Nil(t, configs.Even(after), "%v to %v", before, after.Shards)
		require.Equal(t, configs.Fewest(before, gids), configs.Moved(before, after.Shards), "%v to %v over %v", before, after.Shards, gids)
	}
}

func TestOperationsInTheLog(t *testing.T) {
	for text, o := range map[string]op{
		`join`:                            {kind: opJoin, groups: map[int][]string{}},
		`join 1 "a" "b c" 2 30 "\"x\" 1"`: {kind: opJoin, groups: map[int][]string{1: {"a", "b c"}, 2: nil, 30: {`"x" 1`}}},
		`leave 1 2`:                       {kind: opLeave, gids: []int{1, 2}},
		`leave`:                           {kind: opLeave},
		`move 3 12`:                       {kind: opMove, shard: 3, gid: 12},
	} {
		require.Equal(t, text, string(appendOp(nil, o)))
		got, err := parseOp([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, o, got, text)
	}
	for _, text := range []string{"", "jump 1", "move 1", "move 1 2 3", "leave x", "join x", `join 1 "a`} {
		_, err := parseOp([]byte(text))
		require.Error(t, err, text)
	}
}

func TestHistory(t *testing.T) {
	h := newHistory()
	apply := func(o op) int { return h.Apply(o).Num }
	a, b := []string{"a1", "a2"}, []string{"b1"}
	require.Equal(t, 1, apply(op{kind: opJoin, groups: map[int][]string{3: a, 4: b}}))
	require.Equal(t, 1, apply(op{kind: opJoin, groups: map[int][]string{3: b}}), "a member stays as it is")
	require.Equal(t, 2, apply(op{kind: opMove, shard: 0, gid: 4}))
	require.Equal(t, 2, apply(op{kind: opMove, shard: 0, gid: 4}), "it is there")
	require.Equal(t, 2, apply(op{kind: opMove, shard: 0, gid: 5}), "no member")
	require.Equal(t, 2, apply(op{kind: opMove, shard: NShards, gid: 4}), "no shard")
	require.Equal(t, 2, apply(op{kind: opLeave, gids: []int{7}}), "no member")
	require.Equal(t, 3, apply(op{kind: opLeave, gids: []int{3, 4, 4}}))

	require.True(t, Config{Groups: map[int][]string{}}.Equal(h.get(0)))
	require.True(t, Config{Num: 1, Shards: [NShards]int{3, 3, 3, 3, 3, 4, 4, 4, 4, 4}, Groups: map[int][]string{3: a, 4: b}}.Equal(h.get(1)))
	require.True(t, Config{Num: 2, Shards: [NShards]int{4, 3, 3, 3, 3, 4, 4, 4, 4, 4}, Groups: map[int][]string{3: a, 4: b}}.Equal(h.get(2)))
	require.True(t, Config{Num: 3, Groups: map[int][]string{}}.Equal(h.get(3)))
	require.Equal(t, 3, h.get(-1).Num)
	require.Equal(t, 3, h.get(99).Num)

	other := newHistory()
	require.NoError(t, other.Restore(h.Snapshot()))
	require.Equal(t, h.Snapshot(), other.Snapshot())
	require.True(t, slices.EqualFunc(h.configs, other.configs, Config.Equal))
	require.Error(t, other.Restore([]byte("nonsense")))
}
