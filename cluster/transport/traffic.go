package transport

import "net"

// traffic is a connection whose bytes are counted.
type traffic struct {
	net.Conn
	member int
	told   func(member, sent, received int)
}

// counted has the bytes counted that go over a connection to or from another member.
func (n *Node) counted(c net.Conn, member int) net.Conn {
	if n.o.Traffic == nil || member == Client {
		return c
	}
	return &traffic{c, member, n.o.Traffic}
}

func (t *traffic) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.told(t.member, 0, n)
	return n, err
}

func (t *traffic) Write(b []byte) (int, error) {
	n, err := t.Conn.Write(b)
	t.told(t.member, n, 0)
	return n, err
}
