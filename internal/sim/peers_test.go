package sim

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// badCompany is added to the reference peer: with no environment it does nothing, otherwise it
// prints and allocates in each call, misbehaves, or does something over and over (stormyPeer). It is
// one guest for several tests, since the machine code of each takes seconds.
const badCompany = `package raft

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

var (
	printing = os.Getenv("PRINT") != ""
	hoarding = os.Getenv("ALLOC") != ""
	forgery  = os.Getenv("FORGE")
	hoard    [32][]byte // of each life of each peer
	calls    int
)

func noise(rf *Raft, args any) {
	if hoarding || printing { // the race detector looks on when neither is asked for
		calls++
	}
	if forgery == "handler that exits" && args != nil {
		runtime.Goexit()
	}
	if forgery == "panic in a handler" && args != nil && rf.me == 2 {
		panic("here")
	}
	if hoarding {
		hoard[calls%len(hoard)] = make([]byte, 100<<10)
	}
	if printing {
		m := map[string]any{"args": args, "now": time.Now(), "calls": calls}
		fmt.Printf("%v %+v %T\n", m, args, rf)
		for k := range map[int]bool{calls: true, calls + 1: false} {
			fmt.Fprintln(os.Stderr, k, m)
		}
	}
}

type quitter struct{}

func (quitter) Error() string          { runtime.Goexit(); return "" }
func (quitter) Format(fmt.State, rune) { runtime.Goexit() }

func misbehave() {
	switch forgery {
	case "goexit":
		runtime.Goexit()
	case "block":
		select {}
	case "panic":
		panic("no")
	case "panic with nil":
		panic(nil)
	case "panic that ends whoever asks":
		panic(quitter{})
	case "exit":
		os.Exit(0)
	}
}

func Make(peers []*labrpc.ClientEnd, me int, persister *raftapi.Persister, applyCh chan raftapi.ApplyMsg) *Raft {
	storm(me)
	rf := Make0(peers, me, persister, applyCh)
	switch forgery {
	case "close":
		time.AfterFunc(500*time.Millisecond, func() { close(applyCh) })
	case "panic of a timer":
		if me == 2 {
			time.AfterFunc(500*time.Millisecond, func() { panic("here") })
		}
	case "spin":
		go func() {
			for {
			}
		}()
	}
	return rf
}
`

var (
	methods = regexp.MustCompile(`(?m)^func \(rf \*Raft\) (AppendEntries|RequestVote)\(args .*\{$`)
	starts  = regexp.MustCompile(`(?m)^func \(rf \*Raft\) (Start|GetState)\(.*\{$`)
)

// badPeers builds the real labs with the reference peer in bad company.
func badPeers(t *testing.T) *Binary {
	b, err := badBuild(t).Binary(context.Background(), nil)
	require.NoError(t, err)
	return b
}

func badBuild(t *testing.T) Build {
	t.Helper()
	root := filepath.Join("..", "..")
	edits := referenceWith(t, "raft/bad_company.go", badCompany, " noise(rf, args);", " noise(rf, nil); misbehave();")
	edits["raft/stormy.go"] = []byte(stormyPeer)
	return Build{Framework: root, Package: "./raft", Edits: edits}
}

// referenceWith is the reference peer with one more file, whose Make calls the peer's as Make0, and
// with text at the beginning of its handlers, and of Start and GetState.
func referenceWith(t *testing.T, name, file, inHandlers, inStarts string) map[string][]byte {
	t.Helper()
	edits := map[string][]byte{name: []byte(file)}
	files, err := filepath.Glob(filepath.Join("..", "..", "raft", "*.go"))
	require.NoError(t, err)
	changed := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		after := methods.ReplaceAll(text, []byte("$0"+inHandlers))
		after = starts.ReplaceAll(after, []byte("$0"+inStarts))
		after = bytes.Replace(after, []byte("\nfunc Make("), []byte("\nfunc Make0("), 1)
		if !bytes.Equal(text, after) {
			changed++
			edits["raft/"+filepath.Base(name)] = after
		}
	}
	require.GreaterOrEqual(t, changed, 3)
	return edits
}

func labJob(b *Binary, name string, seed uint64, env ...string) Job {
	return Job{Binary: b, Test: "TestLab2", Params: record.Params{Case: name, Seed: seed}, Env: env}
}

// TestPeers runs real cases on real peers.
func TestPeers(t *testing.T) {
	b := badPeers(t)
	p := newPool(t, 2)
	run := func(t *testing.T, j Job) Result {
		r := p.Run(context.Background(), j)
		t.Log(r.Verdict.Outcome, r.Verdict.Message, r.CPU, r.Virtual, r.GCs, "collections")
		return r
	}
	cases := []string{"2A/ManyElections", "2B/ConcurrentStarts", "2C/UnreliableAgreement", "2D/Snapshots"}
	t.Run("noise", func(t *testing.T) {
		collections := 0
		for _, name := range cases {
			plain := run(t, labJob(b, name, 5))
			require.Equal(t, record.Pass, plain.Verdict.Outcome)
			for _, memory := range []int64{0, 64 << 20} {
				j := labJob(b, name, 5, "PRINT=1", "ALLOC=1")
				j.MemoryLimit = memory
				r := run(t, j)
				require.Equal(t, plain.Hash, r.Hash)
				if r.GCs == 0 { // after one, a look at the timers may find a stopped one sooner: one waiting less, and the same run
					require.Equal(t, plain.Idle, r.Idle)
				}
				collections += r.GCs
			}
			require.NotEqual(t, plain.Hash, run(t, labJob(b, name, 6)).Hash)
		}
		require.NotZero(t, collections)
	})
	t.Run("a wasteful peer comes through", func(t *testing.T) {
		require.Equal(t, record.Pass, run(t, labJob(b, "2B/BasicAgreement", 1, "FORGE=spin")).Verdict.Outcome)
	})
	for forgery, want := range map[string]record.Outcome{
		"goexit": record.Crash, "block": record.Stuck, "panic": record.Crash, "exit": record.Crash,
		"close": record.Crash, "panic with nil": record.Crash, "panic that ends whoever asks": record.Crash,
		"handler that exits": record.Fail,
	} {
		t.Run(forgery, func(t *testing.T) {
			r := run(t, labJob(b, "2B/BasicAgreement", 1, "FORGE="+forgery, "GODEBUG=panicnil=1")) // recover returns nil then
			require.NotEqual(t, record.Pass, r.Verdict.Outcome)
			require.Equal(t, want, r.Verdict.Outcome, "%+v", r.Verdict)
		})
	}
}
