package model

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
)

// What is found where values are equal is what a plain search finds, on small histories with
// answers of all kinds.
func TestEqualValuesAreJudgedAsBySearch(t *testing.T) {
	count := map[bool]int{}
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 4))
		words := [][]string{{"[a]", "[b]"}, {"a", "ab", "b"}, {"x"}, {"a", ""}}[r.IntN(4)]
		kinds := [][]Kind{{Put, Append, Append, Get, Get}, {Put, Put, Get, Get, Get}}[r.IntN(2)]
		lost := 2 + r.IntN(6) // one in so many writes
		var ops []Op
		values := []string{""}
		for i := range 3 + r.IntN(7) {
			op := Op{Client: i, Dialect: Classic, Kind: kinds[r.IntN(5)], Key: "x", Value: words[r.IntN(len(words))], Err: kvapi.OK}
			op.Call = 100*r.IntN(8) + 2*i // no two at one place
			op.Return = op.Call + 1 + 100*r.IntN(5)
			op.Open = op.Kind != Get && r.IntN(lost) == 0
			if op.Kind != Get {
				values = append(values, values[r.IntN(len(values))]+op.Value, op.Value)
			}
			ops = append(ops, op)
		}
		for i := range ops {
			if ops[i].Kind == Get {
				ops[i].Got = values[r.IntN(len(values))]
			}
		}
		legal := porcupine.CheckOperations(plain, operations(ops))
		count[legal]++
		result, _ := seek(withoutUnseen(ops), Budget)
		require.True(t, !legal || impossible(ops) == nil, "seed %d: %v", seed, ops)
		require.Equal(t, legal, result == OK, "seed %d: %v", seed, ops)
		require.NotEqual(t, Unknown, result)
	}
	require.Greater(t, count[true], 2000)
	require.Greater(t, count[false], 2000)
}

// Histories as long as the longest of the labs, of many clients, in which the same few values are
// written over and over, get a verdict; and so do those with a wrong answer.
func TestEqualValuesInLongHistories(t *testing.T) {
	twice := func(got string) string { return got + got }
	half := func(got string) string { return got[:len(got)/2] }
	nobodys := func(got string) string { return got + "?" }
	for _, c := range []struct {
		name  string
		words []string
		kinds []Kind
		lost  bool
		wrong func(got string) string
	}{
		{"one value", []string{"[x]"}, []Kind{Get, Append}, true, half},
		{"many values", strings.Split("abcdefghijklmnopqrstuvwxyz", ""), []Kind{Get, Append}, true, twice},
		{"values within values", []string{"a", "ab", "ba", "b"}, []Kind{Get, Append}, false, half},
		{"with puts", []string{"[a]", "[b]", "[c]"}, []Kind{Get, Get, Get, Append, Append, Append, Append, Put}, false, twice},
		{"only puts", []string{"a", "b", "c"}, []Kind{Get, Put}, true, nobodys},
	} {
		t.Run(c.name, func(t *testing.T) {
			ops := renamed(simulatedOf(1, 20, 8000, c.kinds...), c.words)
			if c.lost {
				ops = withLost(ops, 1)
			}
			quick(t, func() { require.Equal(t, OK, Check(ops, 0).Result) })
			wrong := slices.IndexFunc(ops, func(op Op) bool { return op.Kind == Get && op.Call > 10_000 && len(op.Got) > 8 })
			if wrong < 0 {
				wrong = slices.IndexFunc(ops, func(op Op) bool { return op.Kind == Get && op.Call > 10_000 && op.Got != "" })
			}
			ops[wrong].Got = c.wrong(ops[wrong].Got)
			quick(t, func() {
				v := Check(ops, 0)
				require.Equal(t, Illegal, v.Result)
				require.Equal(t, ops[wrong].Return, v.Op.Return)
			})
		})
	}
}

// Many clients append the same few values at the same moment, and then somebody reads one of them
// too often, too seldom, or in an order that was read otherwise before.
func TestWrongAnswerUnderManyEqualAppends(t *testing.T) {
	var ops []Op
	for i := range 18 {
		ops = append(ops, Op{Client: i, Dialect: Classic, Kind: Append, Key: "x", Value: []string{"a", "b", "c"}[i%3], Call: i, Return: 100 + i, Err: kvapi.OK})
	}
	read := func(got string, at int) Op {
		return Op{Client: 30, Dialect: Classic, Kind: Get, Key: "x", Got: got, Call: 200 + at, Return: 201 + at, Err: kvapi.OK}
	}
	all := strings.Repeat("abc", 6)
	for got, want := range map[string]Result{
		all: OK, "cba" + all[3:]: OK, all + "a": Illegal, all[1:]: Illegal, "aa" + all[2:]: Illegal, all[:17] + "?": Illegal,
	} {
		quick(t, func() { require.Equal(t, want, Check(append(slices.Clone(ops), read(got, 0)), 0).Result, got) })
	}
	quick(t, func() { require.Equal(t, Illegal, Check(append(ops, read(all, 0), read("cba"+all[3:], 10)), 0).Result) })
}

