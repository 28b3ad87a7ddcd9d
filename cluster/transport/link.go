package transport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"reflect"
	"sync"
	"time"

	"raftlab/internal/plain"
	"raftlab/internal/record"
	"raftlab/labrpc"
)

// Outcome is what is known of a request.
type Outcome int

const (
	Answered Outcome = iota // the reply is there
	NotSent                 // the other side has not seen it, and never will
	Unknown                 // it was sent, and no answer came: it may have been executed, or may still be
)

// The limits of links.
const (
	bulkSize    = 64 << 10 // messages of so many bytes take the bulk connection
	maxCalls    = 256      // under way on a connection
	maxBulk     = 2
	connectWait = 100 * time.Millisecond // that a call waits for a connection
	minPause    = 10 * time.Millisecond  // between tries to connect
	maxPause    = time.Second
	bulkRate    = 1 << 20 // bytes a second that a connection has to manage
)

// bulkTime is how much longer n bytes may take.
func bulkTime(n int) time.Duration { return time.Duration(n) * time.Second / bulkRate }

// Link is the way to one other process, for one purpose. It keeps up a connection, and carries any
// number of calls at a time.
type Link struct {
	node    *Node
	to      int
	address string
	purpose purpose
	timeout time.Duration
	slots   chan struct{}
	ctx     context.Context
	cancel  context.CancelFunc

	writing sync.Mutex // a message at a time; never taken under mu

	mu      sync.Mutex
	conn    net.Conn
	up      chan struct{} // closed when conn is there
	next    uint64
	pending map[uint64]chan message // closed without a message if the connection fails
}

// Peer is an end for another member's peer, in the form that a peer's constructor wants.
func (n *Node) Peer(member int, address string) *labrpc.ClientEnd {
	return labrpc.MakeCarried(&carrier{
		calls: n.link(member, address, forCalls, n.o.CallTimeout, maxCalls),
		bulk:  n.link(member, address, forBulk, n.o.CallTimeout, maxBulk),
	})
}

// Service is a link for requests of the service at another member, or, from a client, at any.
func (n *Node) Service(member int, address string) *Link {
	return n.link(member, address, forService, n.o.ServiceTimeout, maxCalls)
}

func (n *Node) link(to int, address string, p purpose, timeout time.Duration, slots int) *Link {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Link{node: n, to: to, address: address, purpose: p, timeout: timeout, slots: make(chan struct{}, slots),
		ctx: ctx, cancel: cancel, up: make(chan struct{}), pending: map[uint64]chan message{}}
	n.mu.Lock()
	n.links = append(n.links, l)
	n.mu.Unlock()
	go l.run()
	return l
}

// run keeps the connection up.
func (l *Link) run() {
	pause := minPause
	for l.ctx.Err() == nil {
		c, err := l.dial()
		if err == nil {
			pause = minPause
			l.read(c)
			continue
		}
		var refused *Refused
		if errors.As(err, &refused) && refused.Why != cutText && l.ctx.Err() == nil {
			l.node.tellOnce("member %d at %s does not take connections from here: %v", l.to, l.address, err)
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-l.ctx.Done():
		}
		pause = min(2*pause, maxPause)
	}
}

func (l *Link) dial() (net.Conn, error) {
	c, err := l.node.connect(l.ctx, l.to, l.address, l.purpose)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil || l.node.faults.isCut(l.to) {
		c.Close()
		return nil, errors.New("closed")
	}
	l.conn = c
	close(l.up)
	return c, nil
}

// read hands out answers until the connection fails.
func (l *Link) read(c net.Conn) {
	for {
		b, err := readFrame(c, maxFrame)
		var m message
		if err == nil {
			m, err = decodeMessage(b)
		}
		if err != nil {
			break
		}
		l.mu.Lock()
		if waits := l.pending[m.id]; waits != nil {
			delete(l.pending, m.id)
			waits <- m
		}
		l.mu.Unlock()
	}
	l.lose(c)
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, waits := range l.pending {
		delete(l.pending, id)
		close(waits)
	}
}

