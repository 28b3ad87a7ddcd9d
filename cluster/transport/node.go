package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"raftlab/cluster/trace"
	"raftlab/internal/record"
	"raftlab/labrpc"
)

// Options say how a node speaks to others. The zero value of a field means its default.
type Options struct {
	// CallTimeout is how long a short call between peers may take. Default 3 s.
	CallTimeout time.Duration
	// ServiceTimeout is how long a request that is passed on to another server may take. Default 10
	// s.
	ServiceTimeout time.Duration
	// Anywhere lets the node listen at other addresses than loopback. Whoever reaches one can read
	// and change everything: there are no passwords.
	Anywhere bool
	// Before is called with each request of another member, before its handler runs. If it returns
	// an error the handler does not run, and the request counts as not sent.
	Before func(from int, request []byte) error
	// Traffic is told of bytes that went to another member, or came from it. Default: nobody.
	Traffic func(member, sent, received int)
	// Trace follows a request through the messages. Default: nothing.
	Trace *trace.Recorder
	// Logf says what somebody who looks after the member should know. Default: nobody.
	Logf func(format string, args ...any)
}

func (o Options) withDefaults() Options {
	if o.CallTimeout == 0 {
		o.CallTimeout = 3 * time.Second
	}
	if o.ServiceTimeout == 0 {
		o.ServiceTimeout = 10 * time.Second
	}
	if o.Before == nil {
		o.Before = func(int, []byte) error { return nil }
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	return o
}

const (
	greetingTime = 5 * time.Second
	writeTime    = 10 * time.Second // that a reply may take to be written
	maxHandlers  = 256              // per connection
)

// Node is one member's place in the network: the address where others reach it, and its links to
// them.
type Node struct {
	id      Identity
	members int
	o       Options
	faults  faults

	mu       sync.Mutex
	closed   bool
	peers    *labrpc.Server // what other members can call; nil until Serve
	clients  *labrpc.Server // what everybody can call
	files    FileSource     // what other members can fetch; nil until OfferFiles
	listener net.Listener
	conns    map[net.Conn]int // of others, and who they are
	links    []*Link
	told     map[string]bool
}

// NewNode returns the place of id in a cluster of so many members. It is not reachable before
// [Node.Serve].
func NewNode(id Identity, members int, o Options) *Node {
	return &Node{id: id, members: members, o: o.withDefaults(), conns: map[net.Conn]int{}, told: map[string]bool{}}
}

// Listen takes an address, host:port; port 0 is any that is free. It returns the one that was
// taken.
func (n *Node) Listen(address string) (string, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("listening at %q: %w", address, err)
	}
	if ip := net.ParseIP(host); !n.o.Anywhere && host != "localhost" && !ip.IsLoopback() {
		return "", fmt.Errorf("listening at %s: this is no loopback address, and whoever reaches it could read and change everything", address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("listening for other members: %w", err)
	}
	n.mu.Lock()
	n.listener = l
	n.mu.Unlock()
	return l.Addr().String(), nil
}

// Serve lets others in, and returns when the node is closed. Members reach the services of peers,
// clients those of clients.
func (n *Node) Serve(peers, clients *labrpc.Server) error {
	n.mu.Lock()
	n.peers, n.clients = peers, clients
	listener := n.listener
	n.mu.Unlock()
	for {
		c, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil { // too many open files, say
			n.o.Logf("accepting a connection: %v", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go n.receive(c)
	}
}

// Close ends all connections. Calls under way fail.
func (n *Node) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	if n.listener != nil {
		n.listener.Close()
	}
	for c := range n.conns {
		c.Close()
	}
	for _, l := range n.links {
		l.close()
	}
}

// tellOnce logs a text the first time it comes.
func (n *Node) tellOnce(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	n.mu.Lock()
	told := n.told[text]
	if len(n.told) < 1000 {
		n.told[text] = true
	}
	n.mu.Unlock()
	if !told {
		n.o.Logf("%s", text)
	}
}

// enter keeps a connection, so that it can be ended.
func (n *Node) enter(c net.Conn, from int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	n.conns[c] = from
	return true
}

func (n *Node) leave(c net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
}

// connect opens a connection to another member, and greets.
func (n *Node) connect(ctx context.Context, to int, address string, p purpose) (net.Conn, error) {
	if n.faults.isCut(to) {
		return nil, errors.New(cutText)
	}
	d := net.Dialer{Timeout: greetingTime}
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	err = greet(c, hello{Protocol: Protocol, Cluster: n.id.Cluster, From: n.id.Member, To: to,
		Implementation: n.id.Implementation, Purpose: p}, greetingTime)
	if err != nil {
		c.Close()
		return nil, err
	}
	return n.counted(c, to), nil
}

// receive serves one connection of somebody else.
func (n *Node) receive(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(greetingTime))
	var h hello
	if err := readGreeting(c, &h); err != nil {
		n.tellOnce("a connection from %s was closed: its greeting cannot be read: %v", c.RemoteAddr().(*net.TCPAddr).IP, err)
		return
	}
	if why := n.unwelcome(h); why != "" {
		if why != cutText {
			n.tellOnce("refused a connection of member %d: %s", h.From, why)
		}
		_ = sendGreeting(c, welcome{Refused: why})
		return
	}
	if !n.enter(c, h.From) {
		return
	}
	defer n.leave(c)
	if n.faults.isCut(h.From) || sendGreeting(c, welcome{}) != nil {
		return
	}
	c = n.counted(c, h.From)
	if h.Purpose == forFiles {
		n.sendFile(c)
		return
	}
	c.SetDeadline(time.Time{})
	server := n.peers
	if h.From == Client {
		server = n.clients
	}
	n.handle(c, server, h.From)
}

// handle runs the requests of a connection at the same time. A goroutine that has answered takes
// another one: its stack has grown.
func (n *Node) handle(c net.Conn, server *labrpc.Server, from int) {
	var writing sync.Mutex
	requests := make(chan message) // for a handler that is idle
	defer close(requests)
	answerOne := func(m message) {
		answer := n.run(server, m, from)
		if from != Client {
			time.Sleep(n.faults.delay())
		}
		writing.Lock()
		defer writing.Unlock()
		c.SetWriteDeadline(time.Now().Add(writeTime + bulkTime(len(answer))))
		if _, err := c.Write(answer); err != nil {
			c.Close()
		}
	}
	handlers := 0
	for {
		b, err := readFrame(c, maxFrame)
		if err != nil {
			return // the other side ends connections as it likes
		}
		m, err := decodeMessage(b)
		if err != nil || m.kind != request {
			n.tellOnce("closed a connection of member %d: it sent something that is no request (%v)", from, err)
			return
		}
		if handlers == maxHandlers {
			requests <- m // when all are busy nothing more is read
			continue
		}
		select {
		case requests <- m:
		default:
			handlers++
			go func() {
				for answerOne(m); ; answerOne(m) {
					var more bool
					if m, more = <-requests; !more {
						return
					}
				}
			}()
		}
	}
}

// run has a handler answer a request. A panic in it is the peer's bug, and ends the process.
func (n *Node) run(server *labrpc.Server, m message, from int) []byte {
	if from != Client {
		if err := n.o.Before(from, m.body); err != nil {
			time.Sleep(connectWait) // there are peers that try again at once
			return message{kind: failure, id: m.id, text: err.Error()}.encode()
		}
	}
	traced := n.o.Trace.Message(record.Delivered, m.body, from, m.text)
	result, err := server.Dispatch(m.text, func(args any) error { return decode(m.body, args) })
	if err != nil {
		return message{kind: failure, id: m.id, text: err.Error()}.encode()
	}
	if traced {
		n.o.Trace.Message(record.Handled, nil, from, m.text)
	}
	body, err := encode(result)
	if err != nil {
		n.tellOnce("the reply of %s cannot be sent: %v", m.text, err)
		return message{kind: muted, id: m.id, text: "the reply cannot be sent: " + err.Error()}.encode()
	}
	return message{kind: reply, id: m.id, body: body}.encode()
}
