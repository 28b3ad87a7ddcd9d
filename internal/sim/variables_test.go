package sim

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// kept has package variables of every form. Each peer, in each life, must find all of them new.
const kept = `package raft

import (
	"errors"
	"fmt"
	"math/rand"
	"sync"
	"sync/atomic"
	"time"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

type box struct{ n int; m map[string]int; next *box }

func (b *box) put(n int) { b.n = n }
func (b box) get() int { return b.n }

type generic[T any] struct{ list []T }

func (g *generic[T]) push(v T) int { g.list = append(g.list, v); return len(g.list) }

func grow[T any](v T) int { count++; _ = v; return count }

func pair() (map[string]int, func(string) int) {
	m := map[string]int{}
	return m, func(k string) int { m[k]++; return m[k] }
}

var (
	count       int
	x, y        = 1, 2
	m, bump     = pair()
	b           box
	p           = &box{m: map[string]int{}}
	alias       = p
	array       [4]int
	size        = len(array)
	table       sync.Map
	once        sync.Once
	number      atomic.Int64
	queue       = make(chan int, 10)
	asked       = make(chan chan int)
	work        func() int
	ints        generic[int]
	anonymous   = struct{ a, b int }{1, 2}
	anything    any
	started     = time.Now()
	derived     = p.n + x
	_           = register("a")
	_, ignored  = register("b"), 0
	registry    []string
	errOdd      = errors.New("odd")
	names       = map[int]string{1: "one"}
	rng         = rand.New(rand.NewSource(1))
	common      int64
)

func register(s string) int { registry = append(registry, s); return len(registry) }

func init() {
	anything = "set by init"
	go func() {
		served := 0
		for c := range asked {
			served++
			c <- served
		}
	}()
}

func init() { work = func() int { count := 7; count++; return count } }

func is(what string, got, want any) {
	if got != want {
		panic(fmt.Sprintf("%s is %v, not %v", what, got, want))
	}
}

func use() {
	count++; is("count", count, 1)
	is("generic function", grow("x"), 2)
	x, y = y, x
	is("swapped", fmt.Sprint(x, y), "2 1")
	is("pair", bump("k"), 1); is("the map of the pair", m["k"], 1)
	b.n++; (&b).put(b.get() + 1); is("b", b.n, 2)
	put := b.put; put(9); is("method value", b.n, 9)
	alias.n++; is("p", p.n, 1); p.m["k"]++; is("p.m", p.m["k"], 1)
	p.next = &box{n: 3}; is("next", p.next.n, 3)
	const four = len(array)
	var local [len(array)]int
	is("constant", four+len(local)+size, 12)
	for i := range array { array[i]++ }
	for array[0] = range 3 {
	}
	is("array", fmt.Sprint(array), "[2 1 1 1]")
	_, loaded := table.LoadOrStore("k", box{n: count}); is("loaded", loaded, false)
	ran := false; once.Do(func() { ran = true }); is("once", ran, true)
	is("number", number.Add(1), int64(1))
	queue <- 1; is("queue", len(queue), 1)
	c := make(chan int); asked <- c; is("goroutine of init", <-c, 1)
	is("work", work(), 8)
	is("ints", ints.push(1), 1)
	anonymous.a++; is("anonymous", anonymous.a, 2)
	switch v := anything.(type) {
	case string:
		is("anything", v, "set by init")
	}
	anything = nil
	is("literal", fmt.Sprint(box{n: count}.n, map[int]int{count: x}[count]), "2 2")
	{ count := 100; count++; is("shadow", count, 101) }
	is("derived", derived, 1)
	is("registry", fmt.Sprint(registry), "[a b]"); registry = nil
	_ = ignored
	done := make(chan int)
	time.AfterFunc(time.Millisecond, func() { go func() { count++; done <- count }() })
	is("timer", <-done, 3)
	if errOdd.Error() == "" || names[1] != "one" || started.IsZero() { panic("x") }
	rng.Int()
count:
	for { break count }
}

func Make(peers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, applyCh chan raftapi.ApplyMsg) *Raft {
	use()
	return Make0(peers, me, persister, applyCh)
}

func (rf *Raft) handled() { common++; is("handler", count, 3) }
`

// TestVariablesAreKeptApart: a peer whose lives would meet in a variable finds none of another's.
func TestVariablesAreKeptApart(t *testing.T) {
	root := filepath.Join("..", "..")
	edits := referenceWith(t, "raft/kept.go", kept, " rf.handled();", " rf.handled();")
	b, err := Build{Framework: root, Package: "./raft", Edits: edits}.Binary(context.Background(), nil)
	require.NoError(t, err)
	for _, name := range []string{"2A/ManyElections", "2C/EveryoneRestarts"} {
		r := newPool(t, 1).Run(context.Background(), labJob(b, name, 1))
		require.Equal(t, record.Pass, r.Verdict.Outcome, "%+v", r.Verdict)
	}
	warnings := strings.Join(b.Warnings, "\n")
	for _, name := range []string{"count", "x", "b", "p", "array", "table", "number", "queue", "registry", "anything", "common"} {
		require.Contains(t, warnings, "package variable raft."+name+" (raft/kept.go:")
	}
	for _, name := range []string{"size", "once", "errOdd", "names", "rng", "started", "derived"} {
		require.NotContains(t, warnings, "package variable raft."+name+" ")
	}
}
