package transport

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"time"

	"raftlab/internal/plain"
)

// Files travel on a connection of their own, one for each:
//
//	the one that asks   file | index that is wanted
//	the other one       start | index of the file, size
//	                    part | bytes ...
//	                    end | SHA-256 of all parts
//
// or a failure at any point, with a text. Each frame has its checksum, as everywhere.
const (
	askFile   kind = 'f'
	startFile kind = 's'
	partFile  kind = 'p'
	endFile   kind = 'z'

	partSize = 256 << 10
	partTime = 10 * time.Second // that one part may take
	copyTime = time.Minute      // that the other side may take to find the file
)

// FileSource opens a file of index want or later.
type FileSource func(want int) (file io.ReadCloser, index int, size int64, err error)

// OfferFiles says where files come from that other members ask for.
func (n *Node) OfferFiles(source FileSource) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.files = source
}

// sendFile answers the one request of a connection for files.
func (n *Node) sendFile(c net.Conn) {
	c.SetDeadline(time.Now().Add(greetingTime))
	b, err := readFrame(c, maxGreeting)
	if err != nil {
		return
	}
	m, err := decodeMessage(b)
	if err != nil || m.kind != askFile {
		return
	}
	n.mu.Lock()
	source := n.files
	n.mu.Unlock()
	err = errors.New("this member has no files yet")
	if source != nil {
		err = n.stream(c, source, int(m.id))
	}
	if err != nil {
		c.SetDeadline(time.Now().Add(partTime))
		_, _ = c.Write(message{kind: failure, text: err.Error()}.encode())
	}
}

func (n *Node) stream(c net.Conn, source FileSource, want int) error {
	file, index, size, err := source(want)
	if err != nil {
		return err
	}
	defer file.Close()
	send := func(m message) error {
		time.Sleep(n.faults.delay())
		c.SetDeadline(time.Now().Add(partTime))
		_, err := c.Write(m.encode())
		return err
	}
	if err := send(message{kind: startFile, id: uint64(index), body: binary.LittleEndian.AppendUint64(nil, uint64(size))}); err != nil {
		return err
	}
	sum, part := sha256.New(), make([]byte, partSize)
	for {
		got, err := io.ReadFull(file, part)
		sum.Write(part[:got])
		if got > 0 {
			if err := send(message{kind: partFile, body: part[:got]}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return send(message{kind: endFile, body: sum.Sum(nil)})
		}
		if err != nil {
			return err
		}
	}
}

// Fetch asks another member for a file of index want or later, and writes it to w. The error says
// that it is not complete, or not what was sent.
func (n *Node) Fetch(ctx context.Context, member int, address string, want int, w io.Writer) (index int, err error) {
	c, err := n.connect(ctx, member, address, forFiles)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if !n.enter(c, member) {
		return 0, errors.New("the node is closed")
	}
	defer n.leave(c)
	c.SetDeadline(time.Now().Add(copyTime))
	if _, err := c.Write(message{kind: askFile, id: uint64(want)}.encode()); err != nil {
		return 0, err
	}
	f := newFetch(w)
	for !f.over {
		b, err := readFrame(c, maxGreeting+partSize)
		if err != nil {
			return 0, fmt.Errorf("after %d of %d bytes: %w", f.got, f.size, err)
		}
		m, err := decodeMessage(b)
		if err == nil {
			err = f.take(m)
		}
		if err != nil {
			return 0, err
		}
		c.SetDeadline(time.Now().Add(partTime))
	}
	return f.index, nil
}

// fetch is a file that comes in.
type fetch struct {
	w         io.Writer
	sum       hash.Hash
	begun     bool
	over      bool
	index     int
	size, got int64
}

func newFetch(w io.Writer) *fetch { return &fetch{w: w, sum: sha256.New()} }

func (f *fetch) take(m message) error {
	switch {
	case m.kind == failure:
		return errors.New(plain.Line(m.text, plain.MaxLine))
	case m.kind == startFile && !f.begun && len(m.body) == 8:
		f.begun, f.index, f.size = true, int(m.id), int64(binary.LittleEndian.Uint64(m.body))
		return nil
	case m.kind == partFile && f.begun && f.got+int64(len(m.body)) <= f.size:
		f.got += int64(len(m.body))
		f.sum.Write(m.body)
		_, err := f.w.Write(m.body)
		return err
	case m.kind == endFile && f.begun:
		if f.got != f.size || string(m.body) != string(f.sum.Sum(nil)) {
			return fmt.Errorf("%d of %d bytes have come, or they are not those that were sent", f.got, f.size)
		}
		f.over = true
		return nil
	}
	return fmt.Errorf("a message %q has no place in a file", m.kind)
}
