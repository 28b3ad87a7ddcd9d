package labrpc

import "sync"

// Network, see below; innards follow.
type Network struct {
	mu sync.Mutex
}

// ClientEnd is one end of a connection.
type ClientEnd struct{ rn *Network }

// Server is a collection of services.
type Server struct{}

// Service is an object whose methods can be called.
type Service struct{}

func MakeNetwork() *Network                                       { return &Network{} }
func MakeServer() *Server                                         { return &Server{} }
func MakeService(rcvr any) *Service                               { return &Service{} }
func (srv *Server) AddService(svc *Service)                       {}
func (srv *Server) GetCount() int                                 { return 0 }
func (rn *Network) Cleanup()                                      {}
func (rn *Network) Seed(seed uint64)                              {}
func (rn *Network) Reliable(yes bool)                             {}
func (rn *Network) IsReliable() bool                              { return true }
func (rn *Network) LongReordering(yes bool)                       {}
func (rn *Network) LongDelays(yes bool)                           {}
func (rn *Network) IsLongDelays() bool                            { return false }
func (rn *Network) Duplicates(yes bool)                           {}
func (rn *Network) Observe(f func(*Message))                      {}
func (rn *Network) OnMistake(f func(error))                       {}
func (rn *Network) MakeEnd(endname any) *ClientEnd                { return &ClientEnd{rn} }
func (rn *Network) MakeEdge(endname any, from, to int) *ClientEnd { return &ClientEnd{rn} }
func (rn *Network) DeleteEnd(endname any)                         {}
func (rn *Network) AddServer(servername any, srv *Server)         {}
func (rn *Network) DeleteServer(servername any)                   {}
func (rn *Network) Connect(endname, servername any)               {}
func (rn *Network) Enable(endname any, enabled bool)              {}
func (rn *Network) Cut(from, to int)                              {}
func (rn *Network) Heal(from, to int)                             {}
func (rn *Network) HealAll()                                      {}
func (rn *Network) GetCount(servername any) int                   { return 0 }
func (rn *Network) GetTotalCount() int                            { return 0 }
func (rn *Network) GetTotalBytes() int64                          { return 0 }

// Call is not there yet.
func (e *ClientEnd) Call(svcMeth string, args, reply any) bool { return false }
