package transport

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
)

// Echo is a service whose handler can be held up.
type Echo struct {
	ran  atomic.Int64
	gate chan struct{} // if not nil: handlers wait until it is closed
}

type Text struct{ Text string }

func (e *Echo) Say(args *Text, reply *Text) {
	e.ran.Add(1)
	if e.gate != nil {
		<-e.gate
	}
	reply.Text = args.Text
}

// Secret is a service for other members only.
type Secret struct{}

func (Secret) Tell(args *Text, reply *Text) { reply.Text = "secret" }

func serverOf(services ...any) *labrpc.Server {
	srv := labrpc.MakeServer()
	for _, s := range services {
		srv.AddService(labrpc.MakeService(s))
	}
	return srv
}

// place is a node with its log.
type place struct {
	*Node
	address string
	mu      sync.Mutex
	lines   []string
}

func (p *place) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

func newPlace(t *testing.T, id Identity, o Options) *place {
	t.Helper()
	p := &place{}
	o.Logf = func(format string, args ...any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.lines = append(p.lines, fmt.Sprintf(format, args...))
	}
	p.Node = NewNode(id, 3, o)
	t.Cleanup(p.Close)
	return p
}

// listening is a place that others can reach.
func listening(t *testing.T, id Identity, o Options, address string, echo *Echo) *place {
	t.Helper()
	p := newPlace(t, id, o)
	var err error
	p.address, err = p.Listen(address)
	require.NoError(t, err)
	go p.Serve(serverOf(echo, Secret{}), serverOf(echo))
	return p
}

func member(n int) Identity { return Identity{Cluster: "c", Member: n, Implementation: "raft"} }

// eventually calls until it succeeds: a connection may have to be made first.
func eventually(t *testing.T, end *labrpc.ClientEnd) {
	t.Helper()
	for range 100 {
		var r Text
		if end.Call("Echo.Say", Text{"x"}, &r) {
			require.Equal(t, "x", r.Text)
			return
		}
	}
	require.FailNow(t, "never answered")
}

func TestCalls(t *testing.T) {
	b := listening(t, member(1), Options{}, "127.0.0.1:0", &Echo{})
	a := newPlace(t, member(0), Options{})
	end := a.Peer(1, b.address)
	eventually(t, end)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			text := strings.Repeat(fmt.Sprint(i), 1+i*400) // some are long enough for the bulk connection
			for range 4 {
				var r Text
				if assert.True(t, end.Call("Echo.Say", &Text{text}, &r)) {
					assert.Equal(t, text, r.Text)
				}
			}
		})
	}
	all.Wait()
	big := strings.Repeat("x", 3<<20)
	var r Text
	require.True(t, end.Call("Echo.Say", Text{big}, &r))
	require.Equal(t, big, r.Text)

	require.False(t, end.Call("Echo.None", Text{}, &r))
	require.False(t, end.Call("Echo.Say", Text{}, r))
	require.False(t, end.Call("Echo.Say", func() {}, &r))
	require.Contains(t, a.said(), `Call("Echo.Say") of this member's peer is a mistake: the reply must be a pointer`)
}

// Whoever is not who is meant is refused before any handler runs, and both sides say why.
func TestRefusals(t *testing.T) {
	echo := &Echo{}
	b := listening(t, member(1), Options{}, "127.0.0.1:0", echo)
	for _, c := range []struct {
		id   Identity
		to   int
		want string
	}{
		{Identity{"other", 0, "raft"}, 1, `you are of the cluster "other", this is "c"`},
		{Identity{"c", 0, "etcdraft"}, 1, `your peers are "etcdraft", these are "raft"`},
		{Identity{"c", 0, "raft"}, 2, "you look for member 2, this is member 1"},
		{Identity{"c", 1, "raft"}, 1, "you say that you are member 1, which is no other member"},
		{Identity{"c", 7, "raft"}, 1, "you say that you are member 7, which is no other member"},
		{Identity{"c", Client, "raft"}, 1, `a client cannot open a connection for "calls"`},
	} {
		a := newPlace(t, c.id, Options{})
		var r Text
		require.False(t, a.Peer(c.to, b.address).Call("Echo.Say", Text{}, &r))
		require.Contains(t, a.said(), c.want)
		require.Contains(t, b.said(), c.want)
	}
	conn, err := net.Dial("tcp", b.address)
	require.NoError(t, err)
	defer conn.Close()
	err = greet(conn, hello{Protocol: Protocol + 1, Cluster: "c", To: 1, Implementation: "raft", Purpose: forCalls}, time.Second)
	require.EqualError(t, err, fmt.Sprintf("refused: you speak protocol %d, this is %d", Protocol+1, Protocol))
	require.Zero(t, echo.ran.Load())
}

// A client reaches what is meant for clients.
func TestClient(t *testing.T) {
	b := listening(t, member(1), Options{}, "127.0.0.1:0", &Echo{})
	a := newPlace(t, Identity{Member: Client}, Options{})
	l := a.Service(1, b.address)
	var r Text
	outcome, err := l.Ask("Secret.Tell", Text{}, &r)
	require.Equal(t, NotSent, outcome)
	require.ErrorContains(t, err, `the server has no service "Secret"`)
	outcome, err = l.Ask("Echo.Say", Text{"hello"}, &r)
	require.NoError(t, err)
	require.Equal(t, Answered, outcome)
	require.Equal(t, "hello", r.Text)

	c := newPlace(t, Identity{Member: Client, Cluster: "other"}, Options{})
	outcome, _ = c.Service(1, b.address).Ask("Echo.Say", Text{}, &r)
	require.Equal(t, NotSent, outcome)
	require.Contains(t, b.said(), `refused a connection of member -1: you are of the cluster "other"`)
}

