package etcd

import (
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.etcd.io/etcd/api/v3/version"

	"raftlab/cluster/backend"
	"raftlab/raftapi"
)

// Metrics are a member's, under the names that etcd has for them, so that dashboards made for etcd
// show them.
type Metrics struct {
	registry *prometheus.Registry
	synced   prometheus.Histogram
	written  prometheus.Histogram
	logBytes prometheus.Gauge // etcd's is one, though it only grows
	commits  map[string]prometheus.Histogram
	changes  prometheus.Counter
	failed   prometheus.Counter
	pending  prometheus.Gauge
	puts     prometheus.Counter
	deletes  prometheus.Counter
	ranges   prometheus.Counter
	txns     prometheus.Counter
	slow     prometheus.Counter
	unread   prometheus.Counter
	trips    *prometheus.HistogramVec
	calls    *calls
	slowDone prometheus.Counter
	streams  prometheus.Gauge
	events   prometheus.Counter
	leases   struct{ granted, revoked, renewed, expired prometheus.Counter }
	backups  prometheus.Histogram
	defrags  prometheus.Histogram
	defrag   prometheus.Gauge // how many go on
	hashes   prometheus.Histogram
	hashesAt prometheus.Histogram
	peers    []traffic // by member
}

// traffic is what was sent to a member, and received from it.
type traffic struct{ sent, received atomic.Int64 }

// NewMetrics returns the metrics of a member of so many. They know nothing of a server yet.
func NewMetrics(members int) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), commits: map[string]prometheus.Histogram{}, peers: make([]traffic, members)}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.synced = m.histogram("etcd_disk_wal_fsync_duration_seconds", "How long an fsync of the log takes.")
	m.written = m.histogram("etcd_disk_wal_write_duration_seconds", "How long writing to the log takes, before the fsync.")
	m.logBytes = m.gauge("etcd_disk_wal_write_bytes_total", "Bytes that were written to the log.")
	m.commits["commit"] = m.histogram("etcd_disk_backend_commit_duration_seconds", "How long a commit of the database takes.")
	for _, part := range []string{"rebalance", "spill", "write"} {
		m.commits[part] = m.histogram("etcd_debugging_disk_backend_commit_"+part+"_duration_seconds", "What the step "+part+" takes of it.")
	}
	m.changes = m.counter("etcd_server_leader_changes_seen_total", "How often another member came to lead.")
	m.failed = m.counter("etcd_server_proposals_failed_total", "Requests of which it is not known that they were executed.")
	m.puts = m.counter("etcd_mvcc_put_total", "Requests to put a key.")
	m.deletes = m.counter("etcd_mvcc_delete_total", "Requests to delete keys.")
	m.ranges = m.counter("etcd_mvcc_range_total", "Requests to read keys.")
	m.txns = m.counter("etcd_mvcc_txn_total", "Requests for a transaction.")
	m.slow = m.counter("etcd_server_slow_read_indexes_total", "Linearizable reads that had to wait for longer than half a second.")
	m.unread = m.counter("etcd_server_read_indexes_failed_total", "Linearizable reads for which no leader was found.")
	m.trips = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "etcd_network_peer_round_trip_time_seconds",
		Help: "How long a small question to another member takes.", Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16)}, []string{"To"})
	m.registry.MustRegister(m.trips)
	m.calls = newCalls(m)
	m.pending = m.gauge("etcd_server_proposals_pending", "Requests that wait for the log.")
	m.seldom()
	return m
}

// seldom makes the metrics of what happens now and then.
func (m *Metrics) seldom() {
	m.slowDone = m.counter("etcd_server_slow_apply_total", "Entries that took longer than a tenth of a second to apply.")
	m.streams = m.gauge("etcd_debugging_mvcc_watch_stream_total", "Streams of watchers.")
	m.events = m.counter("etcd_debugging_mvcc_events_total", "Events that were sent to watchers.")
	m.leases.granted = m.counter("etcd_debugging_lease_granted_total", "Leases that clients were granted at this member.")
	m.leases.revoked = m.counter("etcd_debugging_lease_revoked_total", "Leases that were revoked at this member's request.")
	m.leases.renewed = m.counter("etcd_debugging_lease_renewed_total", "Leases that this member has renewed while it led.")
	m.leases.expired = m.counter("etcd_debugging_server_lease_expired_total", "Leases that have expired while this member led.")
	m.backups = m.histogram("etcd_disk_backend_snapshot_duration_seconds", "How long it takes to send the database to a client.")
	m.defrags = m.histogram("etcd_disk_backend_defrag_duration_seconds", "How long a defragmentation takes.")
	m.defrag = m.gauge("etcd_disk_defrag_inflight", "Whether the database is being defragmented.")
	m.hashes = m.histogram("etcd_mvcc_hash_duration_seconds", "How long a checksum of the database takes.")
	m.hashesAt = m.histogram("etcd_mvcc_hash_rev_duration_seconds", "How long a checksum at a revision takes.")
}

