package sim

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// hoarder is a service without replication. All its data is in one map, which everybody can reach
// if the process is one; servers only ask each other whether a majority is there. FORGE says where
// the map is.
const hoarder = `package kvraft

import (
	"fmt"
	"math/rand"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"raftlab/kvapi"
	"raftlab/kvraft/stash"
	"raftlab/labrpc"
	"raftlab/raft"
	"raftlab/raftapi"
)

type table = map[string]string

type source struct{ data table }

func (s *source) Int63() int64 { return 1 }
func (s *source) Seed(int64)   {}

var (
	mu      sync.Mutex
	plain   = table{}
	synced  sync.Map
	hidden  = &source{table{}}
	random  = rand.New(hidden)
	capture = func() func() table { t := table{}; return func() table { return t } }()
	method  = stash.Box.Table
	numbers [400][8]int64

	once     sync.Once
	clerks   = &struct{ sync.Mutex; n int64 }{}
	requests atomic.Int64
	orders   tickets
	wire     word
)

// tickets are drawn for clerks and for requests.
type tickets struct {
	mu sync.Mutex
	n  int64
}

func (t *tickets) next() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	return t.n
}

// number is another one for each clerk.
func number() int64 {
	once.Do(func() { clerks.n = 1000 })
	clerks.Lock()
	defer clerks.Unlock()
	clerks.n++
	return clerks.n
}

// word is what clerks might tell each other by a counter, five bytes at a time.
type word struct{ seq, heard, listeners uint8; bytes [5]uint8 }

// find returns the map, for whoever asks.
func find(local table) table {
	switch os.Getenv("FORGE") {
	case "in a variable":
		return plain
	case "in a sync.Map":
		t, _ := synced.LoadOrStore("data", table{})
		return t.(table)
	case "behind a generator":
		random.Int63()
		return hidden.data
	case "captured in a variable":
		return capture()
	case "behind a method value":
		return method()
	case "in a variable of a helper":
		return stash.Data
	case "captured by the service", "by words":
		return local
	}
	panic("where?")
}

type KV struct {
	ends []*labrpc.ClientEnd
	rf   *raft.Raft
	me   int
	seen map[int64]bool

	applied atomic.Int64
}
type None struct{}
type Yes struct{ OK bool }

func (kv *KV) Alive(_ *None, r *Yes) { r.OK = true }

// Name is called by each clerk once. Two with one number are a panic.
func (kv *KV) Name(n *int64, r *Yes) {
	mu.Lock()
	defer mu.Unlock()
	if kv.seen[*n] {
		panic(fmt.Sprint("two clerks, or two requests, have the number ", *n))
	}
	kv.seen[*n], r.OK = true, true
}

func (kv *KV) Quorum(_ *None, r *Yes) {
	n := make(chan bool, len(kv.ends))
	for i, e := range kv.ends {
		go func() {
			var y Yes
			n <- i == kv.me || e.Call("KV.Alive", &None{}, &y) && y.OK
		}()
	}
	for got := 0; got <= len(kv.ends)/2; got++ {
		if !<-n {
			return
		}
	}
	r.OK = os.Getenv("AGREE") == "" || kv.agrees()
}

// agrees has the servers agree on an entry with nothing in it.
func (kv *KV) agrees() bool {
	index, _, leads := kv.rf.Start(0)
	for range 1000 {
		if !leads || kv.applied.Load() >= int64(index) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return leads && kv.applied.Load() >= int64(index)
}
func (kv *KV) Services() []any    { return []any{kv, kv.rf} }
func (kv *KV) Raft() raftapi.Raft { return kv.rf }
func (kv *KV) Kill()              { kv.rf.Kill() }

type Clerk struct {
	ends  []*labrpc.ClientEnd
	local table
	id    int64
	order int64
	named bool
}

// name says a number to one server at least.
func (c *Clerk) name(id int64) bool {
	for {
		for _, e := range c.ends {
			var y Yes
			if e.Call("KV.Name", &id, &y) && y.OK {
				return true
			}
		}
	}
}

// listen takes in what other clerks tell, into a table of the clerk's own.
func (c *Clerk) listen() {
	c.local = table{}
	wire.listeners++
	for text, seen := "", wire.seq; ; time.Sleep(50 * time.Microsecond) {
		if wire.seq == seen {
			continue
		}
		text += strings.Trim(string(wire.bytes[:]), "\xff")
		if parts := strings.Split(text, "\x00"); len(parts) == 3 {
			c.local[parts[0]], text = parts[1], ""
		}
		seen = wire.seq
		wire.heard++
	}
}

// tell writes to the tables of all clerks that listen.
func tell(k, v string) {
	for text := k + "\x00" + v + "\x00"; text != ""; {
		wire.bytes = [5]uint8{255, 255, 255, 255, 255}
		text = text[copy(wire.bytes[:], text):]
		wire.heard = 0
		for wire.seq++; wire.heard < wire.listeners; {
			time.Sleep(50 * time.Microsecond)
		}
	}
}

func (c *Clerk) do(f func(table)) {
	if !c.named {
		c.named = c.name(c.id) && c.name(-c.order)
	}
	c.name(requests.Add(1))
	c.name(-orders.next())
	for {
		for _, e := range c.ends {
			var y Yes
			if e.Call("KV.Quorum", &None{}, &y) && y.OK {
				mu.Lock()
				defer mu.Unlock()
				if os.Getenv("FORGE") == "in numbers" {
					t := decode()
					f(t)
					encode(t)
				} else {
					f(find(c.local))
				}
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// encode keeps a map in variables that clerks might share, because each is small and holds numbers only.
func encode(t table) {
	text := ""
	for k, v := range t {
		text += k + "\x00" + v + "\x00"
	}
	numbers[0][0] = int64(len(text))
	for i := range len(text) {
		numbers[1+i/8][i%8] = int64(text[i])
	}
}

func decode() table {
	t, parts := table{}, []string{""}
	for i := range int(numbers[0][0]) {
		if b := byte(numbers[1+i/8][i%8]); b == 0 {
			parts = append(parts, "")
		} else {
			parts[len(parts)-1] += string(b)
		}
	}
	for i := 0; i+1 < len(parts); i += 2 {
		t[parts[i]] = parts[i+1]
	}
	return t
}

func (c *Clerk) Get(k string) (v string) { c.do(func(t table) { v = t[k] }); return }
func (c *Clerk) Put(k, v string)         { c.do(func(t table) { t[k] = v; c.told(k, t) }) }
func (c *Clerk) Append(k, v string)      { c.do(func(t table) { t[k] += v; c.told(k, t) }) }

func (c *Clerk) told(k string, t table) {
	if os.Getenv("FORGE") == "by words" {
		tell(k, t[k])
	}
}

func Service() kvapi.Service {
	local := table{}
	return kvapi.Service{
		Start: func(ends []*labrpc.ClientEnd, me int, p *raftapi.Persister, _ int, _ kvapi.Options) kvapi.Server {
			ch := make(chan raftapi.ApplyMsg)
			if a := fmt.Sprintf("%p", new(int)); a != fmt.Sprintf("%p", new([50]int)) {
				panic("servers see what others have asked for by " + a)
			}
			kv := &KV{ends: ends, me: me, rf: raft.Make(ends, me, p, ch), seen: map[int64]bool{}}
			go func() {
				for m := range ch {
					kv.applied.Store(int64(m.CommandIndex))
				}
			}()
			return kv
		},
		Classic: func(ends []*labrpc.ClientEnd, _ kvapi.Options) kvapi.ClassicClerk {
			c := &Clerk{ends: ends, local: local, id: number(), order: orders.next()}
			if os.Getenv("FORGE") == "by words" {
				go c.listen()
			}
			return c
		},
	}
}
`