// What was sent and not answered is unknown, and the connection is dropped; the next call has
// another one.
func TestDeadline(t *testing.T) {
	echo := &Echo{gate: make(chan struct{})}
	b := listening(t, member(1), Options{}, "127.0.0.1:0", echo)
	a := newPlace(t, member(0), Options{ServiceTimeout: 300 * time.Millisecond, CallTimeout: 300 * time.Millisecond})
	l := a.Service(1, b.address)
	var r Text
	outcome, err := l.Ask("Echo.Say", Text{}, &r)
	require.Equal(t, Unknown, outcome)
	require.ErrorContains(t, err, "no answer within 300ms")
	require.EqualValues(t, 1, echo.ran.Load())
	require.False(t, a.Peer(1, b.address).Call("Echo.Say", Text{}, &r))
	close(echo.gate)
	eventually(t, a.Peer(1, b.address))

	outcome, err = a.Service(2, "127.0.0.1:1").Ask("Echo.Say", Text{}, &r)
	require.Equal(t, NotSent, outcome)
	require.ErrorContains(t, err, "cannot be reached")
}

// A member that comes back is reached again.
func TestReconnects(t *testing.T) {
	b := listening(t, member(1), Options{}, "127.0.0.1:0", &Echo{})
	a := newPlace(t, member(0), Options{})
	end := a.Peer(1, b.address)
	eventually(t, end)
	b.Close()
	var r Text
	require.False(t, end.Call("Echo.Say", Text{}, &r))
	listening(t, member(1), Options{}, b.address, &Echo{})
	eventually(t, end)
}

// No more requests than a link carries are sent; the rest waits, and is known not to have been
// executed.
func TestBackPressure(t *testing.T) {
	echo := &Echo{gate: make(chan struct{})}
	b := listening(t, member(1), Options{}, "127.0.0.1:0", echo)
	a := newPlace(t, member(0), Options{ServiceTimeout: 2 * time.Second})
	l := a.Service(1, b.address)
	outcomes := make(chan Outcome, 2*maxCalls)
	for range 2 * maxCalls {
		go func() {
			var r Text
			outcome, _ := l.Ask("Echo.Say", Text{}, &r)
			outcomes <- outcome
		}()
	}
	count := map[Outcome]int{}
	for range 2 * maxCalls {
		count[<-outcomes]++
	}
	require.Equal(t, map[Outcome]int{Unknown: maxCalls, NotSent: maxCalls}, count)
	require.EqualValues(t, maxCalls, echo.ran.Load())
	close(echo.gate)
}

func TestCut(t *testing.T) {
	b := listening(t, member(1), Options{}, "127.0.0.1:0", &Echo{})
	a := newPlace(t, member(0), Options{})
	end := a.Peer(1, b.address)
	eventually(t, end)
	for _, p := range []*place{a, b} { // either side can do it
		p.Inject(Faults{Cut: []int{0, 1}})
		var r Text
		require.False(t, end.Call("Echo.Say", Text{}, &r))
		require.False(t, end.Call("Echo.Say", Text{}, &r))
		p.Inject(Faults{Delay: time.Millisecond})
		eventually(t, end)
	}
	require.Empty(t, a.said()+b.said(), "a test's cut is no news")
}

// Strangers do no harm.
func TestGarbage(t *testing.T) {
	b := listening(t, member(1), Options{}, "127.0.0.1:0", &Echo{})
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", "\x04\x00\x00\x00\x00\x00\x00\x00abcd", "\x00\x00\x00\x00\x00\x00\x00\x00"} {
		c, err := net.Dial("tcp", b.address)
		require.NoError(t, err)
		_, err = c.Write([]byte(text))
		require.NoError(t, err)
		_, err = c.Read(make([]byte, 1))
		require.Error(t, err, "closed")
		c.Close()
	}
	require.Contains(t, b.said(), "where 4096 are the most")
	require.Contains(t, b.said(), "a frame whose checksum is wrong")
	eventually(t, newPlace(t, member(0), Options{}).Peer(1, b.address))
}

func TestLoopbackOnly(t *testing.T) {
	p := newPlace(t, member(0), Options{})
	_, err := p.Listen("0.0.0.0:0")
	require.ErrorContains(t, err, "this is no loopback address")
	_, err = p.Listen("nowhere")
	require.Error(t, err)
	p = newPlace(t, member(0), Options{Anywhere: true})
	_, err = p.Listen("0.0.0.0:0")
	require.NoError(t, err)
}

func FuzzMessage(f *testing.F) {
	f.Add(message{kind: request, id: 3, text: "Echo.Say", body: []byte("body")}.encode())
	f.Add(message{kind: failure, text: "no"}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		payload, err := readFrame(bytes.NewReader(b), 1<<16)
		if err != nil {
			return
		}
		m, err := decodeMessage(payload)
		if err != nil {
			return
		}
		payload, err = readFrame(bytes.NewReader(m.encode()), 1<<16+16)
		require.NoError(t, err)
		again, err := decodeMessage(payload)
		require.NoError(t, err)
		require.Equal(t, m, again)
	})
}