// since is told when something began that has ended now.
func since(h prometheus.Histogram, began time.Time) { h.Observe(time.Since(began).Seconds()) }

func (m *Metrics) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	m.registry.MustRegister(g)
	return g
}

// Traffic is told of bytes that went to another member, or came from it.
func (m *Metrics) Traffic(member, sent, received int) {
	if member >= 0 && member < len(m.peers) {
		m.peers[member].sent.Add(int64(sent))
		m.peers[member].received.Add(int64(received))
	}
}

// slow is how long applying an entry may take before it counts as slow, as in etcd.
const slow = 100 * time.Millisecond

// applied is told how long an entry took to apply.
func (m *Metrics) applied(took time.Duration) {
	if took > slow {
		m.slowDone.Inc()
	}
}

func (m *Metrics) histogram(name, help string) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)})
	m.registry.MustRegister(h)
	return h
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.registry.MustRegister(c)
	return c
}

// Synced is told what it took the log to store something.
func (m *Metrics) Synced(bytes int, write, sync time.Duration) {
	m.written.Observe(write.Seconds())
	m.synced.Observe(sync.Seconds())
	m.logBytes.Add(float64(bytes))
}

func (m *Metrics) committed(t backend.CommitTimes) {
	m.commits["commit"].Observe(t.Total.Seconds())
	m.commits["rebalance"].Observe(t.Rebalance.Seconds())
	m.commits["spill"].Observe(t.Spill.Seconds())
	m.commits["write"].Observe(t.Write.Seconds())
}

// watch has the metrics look at a server whenever somebody asks.
func (m *Metrics) watch(s *Server) {
	gauge := func(name, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	yes := map[bool]float64{true: 1}
	gauge("etcd_server_has_leader", "Whether a leader is known.", func() float64 { return yes[s.leader.Load().member != nobody] })
	gauge("etcd_server_is_leader", "Whether this member leads.", func() float64 { return yes[s.leader.Load().member == s.c.Me] })
	gauge("etcd_server_proposals_applied_total", "Entries that this member has applied.", func() float64 { return float64(s.machine.Applied()) })
	gauge("etcd_server_proposals_committed_total", "Entries that this member knows to be committed.", func() float64 {
		if peer, ok := s.peer.(raftapi.CommitIndexer); ok {
			return float64(peer.CommitIndex())
		}
		return float64(s.machine.Applied())
	})
	gauge("etcd_server_quota_backend_bytes", "How large the database may get.", func() float64 { return float64(s.c.Quota) })
	gauge("etcd_mvcc_db_total_size_in_bytes", "The size of the database.", func() float64 {
		size, _ := s.machine.Backend.Size()
		return float64(size)
	})
	gauge("etcd_mvcc_db_total_size_in_use_in_bytes", "What of it holds data.", func() float64 {
		_, inUse := s.machine.Backend.Size()
		return float64(inUse)
	})
	gauge("etcd_debugging_mvcc_current_revision", "The newest revision.", func() float64 { return float64(s.machine.Store.Revision()) })
	gauge("etcd_debugging_mvcc_keys_total", "Keys that there are.", func() float64 { return float64(s.machine.Store.Keys()) })
	gauge("etcd_debugging_mvcc_watcher_total", "Watchers.", func() float64 { return float64(s.machine.Store.Watchers()) })
	gauge("etcd_debugging_mvcc_slow_watcher_total", "Watchers for which there is something that they have not taken.", func() float64 { return float64(s.machine.Store.Behind()) })
	gauge("etcd_debugging_mvcc_compact_revision", "The revision of the last compaction.", func() float64 { return float64(s.machine.Store.Compacted()) })
	m.watchPeers(s)
	gauge("etcd_server_is_learner", "Whether this member is a learner: there are none here.", func() float64 { return 0 })
	for name, label := range map[string][2]string{"etcd_server_id": {"server_id", fmt.Sprintf("%x", s.memberIDs[s.c.Me])},
		"etcd_server_version": {"server_version", version.Version}, "etcd_server_go_version": {"server_go_version", runtime.Version()},
		"etcd_cluster_version": {"cluster_version", storageVersion}} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: "Which one this is.",
			ConstLabels: prometheus.Labels{label[0]: label[1]}}, func() float64 { return 1 }))
	}
}

// watchPeers has the metrics tell of the traffic with each other member.
func (m *Metrics) watchPeers(s *Server) {
	for i := range m.peers {
		if i == s.c.Me {
			continue
		}
		counter := func(name, help, label string, of *atomic.Int64) {
			o := prometheus.CounterOpts{Name: name, Help: help, ConstLabels: prometheus.Labels{label: fmt.Sprintf("%x", s.memberIDs[i])}}
			m.registry.MustRegister(prometheus.NewCounterFunc(o, func() float64 { return float64(of.Load()) }))
		}
		counter("etcd_network_peer_sent_bytes_total", "Bytes that were sent to another member.", "To", &m.peers[i].sent)
		counter("etcd_network_peer_received_bytes_total", "Bytes that came from another member.", "From", &m.peers[i].received)
	}
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
