// Package servertest is what the tests of peers and services have in common: a few servers on a
// simulated network, in a bubble, that crash and come back. The labs have more ([tester]); the tests
// of a package, which look into its servers, need no more than this.
//
// [tester]: https://pkg.go.dev/raftlab/tester
package servertest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Servers are servers 0 to n-1, each with a disk. A server has one life after the other: Begin and
// Serve begin one, Crash ends it. The methods are for one goroutine at a time.
type Servers struct {
	T     *testing.T
	Net   *labrpc.Network
	Disks []*raftapi.Persister
	ends  [][]string // of each server in its present life
	made  int        // lives and clients
}

// New returns n servers with empty disks, none of which lives, on a reliable network whose delays
// follow seed. It has to be called in the bubble.
func New(t *testing.T, n int, seed uint64) *Servers {
	s := &Servers{T: t, Net: labrpc.MakeNetwork(), ends: make([][]string, n)}
	s.Net.Seed(seed)
	for range n {
		s.Disks = append(s.Disks, raftapi.MakePersister())
	}
	return s
}

// Begin begins a life of server i and returns its ends, to all servers. Serve has to follow.
func (s *Servers) Begin(i int) []*labrpc.ClientEnd {
	ends, names := s.connect(i)
	s.ends[i] = names
	return ends
}

// Serve puts what server i serves on the network.
func (s *Servers) Serve(i int, services ...any) {
	server := labrpc.MakeServer()
	for _, service := range services {
		server.AddService(labrpc.MakeService(service))
	}
	s.Net.AddServer(i, server)
}

// Client returns ends to all servers for a client, which no cut between servers concerns.
func (s *Servers) Client() []*labrpc.ClientEnd {
	ends, _ := s.connect(1000 + s.made)
	return ends
}

func (s *Servers) connect(owner int) (ends []*labrpc.ClientEnd, names []string) {
	s.made++
	for to := range s.Disks {
		name := fmt.Sprintf("%d-%d", s.made, to)
		ends = append(ends, s.Net.MakeEdge(name, owner, to))
		s.Net.Connect(name, to)
		s.Net.Enable(name, true)
		names = append(names, name)
	}
	return ends, names
}

// Crash ends the life of server i, by kill at last. The next one finds what is on its disk at this
// instant.
func (s *Servers) Crash(i int, kill func()) {
	s.Net.DeleteServer(i)
	for _, name := range s.ends[i] {
		s.Net.DeleteEnd(name)
	}
	s.Disks[i] = s.Disks[i].Copy()
	kill()
}

// Isolate cuts server i off from the other servers, in both directions.
func (s *Servers) Isolate(i int) {
	for j := range s.Disks {
		if j != i {
			s.Net.Cut(i, j)
			s.Net.Cut(j, i)
		}
	}
}

// Rejoin ends what Isolate did.
func (s *Servers) Rejoin(i int) {
	for j := range s.Disks {
		s.Net.Heal(i, j)
		s.Net.Heal(j, i)
	}
}

// Leader waits for a leader other than those in but, at most 10 s of virtual time, and returns the
// one of the newest term. A peer that is cut off may have a newer one. It fails the test if there
// is none.
func (s *Servers) Leader(state func(i int) (term int, leads bool), but ...int) int {
	s.T.Helper()
	left := map[int]bool{}
	for _, i := range but {
		left[i] = true
	}
	for range 200 {
		time.Sleep(50 * time.Millisecond)
		newest, at := -1, -1
		for i := range s.Disks {
			if left[i] {
				continue
			}
			if term, leads := state(i); leads && term > newest {
				newest, at = term, i
			}
		}
		if at >= 0 {
			return at
		}
	}
	require.FailNow(s.T, "no leader")
	return -1
}

// End ends all servers, by kill, and the network, and waits for calls that are under way: time
// stands still after the function of a bubble's test. The bubble then waits for the goroutines that
// are left, and reports those that do not end.
func (s *Servers) End(kill func(i int)) {
	for i := range s.Disks {
		kill(i)
	}
	s.Net.Cleanup()
	time.Sleep(10 * time.Second)
}

// Reached returns the situations (raftapi.OnReached) that f produces.
func Reached(f func()) map[string]bool {
	var mu sync.Mutex // a leaf
	situations := map[string]bool{}
	raftapi.OnReached(func(s string) {
		mu.Lock()
		defer mu.Unlock()
		situations[s] = true
	})
	defer raftapi.OnReached(nil)
	f()
	mu.Lock()
	defer mu.Unlock()
	return situations
}
