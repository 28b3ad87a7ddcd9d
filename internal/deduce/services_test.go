package deduce

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"raftlab/internal/record"
)

const (
	one   = record.FirstClient
	other = record.FirstClient + 1
)

// told are the contradictions in what happens to two groups of servers: the first has server 0, the
// second 1 and 2.
func told(more func(r *trace)) (all []string) {
	var r trace
	for p, group := range []string{"", "group 1", "group 2"} {
		r.add(record.Start, p, record.None, 0, "", "")
		r.events[len(r.events)-1].Text = group
	}
	more(&r)
	for _, b := range Breaches(r.events) {
		all = append(all, fmt.Sprint(b.Peer, " ", b.What))
	}
	return all
}

// A server that stands alone gives each version to one client.
func TestVersions(t *testing.T) {
	put := func(r *trace, client int, value string, version int, answer string) {
		r.call(client, 0, "KVServer.Put", fmt.Sprintf(`{Key:"x" Value:%q Version:%d}`, value, version), fmt.Sprintf("{Err:%q}", answer))
	}
	assert.Equal(t, []string{`0 answers OK to "[2]" at version 0 of "x", from client 1, but also to "[1]" at that version, from client 0`}, told(func(r *trace) {
		put(r, one, "[1]", 0, "OK")
		put(r, other, "[2]", 0, "OK")
	}))
	assert.Equal(t, []string{`0 answers OK to "[2]" at version 0 of "x", from client 1, but also to "[1]" at that version, from client 0; both had arrived before it answered either`},
		told(func(r *trace) {
			for n, k := range []record.Kind{record.Sent, record.Delivered, record.Handled} {
				r.add(k, one, 0, 7, "KVServer.Put", []string{`{Key:"x" Value:"[1]" Version:0}`, `{Key:"x" Value:"[1]" Version:0}`, `{Err:"OK"}`}[n])
				r.add(k, other, 0, 7, "KVServer.Put", []string{`{Key:"x" Value:"[2]" Version:0}`, `{Key:"x" Value:"[2]" Version:0}`, `{Err:"OK"}`}[n])
			}
		}))
	assert.Empty(t, told(func(r *trace) {
		put(r, one, "[1]", 0, "OK")
		put(r, one, "[1]", 0, "OK") // it asks again
		put(r, other, "[2]", 0, "ErrVersion")
		put(r, other, "[2]", 1, "OK")
	}))
	assert.Empty(t, told(func(r *trace) {
		put(r, one, "[1]", 0, "OK")
		r.add(record.CrashPeer, 0, record.None, 0, "", "")
		r.add(record.Restart, 0, record.None, 0, "", "")
		put(r, other, "[2]", 0, "OK")
	}), "it may have forgotten all")
	assert.Empty(t, told(func(r *trace) {
		for _, client := range []int{one, other} {
			r.call(client, 0, "KVServer.Put", `{Key:"x" Value:"[1]....."...(2000 bytes) Version:...}`, `{Err:"OK"}`)
		}
	}), "the trace does not have the version")
	assert.Empty(t, told(func(r *trace) {
		r.add(record.Start, 3, record.None, 0, "", "") // beside server 0
		put(r, one, "[1]", 0, "OK")
		put(r, other, "[2]", 0, "OK")
	}), "of several servers this would have to be known to each")
}

