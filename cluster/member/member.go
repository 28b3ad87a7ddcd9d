// Package member is one process of a cluster: a Raft peer with its log on disk and its connections,
// the service on it, and an HTTP address that tells how it is.
//
//	transport.Node ----> peer (anybody's) ----> wal.Log
//	      |                |
//	      +---> kv.Server -+------------------> data.db
//	                |        (or etcd.Server)
//	              HTTP: /readyz, /status
package member

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"time"

	"raftlab/cluster/disk"
	"raftlab/cluster/etcd"
	"raftlab/cluster/kv"
	"raftlab/cluster/launch"
	"raftlab/cluster/replica"
	"raftlab/cluster/trace"
	"raftlab/cluster/transport"
	"raftlab/cluster/wal"
	"raftlab/labrpc"
	"raftlab/raftapi"
)

// Config says which member this is, and what it is made of.
type Config struct {
	Folder *launch.Folder
	Member int
	Make   raftapi.MakeFunc
	// Logf and Fatal default to lines on stderr, and to the end of the process.
	Logf  func(format string, args ...any)
	Fatal func(error)
}

func (c Config) withDefaults() Config {
	if c.Logf == nil {
		c.Logf = func(format string, args ...any) {
			fmt.Fprintf(os.Stderr, "%s member %d: %s\n", time.Now().Format("15:04:05.000"), c.Member, fmt.Sprintf(format, args...))
		}
	}
	if c.Fatal == nil {
		c.Fatal = func(err error) {
			c.Logf("%v", err)
			os.Exit(1)
		}
	}
	return c
}

// Member is one that runs.
type Member struct {
	c      Config
	log    *wal.Log
	files  *replica.Files
	peer   raftapi.Raft
	node   *transport.Node
	server service
	// metrics are those under etcd's names. They are told of the log, which is opened first.
	metrics *etcd.Metrics
	trace   trace.Recorder
	stop    context.CancelFunc
}

// service is what runs on the peer.
type service interface {
	Peers() *labrpc.Service
	Clients() *labrpc.Service
	Send(want int) (file io.ReadCloser, index int, size int64, err error)
	Status(hash bool) kv.Status
	Ready() error
	Kill()
}

// Run runs a member until ctx is over or somebody stops it.
func Run(ctx context.Context, c Config) error {
	c = c.withDefaults()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	m := &Member{c: c, stop: stop}
	if err := m.open(); err != nil {
		return err
	}
	defer m.log.Close()
	defer m.node.Close()
	listener, err := net.Listen("tcp", c.Folder.Members[c.Member].HTTP)
	if err != nil {
		return fmt.Errorf("listening for HTTP: %w", err)
	}
	address, err := m.node.Listen(c.Folder.Members[c.Member].Peers)
	if err != nil {
		return err
	}
	peers, clients, err := m.start()
	if err != nil {
		return err
	}
	if err := m.serveEtcd(); err != nil {
		return err
	}
	go m.node.Serve(peers, clients)
	web := &http.Server{Handler: m.handler(), ReadHeaderTimeout: 5 * time.Second}
	go web.Serve(listener)
	c.Logf("runs the peer %q at %s; http://%s/status", c.Folder.Implementation, address, listener.Addr())
	<-ctx.Done()
	web.Close()
	m.server.Kill()
	c.Logf("ended in order")
	return nil
}

// open opens the log. It syncs what it finds before anybody reads it.
func (m *Member) open() error {
	f, i := m.c.Folder, m.c.Member
	if err := f.Enter(i); err != nil {
		return err
	}
	m.metrics = etcd.NewMetrics(len(f.Members))
	begun, err := f.HasLog(i)
	if err != nil {
		return err
	}
	o := wal.Options{Logf: m.c.Logf, Fatal: m.c.Fatal, OnSync: m.synced, Begun: begun}
	if f.Fragile {
		var trouble *disk.Troubled
		if o.FS, trouble, err = fragile(f.WAL(i), f.Trouble(i, launch.RoomLog)); err != nil {
			return err
		}
		o.Step, o.SegmentSize = trouble.Step, fragileSegment
	}
	if m.log, err = wal.Open(f.WAL(i), o); err != nil {
		return err
	}
	if !begun {
		if err := f.BeginLog(i); err != nil {
			m.log.Close()
			return err
		}
	}
	s := m.log.Load()
	m.c.Logf("the log holds a snapshot up to %d, %d entries behind it, and %d bytes in all", s.SnapshotIndex, len(s.Entries), s.StateSize())
	if err := m.openFiles(); err != nil {
		m.log.Close()
		return err
	}
	id := transport.Identity{Cluster: f.Cluster, Member: i, Implementation: f.Implementation}
	m.node = transport.NewNode(id, len(f.Members), transport.Options{Logf: m.c.Logf, Before: m.files.Arriving, Trace: &m.trace,
		Traffic: m.metrics.Traffic})
	return nil
}

// synced is told of each group that the log has stored.
func (m *Member) synced(group []byte, write, sync time.Duration) {
	m.metrics.Synced(len(group), write, sync)
	m.trace.See(group, "on disk: %d bytes of log, fsync %.1f ms", len(group), 1000*sync.Seconds())
}

