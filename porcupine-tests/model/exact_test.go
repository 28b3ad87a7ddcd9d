package model

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
)

// plain is the classic model without anything that is known in advance.
var plain = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		op := input.(*Op)
		switch op.Kind {
		case Put:
			return true, op.Value
		case Append:
			return true, state.(string) + op.Value
		}
		return op.Open || op.Got == state, state
	},
}

// What is decided without a search is what a search finds, on small histories with answers of all
// kinds.
func TestClassicIsDecidedAsBySearch(t *testing.T) {
	count := map[bool]int{}
	for seed := range uint64(5_000) {
		r := rand.New(rand.NewPCG(seed, 3))
		var ops []Op
		n := 3 + r.IntN(5)
		values := []string{""}
		for i := range n {
			op := Op{Client: i, Dialect: Classic, Kind: []Kind{Put, Append, Get, Get}[r.IntN(4)], Key: "x", Value: Value(fmt.Sprint(i)), Err: kvapi.OK}
			op.Call = 100*r.IntN(8) + 2*i // no two at one place
			op.Return = op.Call + 1 + 100*r.IntN(5)
			op.Open = r.IntN(7) == 0
			if op.Kind != Get {
				if op.Kind == Append || r.IntN(2) == 0 {
					values = append(values, values[r.IntN(len(values))]+op.Value)
				}
				values = append(values, op.Value)
			}
			ops = append(ops, op)
		}
		for i := range ops {
			if ops[i].Kind == Get {
				ops[i].Got = values[r.IntN(len(values))]
			}
		}
		c, decided := decide(ops)
		require.True(t, decided)
		var complete []Op
		for _, op := range ops {
			if !op.Open || op.Kind != Get {
				complete = append(complete, op)
			}
		}
		legal := porcupine.CheckOperations(plain, operations(complete))
		count[legal]++
		require.Equal(t, legal, c == nil, "seed %d: %+v, %v", seed, c, ops)
	}
	require.Greater(t, count[true], 200)
	require.Greater(t, count[false], 200)
}

func TestVersionedIsDecidedAsBySearch(t *testing.T) {
	count := map[bool]int{}
	for seed := range uint64(5_000) {
		r := rand.New(rand.NewPCG(seed, 2))
		var ops []Op
		for i := range 2 + r.IntN(5) {
			op := Op{Client: i, Dialect: Versioned, Kind: Put, Key: "x", Value: fmt.Sprint(r.IntN(2)), Version: kvapi.Version(r.IntN(3))}
			op.Call = 100*r.IntN(8) + 2*i
			op.Return = op.Call + 1 + 100*r.IntN(5)
			op.Err = []kvapi.Err{kvapi.OK, kvapi.OK, kvapi.ErrMaybe, kvapi.ErrNoKey, kvapi.ErrVersion}[r.IntN(5)]
			if r.IntN(2) == 0 {
				op.Kind, op.Got, op.GotVersion, op.Err = Get, op.Value, op.Version+1, kvapi.OK
				if r.IntN(4) == 0 {
					op.Got, op.GotVersion, op.Err = "", 0, kvapi.ErrNoKey
				}
			}
			op.Open = op.Kind == Put && r.IntN(6) == 0
			ops = append(ops, op)
		}
		legal := porcupine.CheckOperations(versioned, operations(ops))
		count[legal]++
		c, _ := decide(ops)
		require.Equal(t, legal, c == nil, "seed %d: %+v, %v", seed, c, ops)
	}
	require.Greater(t, count[true], 200)
	require.Greater(t, count[false], 200)
}

// wrongs are the ways in which an answer in the middle of a long classic history can be wrong. Each
// changes a read that tells of enough, and says whether it could.
var wrongs = map[string]func(r *rand.Rand, ops []Op, read int) bool{
	"stale read": func(r *rand.Rand, ops []Op, read int) bool {
		for _, old := range ops {
			if old.Kind == Get && !old.Open && old.Key == ops[read].Key && old.Got != "" && old.Return < ops[read].Call {
				for _, w := range ops { // that replaced it in the meantime, for everybody to see
					if w.Kind == Put && !w.Open && w.Key == old.Key && w.Call > old.Return && w.Return < ops[read].Call {
						ops[read].Got = old.Got
						return true
					}
				}
			}
		}
		return false
	},
	"lost append": func(r *rand.Rand, ops []Op, read int) bool {
		p := piecesOf(ops[read].Got, false)
		if len(p) < 3 {
			return false
		}
		at := 1 + r.IntN(len(p)-2)
		ops[read].Got = strings.Join(append(append([]string{}, p[:at]...), p[at+1:]...), "")
		for _, op := range ops { // somebody has seen it
			if op.Kind == Get && !op.Open && strings.Contains(op.Got, strings.Join(p[:at+2], "")) {
				return true
			}
		}
		return false
	},
	"reordered appends": func(r *rand.Rand, ops []Op, read int) bool {
		p := piecesOf(ops[read].Got, false)
		if len(p) < 4 {
			return false
		}
		before := strings.Join(p[:3], "")
		p[1], p[2] = p[2], p[1]
		ops[read].Got = strings.Join(p, "")
		for _, op := range ops {
			if op.Kind == Get && !op.Open && strings.HasPrefix(op.Got, before) {
				return true
			}
		}
		return false
	},
	"duplicate append": func(r *rand.Rand, ops []Op, read int) bool {
		p := piecesOf(ops[read].Got, false)
		if len(p) < 2 {
			return false
		}
		ops[read].Got += p[1+r.IntN(len(p)-1)]
		return true
	},
}