// A verdict is sure, however many operations overlap and are lost, unless equal values were written
// at the same time, without a version.
func TestUnsure(t *testing.T) {
	unlike := withLost(simulatedOf(3, 20, 2000, Get, Put, Append), 1)
	require.Empty(t, Unsure(unlike))
	require.Empty(t, Unsure(simulatedVersions(3, 20, 2000)))
	require.Equal(t, []string{"0", "1", "2"}, Unsure(renamed(unlike, []string{"[a]", "[b]"})))

	put := func(client, call, end int, err kvapi.Err) Op {
		return Op{Client: client, Dialect: Classic, Kind: Put, Key: "x", Call: call, Return: end, Open: err == "", Err: err}
	}
	require.Empty(t, Unsure([]Op{put(1, 1, 2, kvapi.OK), put(2, 3, 4, kvapi.OK)}), "one after the other")
	require.NotEmpty(t, Unsure([]Op{put(1, 1, 3, kvapi.OK), put(2, 2, 4, kvapi.OK)}), "at once")
	require.NotEmpty(t, Unsure([]Op{put(1, 1, 0, ""), put(2, 3, 4, kvapi.OK)}), "the first was lost")
}

// renamed gives the values of a history, which are all different, other names.
func renamed(ops []Op, words []string) []Op {
	r := rand.New(rand.NewPCG(7, 7))
	var pairs []string
	for i := range ops {
		if ops[i].Kind != Get {
			pairs = append(pairs, ops[i].Value, words[r.IntN(len(words))])
		}
	}
	names := strings.NewReplacer(pairs...)
	for i := range ops {
		ops[i].Value, ops[i].Got = names.Replace(ops[i].Value), names.Replace(ops[i].Got)
	}
	return ops
}

// Of states that differ only in puts of unknown outcome, those that have used fewer are enough: so a
// wrong answer is found among a hundred of such puts, where looking at all of them used up the budget.
func TestWrongAnswerAmongLostPuts(t *testing.T) {
	const seed, budget = 50, 20_000
	ops := renamed(simulatedOf(seed, 20, 700, Get, Put), []string{"a", "b", "c"})
	r := rand.New(rand.NewPCG(seed, 9))
	for i := range ops {
		if ops[i].Kind == Put && ops[i].Value != "b" && r.IntN(4) == 0 {
			ops[i].Open, ops[i].Err, ops[i].Return = true, "", 0
		}
	}
	require.Equal(t, OK, Check(ops, budget).Result)
	for {
		op := &ops[r.IntN(len(ops))]
		if op.Kind == Get && !op.Open && op.Got != "" && op.Call > 500 {
			op.Got = map[string]string{"a": "b", "b": "c", "c": "b"}[op.Got]
			break
		}
	}
	require.Equal(t, Illegal, Check(ops, budget).Result)
}

// Where puts and appends of unknown outcome make up a quarter, a wrong answer is mostly one that
// none of them explains, however often it was done: so it is found without trying in which order
// they may have been used up. (Counting them took more than 200,000 steps in each of these.)
func TestWrongAnswerAmongLostPutsAndAppends(t *testing.T) {
	for _, seed := range []uint64{2, 6, 8} {
		ops := renamed(simulatedOf(seed, 20, 2000, Get, Put, Put, Append), []string{"a", "b", "c"})
		r := rand.New(rand.NewPCG(seed, 9))
		for i := range ops {
			if ops[i].Kind != Get && ops[i].Value != "b" && r.IntN(4) == 0 {
				ops[i].Open, ops[i].Err, ops[i].Return = true, "", 0
			}
		}
		require.Equal(t, OK, Check(ops, 0).Result)
		for {
			op := &ops[r.IntN(len(ops))]
			if op.Kind == Get && !op.Open && op.Got != "" && op.Call > 1000 {
				op.Got = map[bool]string{true: "c", false: "b"}[op.Got[0] == 'b'] + op.Got[1:]
				break
			}
		}
		v := Check(ops, 0)
		require.Equal(t, Illegal, v.Result, "seed %d", seed)
		require.Less(t, v.Steps, 50_000)
	}
}
