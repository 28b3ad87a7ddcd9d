package sim

import (
	"context"
	"errors"
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
	"os"
	"os/signal"
	"reflect"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"raftlab/labrpc"
	"raftlab/raft/stash"
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
	other       = rand.New(rand.NewSource(1))
	own         = rand.New(&source{})
	cell        = &time.Time{}
	pattern     = regexp.MustCompile("a")
	pool        sync.Pool
	remember    = stash.Box.Put
	kin         = func() func() int { n := 0; return func() int { n++; return n } }()
	common      int64
	filled      = map[string]int{}
	holder      reflect.Type = &embeds{n: 1}
)

type filler interface{ fill() }
type fills struct{}

func (fills) fill() { filled["x"]++ }

func init() { var f filler = fills{}; f.fill() }

type embeds struct { reflect.Type; n int }

type source struct{ n int64 }

func (s *source) Int63() int64  { s.n++; return s.n }
func (s *source) Seed(n int64)  { s.n = n }

func settle(at *time.Time, n int64) time.Time { before := *at; *at = time.Unix(n, 0); return before }
func change(p *regexp.Regexp, to string) string { before := p.String(); *p = *regexp.MustCompile(to); return before }

func hidden() {
	is("cell", settle(cell, 7).IsZero(), true)
	is("pattern", change(pattern, "b"), "a")
	is("pool", pool.Get(), nil); pool.Put(1)
	is("helper's variable", stash.Count(), 1)
	is("helper's map", len(stash.Names), 0); stash.Names["x"] = "y"
	remember(3); is("method value of a helper's", stash.Box.N, 3)
	is("captured", kin(), 1)
	is("filled by init", filled["x"], 1); filled["x"]++
	is("type that embeds one of the library's", holder.(*embeds).n, 1); holder.(*embeds).n++
	is("source of our own", own.Int63(), int64(1))
	is("generators with one seed", rng.Int63() == other.Int63(), true)
	is("number of goroutines", runtime.NumGoroutine() < 100, true)
	before := runtime.NumGoroutine()
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	is("goroutines that package signal starts for all", runtime.NumGoroutine()-before, 0)
	for range 200 { go func() { select {} }() }
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats); is("memory", stats.HeapAlloc, uint64(0))
}

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
	hidden()
count:
	for { break count }
}

func Make(peers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, applyCh chan raftapi.ApplyMsg) *Raft {
	use()
	return Make0(peers, me, persister, applyCh)
}

func (rf *Raft) handled() { common++; is("handler", count, 3) }
`

// stashed is a package that the peer has brought along.
const stashed = `package stash

var count int

var Names = map[string]string{}

type box struct{ N int }

func (b *box) Put(n int) { b.N = n }

var Box = &box{}

func Count() int { count++; return count }
`

// unwritable has variables of which there can be no copies, because nobody can write down their
// types.
var unwritable = map[string]string{
	"a type of another package":  "package raft\n\nimport \"raftlab/raft/stash\"\n\nvar Stash = stash.New()\n",
	"many variables of one call": "package raft\n\nfunc four() (a, b, c int, d map[string]string) { return 1, 2, 3, map[string]string{} }\n\nvar _, _, _, Stash = four()\n",
}

// TestNamelessVariablesAreRefused: a variable that cannot be kept apart would be a channel between
// servers.
func TestNamelessVariablesAreRefused(t *testing.T) {
	for name, text := range unwritable {
		b := miniBuild(t)
		b.Impl = impl(t, honest, "x.go: "+text+"\nfunc use() { Stash = Stash }\n",
			"stash/s.go: package stash\n\ntype hidden struct{ M map[string]string }\n\nfunc New() *hidden { return &hidden{map[string]string{}} }\n")
		_, err := b.Binary(context.Background(), nil)
		var refused *RefusedError
		require.True(t, errors.As(err, &refused), "%s: %v", name, err)
		require.ErrorContains(t, err, "x.go:")
		require.ErrorContains(t, err, "has a package variable raft.Stash that each server should have for itself")
	}
}

// TestVariablesAreKeptApart: a peer whose lives would meet in a variable finds none of another's.
func TestVariablesAreKeptApart(t *testing.T) {
	root := filepath.Join("..", "..")
	edits := referenceWith(t, "raft/kept.go", kept, " rf.handled();", " rf.handled();")
	edits["raft/stash/stash.go"] = []byte(stashed)
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
