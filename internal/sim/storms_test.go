package sim

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// stormyPeer is a part of badCompany: one of the peers does something over and over that has no loop
// without a pause, and hardly any time between.
const stormyPeer = `package raft

import (
	"context"
	"os"
	"runtime"
	"time"
)

func thousand(f func()) {
	for range 1000 {
		go f()
	}
}

func again() { time.AfterFunc(10*time.Microsecond, again) } // AfterFunc

func empty() int { return 1 }

var storms = map[string]func(){
	"Reset": func() {
		thousand(func() {
			for t := time.NewTimer(time.Hour); ; time.Sleep(100 * time.Microsecond) {
				t.Reset(time.Minute); t.Reset(time.Hour) // Reset
			}
		})
	},
	"sleeps": func() {
		for {
			time.Sleep(100) // sleeps
		}
	},
	"many sleeps": func() {
		thousand(func() {
			for {
				time.Sleep(100) // many sleeps
			}
		})
	},
	"AfterFunc": again,
	"WithTimeout": func() {
		for {
			_, cancel := context.WithTimeout(context.Background(), time.Hour) // WithTimeout
			cancel()
		}
	},
	"Goexit": func() {
		for {
			go runtime.Goexit()
			time.Sleep(time.Microsecond) // Goexit
		}
	},
	"tickers": func() {
		thousand(func() {
			for range time.Tick(100 * time.Microsecond) { // tickers
			}
		})
	},
	"rounds": func() {
		for { // rounds
			for range 1_900_000 {
			}
			time.Sleep(time.Microsecond)
		}
	},
	"calls": func() {
		for ; ; time.Sleep(time.Microsecond) {
			for range 1_900_000 {
				empty(); empty(); empty(); empty(); empty() // calls
			}
		}
	},
	"polls": func() { // wasteful, but correct: five loops that look each millisecond
		for range 5 {
			go func() {
				for range time.Tick(time.Millisecond) {
				}
			}()
		}
	},
}

func storm(me int) {
	if name := os.Getenv("STORM"); name == "polls" || storms[name] != nil && me == 1 {
		time.AfterFunc(500*time.Millisecond, storms[name])
	}
}
`

// TestStorms: what is done over and over, with hardly any time between, has counts of its own, which
// end the run at a count, and name the place. Who polls is left alone.
func TestStorms(t *testing.T) {
	p := newPool(t, 2)
	wasm, host := badPeers(t), badPeersHere(t, false)
	for _, c := range []struct {
		name    string
		outcome record.Outcome
		rule    string
		says    string
		wasm    bool // compare: it takes some seconds
	}{
		{"Reset", record.Flood, "too many timers", "a run may do so 1000000 times at once", false},
		{"sleeps", record.BusyLoop, "busy loop", "a run may wait 200000 times at once", true},
		{"many sleeps", record.Flood, "too many turns", "a run may have 2000000 of these at once", false},
		{"AfterFunc", record.BusyLoop, "busy loop", "a run may wait 200000 times at once", true},
		{"WithTimeout", record.Flood, "too many timers", "a run may do so 1000000 times at once", true},
		{"Goexit", record.BusyLoop, "busy loop", "a run may wait 200000 times at once", true},
		{"tickers", record.Flood, "too many turns", "a run may have 2000000 of these at once", false},
		{"rounds", record.BusyLoop, "busy loop", "goes round over and over", true},
		{"calls", record.BusyLoop, "busy loop", "is called over and over", false},
		{"polls", record.Pass, "", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := p.Run(context.Background(), labJob(host, "2A/ElectionSwarm", 1, "STORM="+c.name))
			t.Log(r.CPU, r.Virtual, r.Verdict.Message)
			require.Equal(t, c.outcome, r.Verdict.Outcome, r.Verdict.Message)
			require.Equal(t, c.rule, r.Verdict.Rule)
			require.Contains(t, r.Verdict.Message, c.says)
			if c.outcome != record.Pass && c.name != "calls" {
				before, _, found := strings.Cut(stormyPeer, "// "+c.name+"\n")
				require.True(t, found)
				require.Contains(t, r.Verdict.Message, fmt.Sprint("raft/stormy.go:", 1+strings.Count(before, "\n")))
			}
			if !c.wasm {
				return
			}
			j := labJob(wasm, "2A/ElectionSwarm", 1, "STORM="+c.name)
			j.CPU = 2 * time.Minute // on a busy machine
			w := p.Run(context.Background(), j)
			t.Log("in wasm:", w.CPU)
			w.Verdict.Peaks, r.Verdict.Peaks = record.Peaks{}, record.Peaks{}
			require.Equal(t, r.Verdict.Message, w.Verdict.Message)
			require.Equal(t, r.Hash, w.Hash)
		})
	}
}