// Wrong answers of several kinds are found wherever they are in 8,000 operations of 20 clients,
// some of which never had an answer; and without them all is well.
func TestWrongAnswersInLongHistories(t *testing.T) {
	tried := map[string]int{}
	for seed := range uint64(2) {
		right := func() []Op { return withLost(simulatedOf(seed, 20, 8000, Get, Get, Append, Append, Append, Put), seed) }
		quick(t, func() { require.Equal(t, OK, Check(right(), 0).Result) })
		for name, wrong := range wrongs {
			r := rand.New(rand.NewPCG(seed, 9))
			for range 200 {
				ops := right()
				i := r.IntN(len(ops))
				if ops[i].Kind != Get || ops[i].Open || !wrong(r, ops, i) {
					continue
				}
				quick(t, func() {
					v := Check(ops, 0)
					require.Equal(t, Illegal, v.Result, name)
					require.Regexp(t, "the contradiction: |: but .* had ended before", v.Why) // both operations are named
				})
				if tried[name]++; tried[name]%3 == 0 {
					break
				}
			}
		}
	}
	for name := range wrongs {
		require.GreaterOrEqual(t, tried[name], 2, name)
	}
}

// withLost takes the answers of some writes away.
func withLost(ops []Op, seed uint64) []Op {
	r := rand.New(rand.NewPCG(seed, 5))
	for i := range ops {
		if ops[i].Kind != Get && r.IntN(30) == 0 {
			ops[i].Open, ops[i].Err, ops[i].Return = true, "", 0
		}
	}
	return ops
}

// The same for versions: skipped, given twice, gone back, or of nobody.
func TestWrongVersionsInLongHistories(t *testing.T) {
	for seed := range uint64(2) {
		quick(t, func() { require.Equal(t, OK, Check(simulatedVersions(seed, 20, 8000), 0).Result, "seed %d", seed) })
		for name, wrong := range map[string]func(op *Op){
			"version skipped":   func(op *Op) { op.GotVersion += 2 },
			"version gone back": func(op *Op) { op.GotVersion -= 2 },
			"nobody's value":    func(op *Op) { op.Got += "?" },
			"key gone":          func(op *Op) { op.Got, op.GotVersion, op.Err = "", 0, kvapi.ErrNoKey },
		} {
			ops := simulatedVersions(seed, 20, 8000)
			r := rand.New(rand.NewPCG(seed, 6))
			for {
				op := &ops[r.IntN(len(ops))]
				if op.Kind == Get && !op.Open && op.GotVersion > 3 {
					wrong(op)
					break
				}
			}
			quick(t, func() {
				v := Check(ops, 0)
				require.Equal(t, Illegal, v.Result, name)
				require.Regexp(t, "the contradiction: |: but .* had ended before", v.Why) // both operations are named
			})
		}
	}
}

// simulatedVersions draws a history of n operations by some clients on three versioned keys. Some
// puts have no answer, or an uncertain one.
func simulatedVersions(seed uint64, clients, n int) []Op {
	r := rand.New(rand.NewPCG(seed, 1))
	var h History
	data := map[string]cell{}
	last := map[string]kvapi.Version{}
	type busy struct {
		handle int
		op     Op
		done   bool
	}
	at := make([]*busy, clients)
	for h.Len() < n {
		c := r.IntN(clients)
		b := at[c]
		switch {
		case b == nil:
			op := Op{Client: c, Dialect: Versioned, Kind: Get, Key: fmt.Sprint(r.IntN(3))}
			if r.IntN(2) == 0 {
				op.Kind, op.Value, op.Version = Put, fmt.Sprint(h.Len()), last[op.Key]
			}
			at[c] = &busy{handle: h.Call(op, 0), op: op}
		case !b.done:
			b.done = true
			now := data[b.op.Key]
			switch {
			case b.op.Kind == Get && now.version == 0:
				b.op.Err = kvapi.ErrNoKey
			case b.op.Kind == Get:
				b.op.Err, b.op.Got, b.op.GotVersion = kvapi.OK, now.value, now.version
				last[b.op.Key] = now.version
			case now.version == b.op.Version:
				b.op.Err, data[b.op.Key] = kvapi.OK, cell{b.op.Value, now.version + 1}
			default:
				b.op.Err = kvapi.ErrVersion
			}
			if b.op.Kind == Put && r.IntN(10) == 0 {
				b.op.Err = kvapi.ErrMaybe
			}
		case b.op.Kind == Put && r.IntN(30) == 0:
			at[c] = nil // never answered
		default:
			h.Return(b.handle, 0, func(o *Op) { o.Err, o.Got, o.GotVersion = b.op.Err, b.op.Got, b.op.GotVersion })
			at[c] = nil
		}
	}
	return h.Ops()
}

// A picture of a long history stays small, and says what it leaves out.
func TestPictureIsBounded(t *testing.T) {
	ops := simulatedOf(1, 20, 8000, Get, Append, Append, Put)
	for i := len(ops) - 1; ; i-- {
		if ops[i].Kind == Get && !ops[i].Open {
			ops[i].Got += "[x]"
			break
		}
	}
	var page strings.Builder
	quick(t, func() { require.NoError(t, Draw(&page, ops, nil)) })
	require.Less(t, page.Len(), 8<<20)
	require.Contains(t, page.String(), "this picture is partial: ")
	page.Reset()
	require.NoError(t, Draw(&page, simulated(1, 5, 60), nil))
	require.NotContains(t, page.String(), "this picture is partial: ")
}
