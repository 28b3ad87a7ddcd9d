package model

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/kvapi"
)

// quick fails a test whose checks take a minute, which is long for any computer.
func quick(t *testing.T, what func()) {
	t.Helper()
	began := time.Now()
	what()
	require.Less(t, time.Since(began), time.Minute)
}

// Many clients append at the same moment, behind a long past, and then somebody reads what nothing
// explains.
func TestWrongAnswerUnderManyAppends(t *testing.T) {
	for _, c := range []struct {
		name string
		got  func(past string) string
	}{
		{"done twice", func(past string) string { return past + "[c1][c2][c1]" }},
		{"lost", func(past string) string { return past + "[c1][c2]" }},
		{"nobody's", func(past string) string { return past + "[c1][c2][c3][c4][c5][c6][c7][c8][c9][x]" }},
		{"past lost", func(past string) string { return past[4:] + "[c1][c2][c3][c4][c5][c6][c7][c8][c9]" }},
		{"empty", func(string) string { return "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ops []Op
			past, now := "", 0
			for i := range 300 {
				ops = append(ops, Op{Client: 0, Dialect: Classic, Kind: Append, Key: "x", Value: fmt.Sprintf("[%d]", 10+i), Call: now, Return: now + 1, Err: kvapi.OK})
				past += ops[i].Value
				now += 2
			}
			for i := range 9 {
				ops = append(ops, Op{Client: 1 + i, Dialect: Classic, Kind: Append, Key: "x", Value: fmt.Sprintf("[c%d]", 1+i), Call: now + i, Return: now + 20 + i, Err: kvapi.OK})
			}
			ops = append(ops, Op{Client: 20, Dialect: Classic, Kind: Get, Key: "x", Call: now + 50, Return: now + 51, Got: c.got(past), Err: kvapi.OK})
			quick(t, func() { require.Equal(t, Illegal, Check(ops, 0).Result) })
		})
	}
}

// Nine appends that nobody ever read and a put over them: the put must have come last, in whatever
// order.
func TestUnseenAppends(t *testing.T) {
	var ops []Op
	for i := range 16 {
		ops = append(ops, Op{Client: i, Dialect: Classic, Kind: Append, Key: "x", Value: Value(fmt.Sprint(i)), Call: i, Return: 100 + i, Err: kvapi.OK})
	}
	ops = append(ops, Op{Client: 30, Dialect: Classic, Kind: Put, Key: "x", Value: "[p]", Call: 50, Return: 200, Err: kvapi.OK},
		Op{Client: 31, Dialect: Classic, Kind: Get, Key: "x", Call: 210, Return: 211, Got: "[p]", Err: kvapi.OK})
	quick(t, func() { require.Equal(t, OK, Check(ops, 0).Result) })
	ops = append(ops, Op{Client: 31, Dialect: Classic, Kind: Get, Key: "x", Call: 212, Return: 213, Got: "", Err: kvapi.OK})
	quick(t, func() { require.Equal(t, Illegal, Check(ops, 0).Result) })
}

// A history as long as the longest of the labs gets a verdict, and so does one with a wrong answer
// in it.
func TestLongHistories(t *testing.T) {
	for seed := range uint64(3) {
		ops := simulatedOf(seed, 20, 8000, Get, Get, Get, Get, Get, Append, Append, Append, Append, Put)
		quick(t, func() { require.Equal(t, OK, Check(ops, 0).Result, "seed %d", seed) })
		changed := 0
		for i := len(ops) - 1; i >= 0 && changed == 0; i-- {
			if at := len(ops[i].Got); ops[i].Kind == Get && at > 20 {
				ops[i].Got = ops[i].Got[:at-len("[1234]")*2]
				changed++
			}
		}
		quick(t, func() { require.NotEqual(t, Unknown, Check(ops, 0).Result) })
	}
}
