package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/plain"
)

// What takes long says so, again and again; what is quick, and what is over, says nothing.
func TestSlowly(t *testing.T) {
	was, wasAgain := patience, again
	defer func() { patience, again = was, wasAgain }()
	patience, again = time.Hour, time.Hour
	lines := make(chan string, 100)
	to := plain.NewWriter(writerFunc(func(p []byte) (int, error) { lines <- string(p); return len(p), nil }))
	slowly(to, "quick")()
	patience, again = time.Millisecond, time.Millisecond
	done := slowly(to, "building")
	for range 2 {
		select {
		case l := <-lines:
			require.Contains(t, l, "building: 0s so far")
		case <-time.After(time.Minute):
			t.Fatal("nothing is said")
		}
	}
	done()
	for len(lines) > 0 {
		<-lines
	}
	time.Sleep(5 * time.Millisecond)
	assert.Empty(t, lines)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
