package etcd

import (
	"bufio"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

// overhead is what a message may have beyond the largest request.
const overhead = 512 << 10

// streamWorkers is how many goroutines answer requests one after the other. When all of them wait,
// others are made, as there would be for each request without them; a goroutine that is used again
// need not grow its stack.
const streamWorkers = 128

func (s *Server) newGRPC() *grpc.Server {
	g := grpc.NewServer(grpc.MaxRecvMsgSize(maxRequest+overhead), grpc.MaxSendMsgSize(math.MaxInt32),
		grpc.MaxConcurrentStreams(math.MaxUint32), grpc.NumStreamWorkers(streamWorkers), grpc.ChainUnaryInterceptor(s.c.Metrics.calls.unary, s.unary),
		grpc.ChainStreamInterceptor(s.c.Metrics.calls.stream, s.streamed),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second}))
	pb.RegisterKVServer(g, &kvService{s: s})
	pb.RegisterWatchServer(g, &watchService{s: s})
	pb.RegisterLeaseServer(g, &leaseService{s: s})
	pb.RegisterClusterServer(g, &clusterService{s: s})
	pb.RegisterMaintenanceServer(g, &maintenanceService{s: s})
	healthpb.RegisterHealthServer(g, health.NewServer())
	return g
}

// Serve serves clients until [Server.Kill]: gRPC, and HTTP for web, on one port, as etcd does.
func (s *Server) Serve(l net.Listener, web http.Handler) {
	forGRPC, forWeb := newHalf(l), newHalf(l)
	pages := &http.Server{Handler: web, ReadHeaderTimeout: 5 * time.Second}
	s.ended.Go(func() { _ = s.grpc.Serve(forGRPC) })
	s.ended.Go(func() { _ = pages.Serve(forWeb) })
	s.ended.Go(func() {
		<-s.done
		l.Close()
		pages.Close()
		forGRPC.Close()
	})
	s.ended.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				select {
				case <-s.done:
					return
				case <-time.After(50 * time.Millisecond): // too many open files, say
					continue
				}
			}
			go sniff(c, forGRPC, forWeb)
		}
	})
}

// sniffTime is how long a client may take to say its first word.
const sniffTime = 10 * time.Second

// sniff finds out what a client speaks. HTTP/2 begins with the word PRI.
func sniff(c net.Conn, forGRPC, forWeb *half) {
	r := bufio.NewReader(c)
	_ = c.SetReadDeadline(time.Now().Add(sniffTime))
	first, err := r.Peek(3)
	_ = c.SetReadDeadline(time.Time{})
	switch {
	case err != nil:
		c.Close()
	case string(first) == "PRI":
		forGRPC.give(&sniffed{c, r})
	default:
		forWeb.give(&sniffed{c, r})
	}
}

// sniffed is a connection of which some bytes were looked at.
type sniffed struct {
	net.Conn
	r *bufio.Reader
}

func (c *sniffed) Read(b []byte) (int, error) { return c.r.Read(b) }

// half is a listener for one of two protocols.
type half struct {
	root   net.Listener
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHalf(root net.Listener) *half {
	return &half{root: root, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (h *half) give(c net.Conn) {
	select {
	case h.conns <- c:
	case <-h.closed:
		c.Close()
	}
}

func (h *half) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *half) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func (h *half) Addr() net.Addr { return h.root.Addr() }
