package transport

import (
	"fmt"
	"io"
	"net"
	"time"

	"raftlab/internal/plain"
)

// Protocol is the version of what is said on the wire.
const Protocol = 2

// Client is the member number of somebody who is none.
const Client = -1

// Identity is who a process is.
type Identity struct {
	Cluster        string // unlike any other cluster's
	Member         int    // from 0, or Client
	Implementation string // whose messages it speaks: peers of two must not meet
}

// purpose is what a connection is for.
type purpose string

const (
	forCalls   purpose = "calls"
	forBulk    purpose = "bulk"
	forService purpose = "service"
	forFiles   purpose = "files"
)

// hello is the first message on a connection, from the side that dialled. Its fields are exported
// for labgob.
type hello struct {
	Protocol       int
	Cluster        string
	From, To       int
	Implementation string
	Purpose        purpose
}

// welcome answers it. A node that refuses says why, and closes.
type welcome struct {
	Refused string
}

func sendGreeting(w io.Writer, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	_, err = w.Write(seal(append(make([]byte, frameHead), body...)))
	return err
}

func readGreeting(r io.Reader, v any) error {
	b, err := readFrame(r, maxGreeting)
	if err != nil {
		return err
	}
	return decode(b, v)
}

// Refused is the other side's answer to a greeting: it is not who was meant, or does not want who
// calls.
type Refused struct{ Why string }

func (r *Refused) Error() string { return "refused: " + plain.Line(r.Why, plain.MaxLine) }

// greet is the dialling side of a new connection.
func greet(c net.Conn, h hello, within time.Duration) error {
	c.SetDeadline(time.Now().Add(within))
	defer c.SetDeadline(time.Time{})
	if err := sendGreeting(c, h); err != nil {
		return err
	}
	var w welcome
	if err := readGreeting(c, &w); err != nil {
		return err
	}
	if w.Refused != "" {
		return &Refused{w.Refused}
	}
	return nil
}

// unwelcome says why a connection is refused, or nothing.
func (n *Node) unwelcome(h hello) string {
	id := n.id
	switch {
	case h.Protocol != Protocol:
		return fmt.Sprintf("you speak protocol %d, this is %d", h.Protocol, Protocol)
	case h.From == Client && h.Purpose != forService:
		return fmt.Sprintf("a client cannot open a connection for %q", plain.Line(string(h.Purpose), plain.MaxLine))
	case h.Cluster != id.Cluster && (h.From != Client || h.Cluster != ""):
		return fmt.Sprintf("you are of the cluster %q, this is %q", h.Cluster, id.Cluster)
	case h.From == Client:
		return ""
	case h.To != id.Member:
		return fmt.Sprintf("you look for member %d, this is member %d", h.To, id.Member)
	case h.From == id.Member || h.From < 0 || h.From >= n.members:
		return fmt.Sprintf("you say that you are member %d, which is no other member of this cluster", h.From)
	case h.Implementation != id.Implementation:
		return fmt.Sprintf("your peers are %q, these are %q: they would not understand each other's messages and logs", h.Implementation, id.Implementation)
	case h.Purpose != forCalls && h.Purpose != forBulk && h.Purpose != forService && h.Purpose != forFiles:
		return fmt.Sprintf("a connection for %q is not known", plain.Line(string(h.Purpose), plain.MaxLine))
	case n.faults.isCut(h.From):
		return cutText
	}
	return ""
}
