package model

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
)

// Fifty puts of unknown outcome do not hide a read of what was never written, nor one that goes
// back.
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
