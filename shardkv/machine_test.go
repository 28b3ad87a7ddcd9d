package shardkv

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
	"raftlab/shardapi"
)

// configOf makes a configuration in which shard i belongs to group gids[i], or the last one given.
func configOf(num int, gids ...int) shardapi.Config {
	c := shardapi.Config{Num: num, Groups: map[int][]string{}}
	for shard := range c.Shards {
		gid := gids[min(shard, len(gids)-1)]
		c.Shards[shard] = gid
		if gid != 0 {
			c.Groups[gid] = []string{fmt.Sprintf("%d-0", gid), fmt.Sprintf("%d-1", gid)}
		}
	}
	return c
}

// keyIn returns a key of a shard.
func keyIn(shard int) string { return string(rune('P' + shard)) } // 'P' is 80

func adopt(m *machine, c shardapi.Config) kvapi.Err {
	return m.Apply(op{kind: opAdopt, config: c}).Err
}

func open(m *machine, shard int, session uint64) kvapi.Err {
	return m.Apply(op{kind: opOpen, move: move{Shard: shard}, session: session}).Err
}

func add(m *machine, shard int, session, seq uint64, value string) kvapi.Err {
	return m.Apply(op{kind: opAppend, session: session, seq: seq, key: keyIn(shard), value: value}).Err
}

// carry moves a shard from one machine to another, as pulls and installs do.
func carry(t *testing.T, from, to *machine, mv move) {
	t.Helper()
	require.Contains(t, from.kept, mv)
	require.Equal(t, kvapi.OK, to.Apply(op{kind: opInstall, move: mv, contents: string(from.kept[mv].encode())}).Err)
}

func requireValue(t *testing.T, m *machine, shard int, want string) {
	t.Helper()
	value, err := m.get(keyIn(shard))
	require.Equal(t, kvapi.OK, err)
	require.Equal(t, want, value)
}

func requireNot(t *testing.T, m *machine, shard int, want kvapi.Err) {
	t.Helper()
	_, err := m.get(keyIn(shard))
	require.Equal(t, want, err, "get")
	require.Equal(t, want, open(m, shard, 77), "open")
	require.Equal(t, want, add(m, shard, 1, 99, "!"), "append")
}

// begun returns a machine of group 1 that has all shards, with a session 1 in shard 0 and one write
// in it.
func begun(t *testing.T) *machine {
	m := newMachine(1)
	require.Equal(t, kvapi.OK, adopt(m, configOf(1, 1)))
	require.Equal(t, kvapi.OK, open(m, 0, 1))
	require.Equal(t, kvapi.OK, add(m, 0, 1, 1, "a"))
	return m
}

func TestKeysOfShards(t *testing.T) {
	for shard := range shardapi.NShards {
		require.Equal(t, shard, shardapi.ShardOf(keyIn(shard)))
	}
	require.Zero(t, shardapi.ShardOf(""))
}

func TestNobodyHasAShardAtFirst(t *testing.T) {
	requireNot(t, newMachine(1), 3, ErrWrongGroup)
	require.Equal(t, ErrWrongGroup, open(newMachine(1), -1, 7))
	require.Equal(t, ErrWrongGroup, open(newMachine(1), shardapi.NShards, 7))
}

func TestTheFirstOwnerBeginsWithNothing(t *testing.T) {
	m := begun(t)
	requireValue(t, m, 0, "a")
	_, err := m.get(keyIn(1))
	require.Equal(t, kvapi.ErrNoKey, err)
	require.Empty(t, m.awaited)
}

func TestConfigurationsAreAdoptedOneByOne(t *testing.T) {
	m := begun(t)
	for _, num := range []int{0, 1, 3, 9} {
		require.Equal(t, errNotReady, adopt(m, configOf(num, 2)), "number %d", num)
		require.Equal(t, configOf(1, 1), m.config)
	}
	requireValue(t, m, 0, "a")
	require.Equal(t, kvapi.OK, adopt(m, configOf(2, 1)))
	require.Equal(t, 2, m.config.Num)
}

func TestALostShardIsKeptAsItWas(t *testing.T) {
	m := begun(t)
	require.Equal(t, kvapi.OK, adopt(m, configOf(2, 2, 1)))
	requireNot(t, m, 0, ErrWrongGroup)
	require.Equal(t, "a", m.kept[move{0, 2}].data[keyIn(0)])
	require.Equal(t, kvapi.OK, open(m, 1, 5), "the other shards stay")
}

