package labrpc_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labgob"
	"raftlab/labrpc"
)

// Clerk is the server of these tests.
type Clerk struct {
	mu   sync.Mutex
	seen []int
	hold chan struct{} // what Wait waits for
}

type Item struct {
	N    int
	Name string
	Any  any
	List []Item
}

func (c *Clerk) note(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, n)
}

func (c *Clerk) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

func (c *Clerk) Echo(args *Item, reply *Item) {
	c.note(args.N)
	*reply = *args
	if args.List != nil {
		args.List[0].N = -1 // its own copy
	}
}
func (c *Clerk) ByValue(args int, reply *string)     { *reply = fmt.Sprint("got ", args) }
func (c *Clerk) Length(args string, reply *int)      { *reply = len(args) }
func (c *Clerk) Repeat(args int, reply *string)      { *reply = strings.Repeat("x", args) }
func (c *Clerk) Zero(args *Item, reply *Item)        { c.note(args.N) }
func (c *Clerk) Secret(args *Item, reply *any)       { *reply = secret{7} }
func (c *Clerk) NoPointer(args int, reply string)    {}
func (c *Clerk) HasResult(args int, reply *int) bool { return true }
func (c *Clerk) Wait(args *Item, reply *Item) {
	c.note(args.N)
	<-c.hold
}
func (c *Clerk) Slow(args *Item, reply *Item) {
	c.note(args.N)
	time.Sleep(time.Second)
}

type secret struct{ X int } // not registered

func init() { labgob.Register(Item{}) }

// world is a network with servers 0 to n-1, each with a Clerk and with ends to all.
type world struct {
	*labrpc.Network
	clerks []*Clerk
	ends   [][]*labrpc.ClientEnd
	log    []string // what the observer saw
}

func newWorld(n int, seed uint64) *world {
	w := &world{Network: labrpc.MakeNetwork()}
	w.Seed(seed)
	w.Observe(func(m *labrpc.Message) {
		w.log = append(w.log, fmt.Sprint(m.From, ">", m.To, " #", m.N, " ", m.Kind, " ", m.Why))
	})
	for i := range n {
		w.clerks = append(w.clerks, nil)
		w.start(i)
		w.ends = append(w.ends, nil)
		for j := range n {
			name := fmt.Sprint(i, "-", j)
			w.ends[i] = append(w.ends[i], w.MakeEdge(name, i, j))
			w.Connect(name, j)
			w.Enable(name, true)
		}
	}
	return w
}

func (w *world) start(i int) {
	w.clerks[i] = &Clerk{hold: make(chan struct{})}
	srv := labrpc.MakeServer()
	srv.AddService(labrpc.MakeService(w.clerks[i]))
	w.AddServer(i, srv)
}

func (w *world) call(from, to int, method string, n int) bool {
	var reply Item
	return w.ends[from][to].Call("Clerk."+method, &Item{N: n}, &reply)
}

// kinds returns what happened to messages from one peer to another.
func (w *world) kinds(from, to int) (kinds []string) {
	synctest.Wait()
	for _, line := range w.log {
		if f := strings.Fields(line); f[0] == fmt.Sprint(from, ">", to) {
			kinds = append(kinds, strings.Join(f[2:], " "))
		}
	}
	return kinds
}

// bubble runs f under virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// took returns how long f takes.
func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestBasic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		args := Item{N: 1, Name: "one", Any: Item{N: 2}, List: []Item{{N: 3}}}
		var reply Item
		d := took(func() { require.True(t, w.ends[0][1].Call("Clerk.Echo", &args, &reply)) })
		require.Equal(t, 3, args.List[0].N, "the handler has its own copy")
		args.List[0].N = -1 // Echo set the reply from what it had changed
		require.Equal(t, args, reply)
		require.True(t, 200*time.Microsecond <= d && d < 2*time.Millisecond, "took %v", d)
		require.Equal(t, []string{"sent", "delivered", "handled", "replied"}, w.kinds(0, 1))

		var s string
		require.True(t, w.ends[0][0].Call("Clerk.ByValue", 5, &s), "a call to oneself, by value")
		require.Equal(t, "got 5", s)
	})
}