// lose gives up a connection that has failed. Whoever sends waits for the next one: a peer that tries
// again at once would otherwise fail again and again on this one.
func (l *Link) lose(c net.Conn) {
	c.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == c {
		l.conn, l.up = nil, make(chan struct{})
	}
}

// drop ends the connection; another one is made.
func (l *Link) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
	}
}

func (l *Link) close() {
	l.cancel()
	l.drop()
}

// Ask sends a request and waits for the reply, which is decoded into a pointer. When its time is
// over the connection is dropped. The error says why there is no reply.
func (l *Link) Ask(method string, args, to any) (Outcome, error) {
	body, err := encode(args)
	if err != nil {
		return NotSent, fmt.Errorf("the arguments cannot be sent: %w", err)
	}
	return l.ask(method, body, to)
}

func (l *Link) ask(method string, body []byte, to any) (Outcome, error) {
	time.Sleep(l.node.faults.delay())
	limit := time.NewTimer(l.timeout + bulkTime(len(body)))
	defer limit.Stop()
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-time.After(l.timeout / 2): // so that what is sent has some time left
		return NotSent, errors.New("too many requests are under way")
	case <-l.ctx.Done():
		return NotSent, errors.New("the link is closed")
	}
	traced := l.node.o.Trace.Message(record.Sent, body, l.to, method)
	answer, err := l.send(method, body)
	if err != nil {
		return NotSent, err
	}
	if answer == nil {
		return Unknown, errors.New("the connection failed")
	}
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			return Unknown, errors.New("the connection failed")
		case m.kind == failure:
			return NotSent, errors.New(plain.Line(m.text, plain.MaxLine))
		case m.kind == muted:
			return Unknown, errors.New(plain.Line(m.text, plain.MaxLine))
		}
		if err := decode(m.body, to); err != nil {
			return Unknown, fmt.Errorf("the reply cannot be read: %w", err)
		}
		if traced {
			l.node.o.Trace.Message(record.Replied, nil, l.to, method)
		}
		return Answered, nil
	case <-limit.C:
		l.drop()
		return Unknown, fmt.Errorf("no answer within %v", l.timeout)
	}
}

// send writes a request. No answer channel means that a part of it may have been written.
func (l *Link) send(method string, body []byte) (<-chan message, error) {
	l.mu.Lock()
	up := l.up
	l.mu.Unlock()
	select {
	case <-up:
	case <-time.After(connectWait):
		return nil, fmt.Errorf("member %d at %s cannot be reached", l.to, l.address)
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	answer := make(chan message, 1)
	l.mu.Lock()
	c := l.conn
	if c == nil {
		l.mu.Unlock()
		return nil, errors.New("the connection has failed")
	}
	l.next++
	id := l.next
	l.pending[id] = answer
	l.mu.Unlock()

	c.SetWriteDeadline(time.Now().Add(l.timeout + bulkTime(len(body))))
	if _, err := c.Write(message{kind: request, id: id, text: method, body: body}.encode()); err != nil {
		l.lose(c)
		return nil, nil
	}
	return answer, nil
}

// carrier is a peer's way to another peer.
type carrier struct{ calls, bulk *Link }

// Call implements labrpc.Carrier.
func (c *carrier) Call(method string, args, reply any) bool {
	body, err := encode(args)
	if v := reflect.ValueOf(reply); err == nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		err = errors.New("the reply must be a pointer to a variable for the result")
	}
	if err != nil {
		c.calls.node.tellOnce("Call(%q) of this member's peer is a mistake: %v", method, err)
		time.Sleep(connectWait)
		return false
	}
	l := c.calls
	if len(body) >= bulkSize {
		l = c.bulk
	}
	outcome, _ := l.ask(method, body, reply)
	return outcome == Answered
}