// A group that has given a key away does not write to it, until it has it back.
func TestStrays(t *testing.T) {
	const contents = `"g0: [1][2] .................................................... end"`
	app := func(r *trace, client int, value string, between func()) {
		r.add(record.Invoke, client, record.None, 0, "append", "")
		r.events[len(r.events)-1].Text = fmt.Sprintf(`"g0" %q`, value)
		r.n++
		n, args := r.n, fmt.Sprintf(`{Key:"g0" Value:%q Op:"Append"}`, value)
		r.add(record.Sent, client, 1, n, "ShardKV.PutAppend", args)
		r.add(record.Delivered, client, 1, n, "ShardKV.PutAppend", args)
		if between != nil {
			between()
		}
		r.add(record.Handled, client, 1, n, "ShardKV.PutAppend", `{Err:"OK"}`)
	}
	gives := func(r *trace, from, to int, what string) {
		r.call(to, from, "ShardKV.Pull", "{Shard:3 Num:2}", "{Err:\"OK\" Contents:map[g0:"+what+"]}")
	}
	assert.Equal(t, []string{`1 answers OK to "[3]" for "g0", but its group had given "g0" away without it, to peer 2`}, told(func(r *trace) {
		app(r, one, "[1]", nil)
		app(r, one, "[2]", nil)
		app(r, other, "[3]", func() { gives(r, 1, 2, contents) })
	}))
	for why, more := range map[string]func(r *trace){
		"it is in what was given": func(r *trace) { app(r, other, "[2]", func() { gives(r, 1, 2, contents) }) },
		"the group has it back":   func(r *trace) { app(r, other, "[3]", func() { gives(r, 1, 2, contents); gives(r, 2, 1, contents) }) },
		"it was given before":     func(r *trace) { gives(r, 1, 2, contents); app(r, other, "[3]", nil) },
		"contents cannot be read": func(r *trace) { app(r, other, "[3]", func() { gives(r, 1, 2, `"zipped"`) }) },
		"contents are cut off":    func(r *trace) { app(r, other, "[3]", func() { gives(r, 1, 2, `"g0: [1]`) }) },
		"somebody may have overwritten it": func(r *trace) {
			r.add(record.Invoke, one, record.None, 0, "put", "")
			r.events[len(r.events)-1].Text = `"g0" "[9]"`
			app(r, other, "[3]", func() { gives(r, 1, 2, contents) })
		},
	} {
		assert.Empty(t, told(func(r *trace) {
			app(r, one, "[1]", nil)
			more(r)
		}), why)
	}
}

// A group gives a key away with all that it has said yes to. What it gives once more may be a copy of
// then.
func TestForgets(t *testing.T) {
	const contents = `"g0: [1][3] .................................................... end"`
	app := func(r *trace, client, server int, value string) {
		r.add(record.Invoke, client, record.None, 0, "append", "")
		r.events[len(r.events)-1].Text = fmt.Sprintf(`"g0" %q`, value)
		r.call(client, server, "ShardKV.PutAppend", fmt.Sprintf(`{Key:"g0" Value:%q Op:"Append"}`, value), `{Err:"OK"}`)
	}
	gives := func(r *trace, num int, what string) {
		r.call(2, 1, "ShardKV.Pull", fmt.Sprintf("{Shard:3 Num:%d}", num), "{Err:\"OK\" Contents:map[g0:"+what+"]}")
	}
	assert.Equal(t, []string{`1 gives "g0" to 2 without "[2]", to which its group had answered OK`}, told(func(r *trace) {
		app(r, one, 1, "[1]")
		app(r, one, 1, "[2]")
		app(r, other, 1, "[3]")
		gives(r, 2, contents)
	}))
	for why, more := range map[string]func(r *trace){
		"all is there": func(r *trace) { app(r, one, 1, "[3]"); gives(r, 2, contents) },
		"it was given before, and is asked for again": func(r *trace) {
			app(r, one, 1, "[3]")
			gives(r, 2, contents)
			app(r, other, 2, "[4]")
			gives(r, 2, contents)
		},
		"the write was another group's": func(r *trace) { app(r, one, 2, "[2]"); gives(r, 2, contents) },
		"contents are cut off":          func(r *trace) { app(r, one, 1, "[2]"); gives(r, 2, `"g0: [1]`) },
	} {
		assert.Empty(t, told(func(r *trace) {
			app(r, one, 1, "[1]")
			more(r)
		}), why)
	}
}

// What else a group of servers was asked about the same thing as in a request that it came to refuse
// is part of the story; other things are not.
func TestSameThing(t *testing.T) {
	var r trace
	for p, group := range []string{"", "group 1", "group 2"} {
		r.add(record.Start, p, record.None, 0, "", "")
		r.events[p].Text = group
	}
	r.call(2, 1, "ShardKV.Discard", "{Shard:3 Num:2}", `{Err:"OK"}`)
	r.call(2, 1, "ShardKV.Discard", "{Shard:4 Num:7 Why:1}", `{Err:"OK"}`)
	r.call(2, 1, "ShardKV.Pull", "{Shard:4 Num:7}", `{Err:"ErrGone"}`)
	r.add(record.Invoke, one, record.None, 0, "get", "")
	var decisive []string
	for at, weight := range Weights(r.events, SubjectOf("no progress", "client 0 waits", nil)) {
		if e := r.events[at]; weight == Decisive && e.Method == "ShardKV.Discard" {
			decisive = append(decisive, string(e.Kind)+e.Detail)
		}
	}
	assert.Equal(t, []string{"sent{Shard:4 Num:7 Why:1}"}, decisive)
}