func TestAShardMoves(t *testing.T) {
	one, two := begun(t), newMachine(2)
	require.Equal(t, kvapi.OK, adopt(two, configOf(1, 1)))
	for _, m := range []*machine{one, two} {
		require.Equal(t, kvapi.OK, adopt(m, configOf(2, 2, 2, 1)))
	}
	requireNot(t, two, 0, errNotReady)
	require.Equal(t, source{move{0, 2}, 1, []string{"1-0", "1-1"}}, two.awaited[0])

	carry(t, one, two, move{0, 2})
	requireValue(t, two, 0, "a")
	requireNot(t, two, 1, errNotReady) // the one does not wait for the other
	require.Equal(t, errNotReady, adopt(two, configOf(3, 2)), "not before all have come")

	// Exactly once, although another group executed it.
	require.Equal(t, kvapi.OK, add(two, 0, 1, 1, "a"))
	requireValue(t, two, 0, "a")
	require.Equal(t, kvapi.OK, add(two, 0, 1, 2, "b"))
	require.Equal(t, errUnknown, add(two, 0, 1, 1, "a"), "stale")
	requireValue(t, two, 0, "ab")

	// The same shard again, from a server that did not know.
	require.Equal(t, errNotReady, two.Apply(op{kind: opInstall, move: move{0, 2}, contents: string(one.kept[move{0, 2}].encode())}).Err)
	requireValue(t, two, 0, "ab")

	carry(t, one, two, move{1, 2})
	require.Equal(t, kvapi.OK, adopt(two, configOf(3, 2)))
}

func TestAShardIsKeptUntilItHasArrived(t *testing.T) {
	one, two := begun(t), newMachine(2)
	require.Equal(t, errNotReady, one.Apply(op{kind: opDiscard, move: move{0, 2}}).Err, "nobody can have it yet")
	require.Equal(t, kvapi.OK, adopt(two, configOf(1, 1)))
	require.Equal(t, kvapi.OK, adopt(one, configOf(2, 2, 1)))
	require.Equal(t, kvapi.OK, adopt(two, configOf(2, 2, 1)))
	carry(t, one, two, move{0, 2})
	require.Contains(t, two.owed, move{0, 2})
	for range 2 {
		require.Equal(t, kvapi.OK, one.Apply(op{kind: opDiscard, move: move{0, 2}}).Err)
		require.Empty(t, one.kept)
		require.Equal(t, kvapi.OK, two.Apply(op{kind: opSettle, move: move{0, 2}}).Err)
		require.Empty(t, two.owed)
	}
	requireValue(t, two, 0, "a")
}

// A shard goes to group 2 and comes back, while what group 1 kept for the first journey is still
// there.
func TestJourneysOfOneShardAreNotMixedUp(t *testing.T) {
	one, two := begun(t), newMachine(2)
	configs := []shardapi.Config{configOf(1, 1), configOf(2, 2, 1), configOf(3, 1)}
	require.Equal(t, kvapi.OK, adopt(two, configs[0]))
	require.Equal(t, kvapi.OK, adopt(one, configs[1]))
	require.Equal(t, kvapi.OK, adopt(two, configs[1]))
	first := string(one.kept[move{0, 2}].encode())
	carry(t, one, two, move{0, 2})
	require.Equal(t, kvapi.OK, add(two, 0, 1, 2, "b"))
	require.Equal(t, kvapi.OK, adopt(one, configs[2]))
	require.Equal(t, kvapi.OK, adopt(two, configs[2]))

	require.Equal(t, errNotReady, one.Apply(op{kind: opInstall, move: move{0, 2}, contents: first}).Err, "an old journey")
	requireNot(t, one, 0, errNotReady)
	carry(t, two, one, move{0, 3})
	requireValue(t, one, 0, "ab")
	require.Equal(t, kvapi.OK, one.Apply(op{kind: opDiscard, move: move{0, 2}}).Err)
	requireValue(t, one, 0, "ab")
}

func TestTwoGroupsExchangeShards(t *testing.T) {
	one, two := newMachine(1), newMachine(2)
	for _, m := range []*machine{one, two} {
		require.Equal(t, kvapi.OK, adopt(m, configOf(1, 1, 2)))
		require.Equal(t, kvapi.OK, adopt(m, configOf(2, 2, 1)))
	}
	carry(t, one, two, move{0, 2}) // each gives while it waits itself
	carry(t, two, one, move{1, 2})
	require.Equal(t, kvapi.OK, open(two, 0, 1))
	require.Equal(t, kvapi.OK, open(one, 1, 1))
}

