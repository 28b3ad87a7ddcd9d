package model

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
	"raftlab/kvapi"
)

// The histories here are drawn with letters: an operation is written at its call and at its return.
//
//	"a b A B" is: a begins, b begins, a returns, b returns
func drawn(picture string, ops map[string]Op) []Op {
	var all []Op
	at := map[string]int{}
	for place, word := range strings.Fields(picture) {
		name := strings.ToLower(word)
		if word == name {
			op := ops[name]
			op.Client, op.Call, op.Open = len(all), place+1, true
			at[name] = len(all)
			all = append(all, op)
			continue
		}
		all[at[name]].Return, all[at[name]].Open = place+1, false
	}
	return all
}

func get(value string) Op {
	return Op{Dialect: Classic, Kind: Get, Key: "x", Err: kvapi.OK, Got: value}
}
func put(value string) Op {
	return Op{Dialect: Classic, Kind: Put, Key: "x", Value: value, Err: kvapi.OK}
}
func appendTo(value string) Op {
	return Op{Dialect: Classic, Kind: Append, Key: "x", Value: value, Err: kvapi.OK}
}
func vget(value string, v kvapi.Version, err kvapi.Err) Op {
	return Op{Dialect: Versioned, Kind: Get, Key: "x", Err: err, Got: value, GotVersion: v}
}
func vput(value string, v kvapi.Version, err kvapi.Err) Op {
	return Op{Dialect: Versioned, Kind: Put, Key: "x", Value: value, Version: v, Err: err}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, picture string
		ops           map[string]Op
		want          Result
		why           string
	}{
		{"put, then get", "p P g G", map[string]Op{"p": put("1"), "g": get("1")}, OK, ""},
		{"stale", "p P q Q g G", map[string]Op{"p": put("1"), "q": put("2"), "g": get("1")}, Illegal,
			`get "x" -> "1" (client 2, 0.0000 to 0.0000 s): but put "x" "2" -> OK by client 1 had ended before`},
		{"either, while both go on", "p q P g G Q", map[string]Op{"p": put("1"), "q": put("2"), "g": get("2")}, OK, ""},
		{"seen and unseen", "p g G h H P", map[string]Op{"p": put("1"), "g": get("1"), "h": get("")}, Illegal, "no order"},
		{"append twice", "a A g G", map[string]Op{"a": appendTo("1"), "g": get("11")}, Illegal, "done twice"},
		{"append lost", "a A g G", map[string]Op{"a": appendTo("1"), "g": get("")}, Illegal, "had ended before"},
		{"open, and done", "a g G", map[string]Op{"a": appendTo("1"), "g": get("1")}, OK, ""},
		{"open, and not done", "a g G", map[string]Op{"a": appendTo("1"), "g": get("")}, OK, ""},
		{"open, done late", "a g G h H", map[string]Op{"a": appendTo("1"), "g": get(""), "h": get("1")}, OK, ""},
		{"open, done and undone", "a g G h H", map[string]Op{"a": appendTo("1"), "g": get("1"), "h": get("")}, Illegal, ""},
		{"get without an end", "g p P", map[string]Op{"g": get("7"), "p": put("1")}, OK, ""},

		{"versions", "p P g G", map[string]Op{"p": vput("1", 0, kvapi.OK), "g": vget("1", 1, kvapi.OK)}, OK, ""},
		{"nothing there", "g G", map[string]Op{"g": vget("", 0, kvapi.ErrNoKey)}, OK, ""},
		{"wrong version in a get", "p P g G", map[string]Op{"p": vput("1", 0, kvapi.OK), "g": vget("1", 2, kvapi.OK)}, Illegal, ""},
		{"two that cannot both win", "p q P Q", map[string]Op{"p": vput("1", 0, kvapi.OK), "q": vput("2", 0, kvapi.OK)}, Illegal, ""},
		{"one wins, one learns", "p q P Q", map[string]Op{"p": vput("1", 0, kvapi.OK), "q": vput("2", 0, kvapi.ErrVersion)}, OK, ""},
		{"refused for nothing", "p P q Q", map[string]Op{"p": vput("1", 0, kvapi.OK), "q": vput("2", 1, kvapi.ErrVersion)}, Illegal, ""},
		{"no such key", "p P", map[string]Op{"p": vput("1", 3, kvapi.ErrNoKey)}, OK, ""},
		{"ErrNoKey for version 0", "p P", map[string]Op{"p": vput("1", 0, kvapi.ErrNoKey)}, Illegal, ""},
		{"maybe, and done", "p P g G", map[string]Op{"p": vput("1", 0, kvapi.ErrMaybe), "g": vget("1", 1, kvapi.OK)}, OK, ""},
		{"maybe, and another's", "p q P Q g G", map[string]Op{"p": vput("1", 0, kvapi.ErrMaybe), "q": vput("2", 0, kvapi.OK),
			"g": vget("2", 1, kvapi.OK)}, OK, ""},
		{"maybe, and later", "p P g G h H", map[string]Op{"p": vput("1", 0, kvapi.ErrMaybe), "g": vget("", 0, kvapi.ErrNoKey),
			"h": vget("1", 1, kvapi.OK)}, OK, ""},
		{"maybe, done and undone", "p P g G h H", map[string]Op{"p": vput("1", 0, kvapi.ErrMaybe), "g": vget("1", 1, kvapi.OK),
			"h": vget("", 0, kvapi.ErrNoKey)}, Illegal, ""},
		{"maybe, and twice", "p P g G", map[string]Op{"p": vput("1", 0, kvapi.ErrMaybe), "g": vget("1", 2, kvapi.OK)}, Illegal, ""},
		{"maybe, over another's", "q Q h H p P g G", map[string]Op{"q": vput("2", 0, kvapi.OK), "h": vget("2", 1, kvapi.OK),
			"p": vput("1", 0, kvapi.ErrMaybe), "g": vget("1", 2, kvapi.OK)}, Illegal, ""},
		{"without an end, and refused", "p q Q", map[string]Op{"p": vput("1", 0, ""), "q": vput("2", 0, kvapi.ErrVersion)}, OK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Check(drawn(c.picture, c.ops), 0)
			require.Equal(t, c.want, v.Result, "%+v", v)
			require.Contains(t, v.Why, c.why)
			require.NotContains(t, v.Why, "\n")
		})
	}
}

