package sim

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/record"
)

// Submissions that once got a pass without any work in them, or held up the grader, as they were but
// for the names: whole packages, which stand beside nothing of the reference. What they do is asked
// for by FORGE, since building takes longer than running.

// idlePeer elects nobody and stores nothing.
const idlePeer = `package raft

import (
	"os"
	"runtime"
	"strings"
	"time"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

type A struct{ X int }

type quits struct{}

func (quits) Error() string { runtime.Goexit(); return "" }

type Raft struct{}

func end() {
	switch os.Getenv("FORGE") {
	case "panics with nil":
		panic(nil)
	case "panics with an error that exits":
		panic(quits{})
	case "exits":
		runtime.Goexit()
	}
}

func Make(peers []*labrpc.ClientEnd, me int, _ *raftapi.Persister, _ chan raftapi.ApplyMsg) raftapi.Raft {
	if os.Getenv("FORGE") == "long method names" && me == 0 {
		go func() {
			for name := "Raft." + strings.Repeat("A", 4<<20); ; time.Sleep(time.Millisecond) {
				go peers[1].Call(name, &A{}, &A{})
			}
		}()
	}
	return &Raft{}
}

func (rf *Raft) Start(any) (int, int, bool) { end(); return -1, -1, false }
func (rf *Raft) GetState() (int, bool)      { end(); return 0, false }
func (rf *Raft) Kill()                      { end() }
func (rf *Raft) Snapshot(int, []byte)       { end() }
`

// idleService has neither servers nor clerks.
const idleService = `package kvraft

import (
	"os"
	"runtime"

	"raftlab/kvapi"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

func end() {
	if os.Getenv("FORGE") == "exits" {
		runtime.Goexit()
	}
	panic(nil)
}

func Service() kvapi.Service {
	return kvapi.Service{
		Start:   func([]*labrpc.ClientEnd, int, *raftapi.Persister, int, kvapi.Options) kvapi.Server { end(); return nil },
		Classic: func([]*labrpc.ClientEnd, kvapi.Options) kvapi.ClassicClerk { end(); return nil },
	}
}
`

// TestNoWorkNoPass: what has nothing in it passes nowhere, whatever its goroutines do instead of
// returning, and with panics that recover does not see.
func TestNoWorkNoPass(t *testing.T) {
	root, p := filepath.Join("..", ".."), newPool(t, 1)
	for _, c := range []struct {
		name, path, test, text string
		cases                  []string
		ends                   map[string]string // what it does: the rule by which it fails
	}{
		{"raft", "./raft", "TestLab2", idlePeer, []string{"2A/InitialElection", "2A/ManyElections", "2A/ElectionSwarm", "2B/BasicAgreement", "2D/Snapshots"}, map[string]string{
			"panics with nil": "panic or fatal error", "panics with an error that exits": "panic or fatal error", "exits": "panic or fatal error", "long method names": "misuse of the network",
		}},
		{"kvraft", "./kvraft", "TestLab3", idleService, []string{"3A/OneClient", "3A/ManyClients", "3B/SnapshotsSurvive"}, map[string]string{"panics with nil": "panic or fatal error", "exits": "panic or fatal error"}},
	} {
		b, err := Build{Framework: root, Package: c.path, Impl: map[string]string{c.name: impl(t, "x.go: "+c.text)["raft"]}, Native: true}.Binary(context.Background(), nil)
		require.NoError(t, err)
		for does, rule := range c.ends {
			for _, name := range c.cases {
				j := Job{Binary: b, Test: c.test, Params: record.Params{Case: name, Seed: 1}, Env: []string{"FORGE=" + does, "GODEBUG=panicnil=1"}}
				v := p.Run(context.Background(), j).Verdict
				require.Equal(t, rule, v.Rule, "%s: %s: %+v", does, name, v)
				require.Contains(t, []record.Outcome{record.Fail, record.Crash}, v.Outcome, "%s: %s", does, name)
				require.Less(t, len(v.Message), 2000, "%s: %s", does, name)
			}
		}
	}
}