// All groups leave; what they had is there when the next one joins, also if it is another.
func TestShardsThatAreNobodys(t *testing.T) {
	one, two := begun(t), newMachine(2)
	require.Equal(t, kvapi.OK, adopt(one, configOf(2, 0)))
	requireNot(t, one, 0, ErrWrongGroup)
	require.Equal(t, kvapi.OK, adopt(one, configOf(3, 0)))
	require.Equal(t, kvapi.OK, adopt(one, configOf(4, 1)))
	requireValue(t, one, 0, "a")
	require.Empty(t, one.kept)

	require.Equal(t, kvapi.OK, adopt(one, configOf(5, 0)))
	require.Equal(t, kvapi.OK, adopt(one, configOf(6, 2)))
	for num, gid := range []int{1, 0, 0, 1, 0, 2} {
		require.Equal(t, kvapi.OK, adopt(two, configOf(num+1, gid)))
	}
	carry(t, one, two, move{0, 5})
	requireValue(t, two, 0, "a")
}

func TestAForgottenSession(t *testing.T) {
	m := begun(t)
	require.Equal(t, errExpired, add(m, 0, 9, 1, "b"), "never opened")
	for i := range maxSessions {
		if i == 5 {
			require.Equal(t, kvapi.OK, add(m, 0, 1, 1, "a"), "used again: not the oldest any more")
			require.Equal(t, kvapi.OK, open(m, 1, 1000), "another shard's")
		}
		require.Equal(t, kvapi.OK, open(m, 0, uint64(1000+i)))
	}
	require.Equal(t, errExpired, add(m, 0, 1000, 1, "b"), "the oldest")
	require.Equal(t, kvapi.OK, add(m, 0, 1, 2, "c"))
	require.Equal(t, kvapi.OK, add(m, 1, 1000, 1, "d"))
	require.Len(t, m.shards[0].sessions.rows, maxSessions)
	requireValue(t, m, 0, "ac")
}

func TestSnapshotsHaveEverything(t *testing.T) {
	one, two := begun(t), newMachine(2)
	require.Equal(t, kvapi.OK, adopt(two, configOf(1, 1, 1, 1, 1, 2)))
	require.Equal(t, kvapi.OK, adopt(two, configOf(2, 2, 2, 1)))
	require.Equal(t, kvapi.OK, adopt(one, configOf(2, 2, 2, 1)))
	carry(t, one, two, move{0, 2}) // owed
	require.Len(t, two.awaited, 1)
	require.NotEmpty(t, two.kept)

	for _, m := range []*machine{one, two} {
		copied := newMachine(m.gid)
		copied.shards[9] = newContents() // to be replaced
		require.NoError(t, copied.Restore(m.Snapshot()))
		require.Equal(t, m.Snapshot(), copied.Snapshot())
		copied.changed, m.changed = nil, nil
		require.Equal(t, m, copied)
	}
	require.Error(t, newMachine(1).Restore([]byte("nonsense")))
	require.Error(t, newMachine(1).Restore(encode(image{Config: []byte("{}")})))
}

// Copies that apply the same operations have the same snapshots, byte for byte.
func TestTheMachineIsDeterministic(t *testing.T) {
	var snapshots [2]string
	for i := range snapshots {
		m := begun(t)
		for k := range 50 {
			require.Equal(t, kvapi.OK, open(m, k%10, uint64(100+k)))
			require.Equal(t, kvapi.OK, add(m, k%10, uint64(100+k), 1, "x"))
		}
		require.Equal(t, kvapi.OK, adopt(m, configOf(2, 1, 2, 3, 1)))
		snapshots[i] = string(m.Snapshot())
	}
	require.Equal(t, snapshots[0], snapshots[1])
}

func TestOperationsAreReadable(t *testing.T) {
	for text, o := range map[string]op{
		`open 3 2s`:               {kind: opOpen, move: move{Shard: 3}, session: 100},
		`put 2s 7 "a b" "\x00\""`: {kind: opPut, session: 100, seq: 7, key: "a b", value: "\x00\""},
		`append 2s 8 "x" ""`:      {kind: opAppend, session: 100, seq: 8, key: "x"},
		"install 3 4 \x00 any":    {kind: opInstall, move: move{3, 4}, contents: "\x00 any"},
		`discard 3 4`:             {kind: opDiscard, move: move{3, 4}},
		`settle 3 4`:              {kind: opSettle, move: move{3, 4}},
		`adopt {"Num":2,"Shards":[1,2,2,2,2,2,2,2,2,2],"Groups":{"1":["1-0","1-1"],"2":["2-0","2-1"]}}`: {kind: opAdopt, config: configOf(2, 1, 2)},
	} {
		require.Equal(t, text, string(codec.Append(nil, o)))
		back, err := codec.Parse([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, o, back)
	}
	for _, broken := range []string{"", "put", `put 1 1 "x"`, `put 1 1 "x""y"`, `put 1 1 "x" "y" z`, "discard 1 x", "discard 1 2 3", "adopt {", "open 1 ?"} {
		_, err := codec.Parse([]byte(broken))
		require.Error(t, err, "%q", broken)
	}
}