// A history of a real copy of the data is linearizable; with one answer changed to an older value,
// most are not.
func TestRandomHistories(t *testing.T) {
	caught := 0
	for seed := range uint64(40) {
		ops := simulated(seed, 6, 200)
		v := Check(ops, 0)
		require.Equal(t, OK, v.Result, "seed %d: %+v", seed, v)
		for i := len(ops) - 1; i >= 0; i-- {
			if ops[i].Kind == Get && ops[i].Got != "" {
				ops[i].Got = ""
				break
			}
		}
		if Check(ops, 0).Result == Illegal {
			caught++
		}
	}
	require.Greater(t, caught, 30)
}

// simulated draws a history of n operations by some clients on three keys.
func simulated(seed uint64, clients, n int) []Op {
	return simulatedOf(seed, clients, n, Get, Put, Append)
}

// simulatedOf draws from these kinds of operations.
func simulatedOf(seed uint64, clients, n int, kinds ...Kind) []Op {
	r := rand.New(rand.NewPCG(seed, 0))
	var h History
	data := map[string]string{}
	type busy struct {
		handle int
		op     Op
		got    string
		done   bool
	}
	at := make([]*busy, clients)
	for h.Len() < n {
		c := r.IntN(clients)
		b := at[c]
		switch {
		case b == nil:
			op := Op{Client: c, Dialect: Classic, Kind: kinds[r.IntN(len(kinds))], Key: fmt.Sprint(r.IntN(3)), Value: Value(fmt.Sprint(h.Len()))}
			at[c] = &busy{handle: h.Call(op, 0), op: op}
		case !b.done:
			b.done = true
			switch b.op.Kind {
			case Get:
				b.got = data[b.op.Key]
			case Put:
				data[b.op.Key] = b.op.Value
			case Append:
				data[b.op.Key] += b.op.Value
			}
		default:
			h.Return(b.handle, 0, func(o *Op) { o.Err, o.Got = kvapi.OK, b.got })
			at[c] = nil
		}
	}
	return h.Ops()
}

