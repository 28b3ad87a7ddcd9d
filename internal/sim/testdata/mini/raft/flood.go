package raft

import (
	"io"
	"os"
	"runtime"
	"time"
)

// floods have more and more of something.
var floods = map[string]func() string{
	"goroutines": func() string {
		for {
			go func() { select {} }() // the goroutines
		}
	},
	"goroutines of goroutines": func() string { fork(); select {} },
	"timers": func() string {
		for {
			time.AfterFunc(time.Hour, func() {}) // the timers
		}
	},
	"goroutine after goroutine": func() string { most(); go next(); time.Sleep(time.Second); return "" },
	"timer after timer":         func() string { most(); again(); time.Sleep(time.Second); return "" },
	"turns": func() string {
		for {
			runtime.Gosched() // the turns
		}
	},
	"pipe": func() string {
		r, w := io.Pipe()
		most()
		go io.Copy(w, zeros{})
		io.Copy(io.Discard, r) // the pipe
		return ""
	},
	"collections": func() string {
		for {
			runtime.GC() // the collections
		}
	},
	"collections of much": func() string {
		much := long(64 << 10)
		for {
			runtime.GC() // the collections of much
			runtime.KeepAlive(much)
		}
	},
	"waits by turns": func() string { // wasteful, but correct
		done := false
		time.AfterFunc(7*time.Second, func() { done = true })
		for !done {
			runtime.Gosched()
		}
		return ""
	},
	"writes": func() string {
		io.Copy(os.Stdout, zeros{}) // the writes
		return ""
	},
	"bytes": func() string {
		io.Copy(os.Stderr, full{}) // the bytes
		return ""
	},
	"prints": func() string {
		for {
			print("x") // the prints
		}
	},
}

// link takes 1 KiB.
type link struct {
	next *link
	_    [1016]byte
}

func long(n int) (list *link) {
	for range n {
		list = &link{next: list}
	}
	return list
}

func fork() {
	go fork()
	go fork()
	select {} // the goroutines of goroutines
}

// most takes most of the turns that a run may take, in the cheapest way. What is to be seen is that
// turns of other ways count as well, and who is named for them.
func most() {
	for range 1_900_000 {
		runtime.Gosched()
	}
}

func next() { // the goroutine after goroutine
	go next()
}

func again() { // the timer after timer
	time.AfterFunc(0, again)
}

type full struct{}

func (full) Read(p []byte) (int, error) { return len(p), nil }
