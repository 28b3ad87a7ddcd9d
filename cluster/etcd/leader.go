package etcd

import (
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"raftlab/cluster/machine"
	"raftlab/cluster/transport"
)

// nobody leads.
const nobody = -1

// leadership is who leads, as far as this member knows.
type leadership struct {
	member int
	term   int
}

// electionTimeout is what a new leader grants to leases, beyond their own time, for the time in
// which nobody led.
const electionTimeout = time.Second

const (
	leaderTick  = 20 * time.Millisecond
	leaderFresh = 500 * time.Millisecond // after which a follower makes sure that its leader still leads
)

// runLeader keeps track of who leads.
func (s *Server) runLeader() {
	tick := time.NewTicker(leaderTick)
	defer tick.Stop()
	asked := time.Time{}
	for {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		term, leads := s.replica.GetState()
		if leads {
			s.know(s.c.Me, term)
			continue
		}
		s.machine.Lessor.Follow()
		known := s.leader.Load()
		if known.member == s.c.Me || known.term != term {
			s.know(nobody, term)
			asked = time.Time{}
		}
		if s.leader.Load().member == nobody || time.Since(asked) > leaderFresh {
			s.askWho(term)
			asked = time.Now()
		}
	}
}

// probeTick is how often the way to the others is measured.
const probeTick = time.Second

// runProbe is the goroutine that measures how long one other member takes to answer.
func (s *Server) runProbe(to int) {
	tick := time.NewTicker(probeTick)
	defer tick.Stop()
	trips := s.c.Metrics.trips.WithLabelValues(fmt.Sprintf("%x", s.memberIDs[to]))
	for {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		began := time.Now()
		if _, ok := s.who(to); ok {
			trips.Observe(time.Since(began).Seconds())
		}
	}
}

// know notes who leads.
func (s *Server) know(member, term int) {
	if was := s.leader.Swap(&leadership{member, term}); member != nobody && (was.member != member || was.term != term) {
		s.c.Metrics.changes.Inc()
	}
}

// barrier is the entry by which a new leader learns what its predecessors have answered. It tells
// of the leader's term.
func barrier(term int) []byte {
	return machine.Item{Term: uint64(term), Request: &pb.InternalRaftRequest{}}.Encode()
}

// leads has this member count leases, when it has applied the barrier of a term that it leads.
func (s *Server) leads(term int) { s.machine.Lessor.Lead(uint64(term), time.Now(), electionTimeout) }

// Etcd has the handlers for other members.
type Etcd struct{ s *Server }

// WhoArgs asks a member whether it leads.
type WhoArgs struct{}

// WhoReply is its answer.
type WhoReply struct {
	Term    int
	Leads   bool
	Clients string // its address for them
}

// Who says whether this member leads.
func (e *Etcd) Who(_ *WhoArgs, reply *WhoReply) {
	reply.Term, reply.Leads = e.s.replica.GetState()
	reply.Clients = e.s.c.Members[e.s.c.Me].Clients
}

// askWho looks for the leader among the others, the one that led last first.
func (s *Server) askWho(term int) {
	first := max(s.leader.Load().member, 0)
	for i := range s.c.Members {
		to := (first + i) % len(s.c.Members)
		if who, ok := s.who(to); ok && who.Leads && who.Term >= term {
			s.know(to, who.Term)
			return
		}
	}
	s.know(nobody, term)
}

func (s *Server) who(i int) (reply WhoReply, ok bool) {
	if s.c.Routes[i] == nil {
		return reply, false
	}
	outcome, _ := s.c.Routes[i].Ask("Etcd.Who", &WhoArgs{}, &reply)
	return reply, outcome == transport.Answered
}
