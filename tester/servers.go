package tester

import (
	"reflect"

	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Server is one server of a service that is built on Raft peers. (kvapi.Server is one.)
type Server interface {
	// Services returns the objects whose methods must be reachable over the network: the server
	// itself and its Raft peer.
	Services() []any
	// Raft returns the peer that the server runs on, or nil if it has none.
	Raft() raftapi.Raft
	// Kill ends the server and its peer, without waiting.
	Kill()
}

// StartFunc starts server me of a service, from what its persister holds. ends leads to all
// servers. It must return quickly. It may panic with an error that has a method Lacks() string
// (*kvapi.MissingExtension is one), which ends the case with RuleMissing: the peer lacks an
// extension that the service or the case needs.
type StartFunc func(me int, ends []*labrpc.ClientEnd, p *raftapi.Persister) Server

// Servers is a number of servers of a service on a simulated network, and clients beside them:
//
//	client 0    client 1          links between clients and servers: Client.Reach
//	    |  \   /   |
//	  +---+ +---+ +---+
//	  | 0 | | 1 | | 2 |           a server and the Raft peer in it
//	  +---+ +---+ +---+
//	    |_____|_____|             links between servers: Cut, Partition, ...
//
// Servers have one life after another, as the peers of a [Cluster] do, and everything that a
// cluster offers for faults and for watching elections is here, too. The messages between the peers
// in the servers are checked as always; what the peers hand to their servers cannot be seen.
type Servers struct {
	*machines
	startServer StartFunc
}

// NewServers starts n servers, as NewCluster does with peers.
func (e *Env) NewServers(start StartFunc, n int, o Options) *Servers {
	s := e.newServers(start, n, o)
	s.startAll()
	return s
}

// newServers makes servers that have not started yet.
func (e *Env) newServers(start StartFunc, n int, o Options) *Servers {
	e.r.mu.Lock()
	e.r.clients = true
	e.r.mu.Unlock()
	s := &Servers{newMachines(e, n, o), start}
	s.net.Once(e.r.terms.Once)
	s.start, s.restored = s.startOne, func(*life) string { return "" }
	return s
}

func (s *Servers) startOne(l *life, ends []*labrpc.ClientEnd, p *raftapi.Persister) *node {
	var server Server
	s.r.into("StartServer", l.Peer, l.as(func() { server = s.startServer(l.Peer, ends, p) }))
	made := &node{server: server}
	if nothing(server) {
		s.r.madeNothing("StartServer", l.Peer)
	}
	s.r.into("Services", l.Peer, l.as(func() {
		made.services, made.raft, made.kill = server.Services(), server.Raft(), server.Kill
		for _, service := range made.services {
			if reflect.TypeOf(service) != reflect.TypeOf(server) {
				s.checks.Carries(reflect.Indirect(reflect.ValueOf(service)).Type().Name())
			}
		}
	}))
	return made
}

// Enter has server i do something that it offers within its process, and not to the network: f gets
// the server, on a goroutine of its own. The channel is closed when f has returned, which may be
// never, as long as the server lives or even longer; nil means that the server does not run. What f
// is told by a server that has crashed meanwhile counts for nothing.
func (s *Servers) Enter(i int, f func(Server)) (done <-chan struct{}) {
	l := s.running(i)
	if l == nil {
		return nil
	}
	server, ended := l.node.Load().server, make(chan struct{})
	go func() {
		d := s.r.enter(l.as(func() { f(server) }))
		if d.manner == returned {
			close(ended)
			return
		}
		s.r.departed("a call", i, d)
	}()
	return ended
}

// Served returns how many requests of clients have reached server i since the servers began.
func (s *Servers) Served(i int) int { return s.checks.Served(i) }

// PeerRPCs returns how many calls servers have made to each other since they began, answered or
// not.
func (s *Servers) PeerRPCs() int { return s.checks.PeerCalls() }

// PeerBytes returns how many bytes servers have sent to each other since they began: requests, also
// lost ones, and the replies that arrived.
func (s *Servers) PeerBytes() int64 { return s.checks.PeerBytes() }
