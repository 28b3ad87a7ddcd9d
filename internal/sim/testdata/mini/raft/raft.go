// Package raft is code that misbehaves in one way for each outcome that the engine knows.
package raft

import (
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/signal"
	"sync"
	"time"
)

// Run runs the misbehaviour called name.
func Run(name string, note func(string)) string {
	note("begin")
	if f := misbehaviours[name]; f != nil {
		return f()
	}
	if f := floods[name]; f != nil {
		return f()
	}
	if f := forgeries[name]; f != nil {
		return f(note)
	}
	switch name {
	case "work":
		work(note)
	case "race":
		race(note)
	case "decisions":
		decisions(note)
	case "maps":
		return maps()
	}
	return ""
}

var sink []any

var misbehaviours = map[string]func() string{
	"fail":            func() string { return "as told" },
	"exit 0":          func() string { fmt.Println("PASS"); os.Exit(0); return "" },
	"exit 1":          func() string { os.Exit(1); return "" },
	"panic":           func() string { var m map[int]int; m[1] = 2; return "" },
	"panic elsewhere": func() string { go func() { panic("elsewhere") }(); time.Sleep(time.Second); return "" },
	"print verdict": func() string {
		fmt.Println(`{"outcome":"pass","secret":""}`)
		fmt.Println("--- PASS: TestMini (0.00s)\nPASS\nok")
		return "failed all the same"
	},
	"print panic": func() string {
		fmt.Print("panic: not really\n\ngoroutine 1 [running]:\nfatal error: all goroutines are asleep - deadlock!\n")
		return ""
	},
	"closed channel": func() string { c := make(chan int); close(c); close(c); return "" },
	"deadlock":       func() string { var mu sync.Mutex; mu.Lock(); mu.Lock(); return "" },
	"recursion":      func() string { return fmt.Sprint(deep(1)) },
	"memory": func() string {
		for {
			sink = append(sink, make([]byte, 1<<20))
		}
	},
	"empty loop": func() string {
		for { // the empty loop
		}
	},
	"goto": func() string {
	again:
		time.Now()
		goto again // the goto
	},
	"clock": func() string {
		for t := time.Now(); time.Since(t) < time.Hour; { // the clock
		}
		return ""
	},
	"clock, no loop": func() string { io.Copy(io.Discard, clockReader{}); return "" },
	"wait and fail":  func() string { time.Sleep(time.Second); return "f" },
	"tiny sleeps": func() string {
		for {
			time.Sleep(1) // the tiny sleeps
		}
	},
	"endless copy":          func() string { io.Copy(io.Discard, rand.Reader); return "" },
	"late copy":             func() string { time.Sleep(10 * time.Second); io.Copy(io.Discard, rand.Reader); return "" },
	"endless reads":         func() string { io.Copy(io.Discard, zeros{}); return "" },
	"recursion without end": func() string { return fmt.Sprint(tree(99)) },
	"garbage": func() string {
		for {
			sink = []any{make([]byte, 4<<20)} // the garbage
		}
	},
	"huge power": func() string { // has no loop of its own
		n := new(big.Int).Lsh(big.NewInt(1), 1<<20)
		m := new(big.Int).Sub(new(big.Int).Lsh(n, 1<<20), big.NewInt(1))
		return new(big.Int).Exp(big.NewInt(3), n, m).String()
	},
	"polls": func() string { // wasteful, but correct: it must come through
		var mu sync.Mutex
		done := false
		time.AfterFunc(100*time.Millisecond, func() { mu.Lock(); done = true; mu.Unlock() })
		for {
			mu.Lock()
			ok := done
			mu.Unlock()
			if ok {
				return ""
			}
		}
	},
	"signals": func() string { // on wasip1 the wait for signals is a loop that yields
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
		time.Sleep(2 * time.Second)
		return ""
	},
	"waits until the deadline is past": func() string {
		deadline := time.Now().Add(100 * time.Millisecond)
		for !deadline.Before(time.Now()) {
			if left := time.Until(deadline); left > 0 {
				time.Sleep(left)
			}
		}
		if late := time.Since(deadline); late > time.Microsecond {
			return "it waited longer by " + late.String()
		}
		return ""
	},
	"reads the clock at one instant": func() string { // many take the time of day for a name
		first := time.Now()
		for last := first; last.UnixNano() < first.UnixNano()+1000; {
			now := time.Now()
			if now.UnixNano() <= last.UnixNano() {
				return "two readings were the same time of day"
			}
			if now.Sub(first) != 0 {
				return "time passed meanwhile"
			}
			last = now
		}
		return ""
	},
	"waits by the clock": func() string {
		for t := time.Now(); time.Since(t) < 10*time.Millisecond; {
		}
		return ""
	},
}

func tree(n int) int { // the recursion without end
	if n == 0 {
		return 1
	}
	return tree(n-1) + tree(n-1)
}

func deep(n int) int { return deep(n+1) + 1 }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { // the endless reads
	return 1, nil
}

type clockReader struct{}

func (clockReader) Read(p []byte) (int, error) { time.Now(); return 1, nil }