// openFiles opens the room for snapshots. Only a member that has the lock of the log comes here.
func (m *Member) openFiles() (err error) {
	f, i := m.c.Folder, m.c.Member
	var room disk.FS
	if f.Fragile {
		room, _, err = fragile(f.MemberDir(i), f.Trouble(i, launch.RoomFiles))
	} else {
		room, err = disk.Open(f.MemberDir(i))
	}
	if err != nil {
		return err
	}
	m.files, err = replica.OpenFiles(replica.FilesConfig{
		FS: room, Dir: f.MemberDir(i), Database: launch.Database, Secret: f.Secret, Members: len(f.Members), Me: i, Logf: m.c.Logf,
		Fetch: func(from, want int, w io.Writer) (int, error) {
			return m.node.Fetch(context.Background(), from, f.Members[from].Peers, want, w)
		},
	})
	return err
}

// start makes the peer and the service on it.
func (m *Member) start() (peers, clients *labrpc.Server, err error) {
	f, me := m.c.Folder, m.c.Member
	peers, clients = labrpc.MakeServer(), labrpc.MakeServer()
	ends, routes := make([]*labrpc.ClientEnd, len(f.Members)), make([]replica.Route, len(f.Members))
	for i, a := range f.Members {
		if i == me {
			ends[i] = transport.Own(peers)
			continue
		}
		ends[i], routes[i] = m.node.Peer(i, a.Peers), m.node.Service(i, a.Peers)
	}
	storage := m.files.Guard(m.log)
	if f.Fragile {
		if storage, err = noteVotes(storage, f.Votes(me), f.Implementation); err != nil {
			return nil, nil, err
		}
	}
	persister := raftapi.NewPersister(storage)
	config := replica.Config{
		Me: me, Files: m.files, Persister: persister, Routes: routes,
		Make: func(applyCh chan raftapi.ApplyMsg) raftapi.Raft {
			peer := m.c.Make(ends, me, persister, applyCh)
			m.peer = peer
			m.extend(peer)
			peers.AddService(labrpc.MakeService(peer))
			return peer
		},
		MaxLog: f.MaxLog, Trace: &m.trace, Fatal: m.c.Fatal, Logf: m.c.Logf,
	}
	if f.Etcd {
		err = m.startEtcd(config, peers)
	} else {
		m.server, err = kv.Start(kv.Config{File: f.Database(me), Config: config})
	}
	if err != nil {
		return nil, nil, err
	}
	m.node.OfferFiles(m.server.Send)
	peers.AddService(m.server.Peers())
	clients.AddService(m.server.Clients())
	return peers, clients, nil
}

// Heartbeat and Election are the timing of peers that can be told: a busy machine, with a disk that
// is synced for each group of entries, has pauses that the labs' election timeout of 300 ms takes
// for the leader's end.
const (
	Heartbeat = 100 * time.Millisecond
	Election  = 600 * time.Millisecond
)

// extend switches on what a service on a real network is glad of, in a peer that has it.
func (m *Member) extend(peer raftapi.Raft) {
	if p, ok := peer.(raftapi.Timed); ok {
		if err := p.SetTiming(Heartbeat, Election); err != nil {
			m.c.Logf("the peer keeps its own timing: %v", err)
		}
	}
	e, ok := peer.(raftapi.Extendable)
	if !ok {
		return
	}
	names := []string{raftapi.PreVote, raftapi.CheckQuorum, raftapi.ReadIndex, raftapi.EagerCommit, raftapi.Transfer}
	for _, name := range []string{raftapi.Pipeline, raftapi.Disk, raftapi.Batch} {
		if raftapi.Offers(peer, name) {
			names = append(names, name)
		}
	}
	if m.c.Folder.LeaseReads {
		if _, ok := peer.(raftapi.LeaseReader); ok {
			names = append(names, raftapi.Lease)
		} else {
			m.c.Logf("the peer has no LeaseRead: linearizable reads go by ReadIndex")
		}
	}
	if err := e.Extend(names...); err != nil {
		m.c.Logf("the peer has not all of the extensions %q, and runs with none: %v", names, err)
	}
}

// maxNeedle is how many bytes of a request are looked for at most.
const maxNeedle = 1 << 20

// handler is the HTTP side. It takes faults only where disks can lose things as well: in tests.
func (m *Member) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := m.server.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(m.server.Status(r.URL.Query().Has("hash")))
	})
	mux.HandleFunc("POST /trace", func(_ http.ResponseWriter, r *http.Request) {
		needle, _ := io.ReadAll(io.LimitReader(r.Body, maxNeedle)) // of less than all nothing is found
		m.trace.Arm(m.c.Member, needle)
	})
	mux.HandleFunc("GET /trace", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(m.trace.Events())
	})
	mux.Handle("GET /metrics", m.metrics.Handler())
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/allocs", pprof.Handler("allocs").ServeHTTP)
	mux.HandleFunc("POST /stop", func(http.ResponseWriter, *http.Request) { m.stop() })
	if m.c.Folder.Fragile {
		m.handleFaults(mux)
	}
	return sameOrigin(mux)
}

// sameOrigin refuses what a page of somebody else makes a browser on this machine ask.
func sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if r.Header.Get("Origin") != "" || err != nil || (host != "localhost" && !net.ParseIP(host).IsLoopback()) {
			http.Error(w, errElsewhere.Error(), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

var errElsewhere = errors.New("this address is for programs on this machine")