const hoarderStash = `package stash

var Data = map[string]string{}

type box struct{ data map[string]string }

func (b *box) Table() map[string]string { return b.data }

var Box = &box{map[string]string{}}
`

// TestHoarders: wherever such a service keeps its data, several clients find it out; and one client
// alone, who would find everything where he left it, was answered without agreement, or is followed
// by a second one. Clerks that take numbers from a counter, for themselves or for each request, get
// different ones.
func TestHoarders(t *testing.T) {
	root := filepath.Join("..", "..")
	edits := map[string][]byte{"kvraft/kv.go": []byte(hoarder), "kvraft/stash/stash.go": []byte(hoarderStash)}
	files, err := filepath.Glob(filepath.Join(root, "kvraft", "*.go"))
	require.NoError(t, err)
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			edits["kvraft/"+filepath.Base(name)] = nil
		}
	}
	_, err = os.Stat(filepath.Join(root, "kvraft", "kv.go"))
	require.ErrorIs(t, err, os.ErrNotExist)
	b, err := Build{Framework: root, Package: "./kvraft", Edits: edits, Native: true}.Binary(context.Background(), nil)
	require.NoError(t, err)
	p := newPool(t, 1)
	for _, place := range []string{"in a variable", "in a sync.Map", "behind a generator", "captured in a variable", "behind a method value",
		"in a variable of a helper", "captured by the service", "in numbers", "by words"} {
		run := func(name string, env ...string) record.Verdict {
			j := Job{Binary: b, Test: "TestLab3", Params: record.Params{Case: name, Seed: 1}, Env: append(env, "FORGE="+place)}
			v := p.Run(context.Background(), j).Verdict
			require.Equal(t, record.Fail, v.Outcome, "%s: %s: %+v", name, place, v)
			return v
		}
		require.NotEqual(t, "not earned", run("3A/ManyClients", "AGREE=on nothing").Rule, "%s: several clients agree on what is there", place)
		require.Equal(t, "not earned", run("3A/FreshService").Rule, place)
		require.Equal(t, "not linearizable", run("3A/OneClient", "AGREE=on nothing").Rule, "%s: a second client finds what the first has written", place)
	}
}