func TestEndsWithoutOwner(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(1, 1)
		end := w.MakeEnd("client")
		require.False(t, end.Call("Clerk.Echo", Item{}, &Item{}), "not connected")
		w.Connect("client", 0)
		require.False(t, end.Call("Clerk.Echo", Item{}, &Item{}), "not enabled")
		w.Enable("client", true)
		require.True(t, end.Call("Clerk.Echo", Item{}, &Item{}))
		w.DeleteEnd("client")
		require.False(t, end.Call("Clerk.Echo", Item{}, &Item{}), "deleted")
		require.Len(t, w.kinds(labrpc.None, labrpc.None), 2+2+4+2)
	})
}

func TestTypes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(1, 1)
		// Fields are matched by name; the caller's types need not be the handler's.
		type other struct {
			Name  string
			N     int64
			Extra []int
		}
		var reply other
		require.True(t, w.ends[0][0].Call("Clerk.Echo", other{"x", 5, []int{1}}, &reply))
		require.Equal(t, other{Name: "x", N: 5}, reply)
	})
}

func TestReplyThatIsNotNew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(1, 1)
		reply := Item{N: 99, Name: "old"}
		require.True(t, w.ends[0][0].Call("Clerk.Echo", Item{Name: "new"}, &reply))
		require.Equal(t, Item{N: 99, Name: "new"}, reply, "zero fields are not sent")
	})
}

func TestDisconnect(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		w.Enable("0-1", false)
		d := took(func() { require.False(t, w.call(0, 1, "Echo", 1)) })
		require.Less(t, d, 100*time.Millisecond)
		require.Zero(t, w.clerks[1].count())
		require.True(t, w.call(1, 0, "Echo", 1), "the other direction has its own end")
		w.Enable("0-1", true)
		require.True(t, w.call(0, 1, "Echo", 1))

		w.DeleteServer(1)
		require.False(t, w.call(0, 1, "Echo", 2))
		w.LongDelays(true)
		longest := time.Duration(0)
		for range 50 {
			longest = max(longest, took(func() { require.False(t, w.call(0, 1, "Echo", 2)) }))
		}
		require.True(t, 4*time.Second < longest && longest <= 7*time.Second, "%v", longest)
		require.True(t, w.IsLongDelays())
	})
}

func TestOneWayCuts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(3, 1)
		w.Cut(0, 1)
		require.False(t, w.call(0, 1, "Echo", 1))
		require.Zero(t, w.clerks[1].count(), "the request is lost")
		require.False(t, w.call(1, 0, "Echo", 1))
		require.Equal(t, 1, w.clerks[0].count(), "the request is handled, the reply is lost")
		require.Equal(t, []string{"sent", "delivered", "handled", "dropped link cut"}, w.kinds(1, 0))
		require.True(t, w.call(0, 2, "Echo", 1))
		w.Heal(0, 1)
		require.True(t, w.call(0, 1, "Echo", 1))
		w.Cut(0, 1)
		w.Cut(2, 0)
		w.HealAll()
		require.True(t, w.call(0, 1, "Echo", 1))
		require.True(t, w.call(2, 0, "Echo", 1))
	})
}

func TestCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(2, 1)
		for i := range 17 {
			require.True(t, w.call(0, 1, "Echo", i))
		}
		require.Equal(t, 17, w.GetCount(1))
		require.Equal(t, 0, w.GetCount(0))
		w.DeleteServer(1)
		require.Equal(t, 17, w.GetCount(1), "of a server that is gone")
		require.False(t, w.call(0, 1, "Echo", 0))
		w.start(1)
		require.True(t, w.call(0, 1, "Echo", 0))
		require.Equal(t, 18, w.GetCount(1), "goes on across restarts")
		require.Equal(t, 19, w.GetTotalCount())
		require.Equal(t, 0, w.GetCount("nobody"))
	})
}