// With too small a budget nothing is said, where a search is needed: values here are written more
// than once.
func TestBudget(t *testing.T) {
	ops := simulated(1, 6, 200)
	for i := range ops {
		ops[i].Value, ops[i].Got = strings.ReplaceAll(ops[i].Value, "1", "2"), strings.ReplaceAll(ops[i].Got, "1", "2")
	}
	require.Equal(t, OK, Check(ops, 0).Result)
	require.Equal(t, Unknown, Check(ops, 3).Result)
	for i := range ops { // the first read that tells of two writes or more
		if _, rest, ok := strings.Cut(ops[i].Got, "]"); ok && rest != "" {
			ops[i].Got = rest
			break
		}
	}
	require.Equal(t, Illegal, Check(ops, 0).Result)
	require.NotEqual(t, OK, Check(ops, 3).Result)
}

// What goes into a trace comes out of it.
func TestTrace(t *testing.T) {
	ops := []Op{
		{Client: 0, Dialect: Versioned, Kind: Put, Key: "a key", Value: "1 \"2\"", Version: 3, Call: 1, Return: 2, Begin: time.Second, End: 2 * time.Second, Err: kvapi.ErrMaybe},
		{Client: 4, Dialect: Versioned, Kind: Get, Key: "x", Call: 3, Return: 5, Err: kvapi.OK, Got: "v", GotVersion: 7},
		{Client: 2, Dialect: Versioned, Kind: Get, Key: "x", Call: 6, Return: 7, Err: kvapi.ErrNoKey},
		{Client: 1, Dialect: Versioned, Kind: Put, Key: "x", Value: "w", Call: 8, Open: true},
	}
	events := make([]record.Event, 12)
	events[4] = record.Event{Kind: record.CrashPeer, Peer: 1}
	events[9] = record.Event{Kind: record.Restart, Peer: 1}
	events[10] = record.Event{Kind: record.Note, Text: FaultBegins + "bridge"}
	events[11] = record.Event{Kind: record.Note, Text: FaultEnds + "bridge"}
	for _, op := range ops {
		client := record.FirstClient + op.Client
		events[op.Call] = record.Event{Kind: record.Invoke, Time: op.Begin, Peer: client, Method: string(op.Kind), Text: op.Question()}
		if !op.Open {
			events[op.Return] = record.Event{Kind: record.Return, Time: op.End, Peer: client, Method: string(op.Kind), Text: op.Answer()}
		}
	}
	got, faults, err := FromTrace(events)
	require.NoError(t, err)
	require.Equal(t, ops, got)
	require.Equal(t, []Fault{{"server 1 down", 4, 9}, {"bridge", 10, 11}}, faults)
}

// An error that looks like a value is none: the service chooses its text.
func TestErrorThatLooksLikeAValue(t *testing.T) {
	put := Op{Dialect: Versioned, Kind: Put, Key: "x", Value: "1", Call: 0, Return: 1, Err: `"x" v7`}
	ops, _, err := FromTrace([]record.Event{
		{Kind: record.Invoke, Peer: record.FirstClient, Method: string(put.Kind), Text: put.Question()},
		{Kind: record.Return, Peer: record.FirstClient, Method: string(put.Kind), Text: put.Answer()},
	})
	require.NoError(t, err)
	require.Len(t, ops, 1)
	require.NotEqual(t, kvapi.OK, ops[0].Err)
}

func TestDraw(t *testing.T) {
	ops := drawn("p P q Q g G", map[string]Op{"p": put("1"), "q": put("2"), "g": get("1")})
	var page bytes.Buffer
	require.NoError(t, Draw(&page, ops, []Fault{{"server 2 down", 2, 5}}))
	require.Contains(t, page.String(), "server 2 down")
	require.Contains(t, page.String(), `get \"x\" -\u003e \"1\"`)
}

// However much there is to show, the page stays a page.
func TestPictureIsBoundedInBytes(t *testing.T) {
	ops := renamed(simulatedOf(1, 20, 3000, Get, Append), []string{"[a]", "[b]"})
	ops[2900].Got, ops[2900].Kind = "nonsense", Get
	var faults []Fault
	for i := range 50_000 {
		faults = append(faults, Fault{strings.Repeat("cut 0->1 ", 500), i, i})
	}
	var page bytes.Buffer
	quick(t, func() { require.NoError(t, Draw(&page, ops, faults)) })
	require.LessOrEqual(t, page.Len(), pictureBytes)
	require.Contains(t, page.String(), "this picture is partial: it shows the last")
}

func BenchmarkCheck(b *testing.B) {
	ops := simulated(1, 6, 400)
	for b.Loop() {
		Check(ops, 0)
	}
}