// What a controller answered to the question that the verdict repeats decides.
func TestQuestions(t *testing.T) {
	var r trace
	for _, asked := range []string{"0", "1", "2"} {
		r.add(record.Invoke, one, record.None, 0, "query", "")
		r.events[len(r.events)-1].Text = asked
		r.add(record.Return, one, record.None, 0, "query", "")
		r.events[len(r.events)-1].Text = "9: 4 4 4"
	}
	r.add(record.Violation, record.None, record.None, 0, "", "")
	s := SubjectOf("wrong answer", "query 1 was answered with configuration 9, and greater numbers are there", nil)
	weights := Weights(r.events, s)
	assert.Equal(t, []Weight{Decisive, Decisive}, weights[2:4])
	assert.NotEqual(t, Decisive, weights[1])
}

// Of an operation that the verdict names, what its earlier tries were told decides, if it leaves open
// what became of them.
func TestDoubts(t *testing.T) {
	var r trace
	r.add(record.Invoke, one, record.None, 0, "put", "")
	r.events[0].Text = `"x" "[9]" v5`
	for _, answer := range []string{"ErrUnknown", "ErrWrongLeader", "ErrVersion"} {
		r.call(one, 0, "KVServer.Put", `{Key:"x" Value:"[9]" Version:5}`, fmt.Sprintf("{Err:%q}", answer))
	}
	end := r.now
	r.events = append(r.events, record.Event{Time: end, Kind: record.Return, Peer: one, Other: record.None, Method: "put", Text: "ErrVersion"})
	s := SubjectOf("not linearizable", fmt.Sprintf(`put "x" "[9]" v5 -> ErrVersion (client 0, 0.0010 to %.4f s)`, end.Seconds()), nil)
	var decisive []string
	for at, weight := range Weights(r.events, s) {
		if e := r.events[at]; weight == Decisive && e.Kind == record.Replied {
			decisive = append(decisive, ErrorIn(e.Detail))
		}
	}
	assert.Equal(t, []string{"ErrUnknown"}, decisive)
}

// A client knows no answer that nobody has given, but that it knows none.
func TestAnswersOfNobody(t *testing.T) {
	for answer, want := range map[string][]string{"ErrNoKey": {`1000 ends its get with "ErrNoKey", but no server has answered it`}, "ErrMaybe": nil} {
		for _, reply := range []string{"", `{Err:"ErrNoKey"}`} {
			if reply != "" {
				want = nil
			}
			assert.Equal(t, want, told(func(r *trace) {
				r.add(record.Invoke, one, record.None, 0, "get", "")
				r.call(one, 0, "KV.Get", `{Key:"x"}`, "")
				r.call(one, 0, "KV.Get", `{Key:"x"}`, reply)
				r.add(record.Return, one, record.None, 0, "get", "")
				r.events[len(r.events)-1].Text = answer
			}), answer+reply)
		}
	}
}

// What a message of a service says, in a few words: what is done, to what; and not who asks.
func TestBriefService(t *testing.T) {
	for detail, want := range map[string]string{
		`{Key:"x" Value:"[1]" Op:"Put" Client:2 Seq:1}`: `Put "x" "[1]"`,
		`{Err:"OK" Value:"" Version:3}`:                 `OK "" Version 3`,
		`{Err:"ErrNoKey" Contents:""}`:                  `ErrNoKey`,
		`{Err:"ErrWrongLeader" Value:"" Version:0}`:     `ErrWrongLeader`,
		`{Err:"ErrVersion" Value:"" Version:4}`:         `ErrVersion Version 4`,
		`{Shard:3 Num:2 ClientId:77 GID:5}`:             `Shard 3 Num 2 GID 5`,
		`{Key:"a long key, and longer than that"}`:      `"a long key, and longe..`,
		`{}`: "", "nil": "",
	} {
		assert.Equal(t, want, BriefService(detail), detail)
	}
}