func TestBytes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(1, 1)
		var n int
		text := strings.Repeat("0123456789", 28)
		for range 17 {
			require.True(t, w.ends[0][0].Call("Clerk.Length", text, &n))
		}
		require.Equal(t, len(text), n)
		sent := w.GetTotalBytes()
		require.True(t, 4760 < sent && sent < 5300, "large arguments: %d bytes", sent)
		var s string
		for range 17 {
			require.True(t, w.ends[0][0].Call("Clerk.Repeat", 107, &s))
		}
		got := w.GetTotalBytes() - sent
		require.True(t, 1819 < got && got < 2200, "large replies: %d bytes", got)

		before := w.GetTotalBytes()
		w.DeleteServer(0)
		w.ends[0][0].Call("Clerk.Length", text, &n)
		require.Greater(t, w.GetTotalBytes()-before, int64(len(text)), "the arguments of lost calls count")
	})
}

func TestConcurrent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(3, 1)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for j := range 10 {
					var reply Item
					require.True(t, w.ends[i%3][j%3].Call("Clerk.Echo", &Item{N: 100*i + j}, &reply))
					require.Equal(t, 100*i+j, reply.N)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 200, w.GetTotalCount())
	})
}

func TestUnreliable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(1, 1)
		w.Reliable(false)
		require.False(t, w.IsReliable())
		ok := 0
		for i := range 1000 {
			d := took(func() {
				if w.call(0, 0, "Echo", i) {
					ok++
				}
			})
			require.True(t, 0 < d && d < 55*time.Millisecond, "took %v", d)
		}
		require.InDelta(t, 810, ok, 50)                  // 0.9 * 0.9
		require.InDelta(t, 900, w.clerks[0].count(), 40) // 0.9
	})
}

func TestLongReordering(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(1, 1)
		w.LongReordering(true)
		late, sum := 0, time.Duration(0)
		for i := range 600 {
			if d := took(func() { require.True(t, w.call(0, 0, "Echo", i)) }); d > 100*time.Millisecond {
				late++
				sum += d
				require.True(t, 200*time.Millisecond < d && d < 2205*time.Millisecond, "took %v", d)
			}
		}
		require.InDelta(t, 400, late, 50)
		require.InDelta(t, 0.7, (sum / time.Duration(late)).Seconds(), 0.1)
	})
}

func TestDuplicates(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(1, 1)
		w.Duplicates(true)
		for i := range 500 {
			require.True(t, w.call(0, 0, "Echo", i))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		seen := w.clerks[0].seen
		require.InDelta(t, 550, len(seen), 25)
		times, behind := map[int]int{}, 0
		for i, n := range seen {
			times[n]++
			if i > 0 && n < seen[i-1] {
				behind++
			}
		}
		require.Len(t, times, 500)
		require.Greater(t, behind, 20, "duplicates come behind later requests")
		require.Equal(t, len(seen), w.GetCount(0))
	})
}

func TestCleanup(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(1, 1)
		w.Cleanup()
		d := took(func() { require.False(t, w.call(0, 0, "Echo", 1)) })
		require.NotZero(t, d, "a loop around Call must not spin")
	})
}

// A name of any length costs no more than a short one: what is passed on, and what the mistake
// says, is bounded.
func TestLongMethodName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2, 1)
		defer w.Cleanup()
		longest := 0
		w.Observe(func(m *labrpc.Message) { longest = max(longest, len(m.Method)) })
		var mistake error
		w.OnMistake(func(err error) { mistake = err })
		if w.call(0, 1, strings.Repeat("A", 4<<20), 1) {
			t.Error("there is no such method")
		}
		if longest == 0 || longest > 400 || mistake == nil || len(mistake.Error()) > 2000 {
			t.Errorf("%d bytes of a name were passed on; mistake: %.1000v", longest, mistake)
		}
	})
}
