package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// How much is read at most of a file that the user has named.
const (
	maxPolicy = 1 << 20
	maxSalt   = 1 << 16
	maxReport = 1 << 30
)

// readNamed returns what is in a file that the user has named, which may have most bytes. It may be
// a pipe: then Ctrl-C ends the waiting.
func readNamed(ctx context.Context, name string, most int64) ([]byte, error) {
	type content struct {
		text []byte
		err  error
	}
	read := make(chan content, 1)
	go func() {
		var c content
		defer func() { read <- c }()
		var f *os.File
		if f, c.err = os.Open(name); c.err != nil {
			return
		}
		defer f.Close()
		if c.text, c.err = io.ReadAll(io.LimitReader(f, most+1)); int64(len(c.text)) > most {
			c.text, c.err = nil, fmt.Errorf("it has more than %d bytes, and so is not what is read here", most)
		}
	}()
	select {
	case c := <-read:
		return c.text, c.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
