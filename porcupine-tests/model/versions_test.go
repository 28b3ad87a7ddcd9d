package model

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
)

// Fifty puts of unknown outcome do not hide a read of what was never written, nor one that goes back.
func TestWrongAnswerUnderManyUnknownPuts(t *testing.T) {
	read := func(at int, value string, version kvapi.Version) Op {
		return Op{Client: 99, Dialect: Versioned, Kind: Get, Key: "x", Call: at, Return: at + 1, Got: value, GotVersion: version, Err: kvapi.OK}
	}
	var puts []Op
	for i := range 50 {
		puts = append(puts, Op{Client: i, Dialect: Versioned, Kind: Put, Key: "x", Value: strconv.Itoa(i),
			Version: kvapi.Version(i), Call: i, Return: 1000 + i, Err: kvapi.ErrMaybe})
	}
	for name, reads := range map[string][]Op{
		"nobody's":    {read(2000, "zz", 3)},
		"goes back":   {read(2000, "2", 3), read(2002, "1", 2)},
		"not its own": {read(2000, "2", 4)},
	} {
		t.Run(name, func(t *testing.T) {
			quick(t, func() { require.Equal(t, Illegal, Check(append(puts[:50:50], reads...), 0).Result) })
		})
	}
}

// What the versions refute, a search refutes as well; on small histories of random answers.
func TestVersionsRefutedIsIllegal(t *testing.T) {
	refutations, legal := 0, 0
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 2))
		var ops []Op
		for i := range 2 + r.IntN(4) {
			op := Op{Client: i, Dialect: Versioned, Kind: Put, Key: "x", Call: 2 * r.IntN(8), Value: strconv.Itoa(r.IntN(2)), Version: kvapi.Version(r.IntN(2))}
			op.Return = op.Call + 1 + 2*r.IntN(4)
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
		possible := porcupine.CheckOperations(versioned, operations(ops))
		if possible {
			legal++
		}
		if versionsRefuted(ops) {
			refutations++
			require.False(t, possible, "seed %d: %v", seed, ops)
		}
	}
	require.Greater(t, refutations, 1000)
	require.Greater(t, legal, 1000)
}
