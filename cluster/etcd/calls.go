package etcd

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// calls counts what clients call, under the names that go-grpc-prometheus has, as etcd does.
type calls struct {
	started, handled, received, sent *prometheus.CounterVec

	took *prometheus.HistogramVec // of calls of one message each way

	bytesIn, bytesOut prometheus.Counter // of messages of clients, and to them

	methods sync.Map // *counters of those, by their full names
}

// counters are those of one method. To look for them by their labels, at each call, would be a part
// of what a small read costs.
type counters struct {
	labels                        []string
	started, received, sent, good prometheus.Counter
	took                          prometheus.Observer
}

func newCalls(m *Metrics) *calls {
	labels := []string{"grpc_type", "grpc_service", "grpc_method"}
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(v)
		return v
	}
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "grpc_server_handling_seconds", Help: "How long calls take.",
		Buckets: prometheus.ExponentialBuckets(0.0002, 2, 16)}, labels)
	m.registry.MustRegister(took)
	return &calls{
		bytesIn:  m.counter("etcd_network_client_grpc_received_bytes_total", "Bytes of clients' messages."),
		bytesOut: m.counter("etcd_network_client_grpc_sent_bytes_total", "Bytes of messages to clients."),
		took:     took,
		started:  vec("grpc_server_started_total", "Calls that have begun.", labels...),
		handled:  vec("grpc_server_handled_total", "Calls that have ended, by how.", append(labels, "grpc_code")...),
		received: vec("grpc_server_msg_received_total", "Messages of clients.", labels...),
		sent:     vec("grpc_server_msg_sent_total", "Messages to clients.", labels...),
	}
}

// labels are those of a method, /etcdserverpb.KV/Put for example. Only methods that are there come
// here.
func labels(kind, full string) []string {
	service, method, _ := strings.Cut(strings.TrimPrefix(full, "/"), "/")
	return []string{kind, service, method}
}

const unaryCall = "unary"

// count adds the size of a message.
func count(bytes prometheus.Counter, message any) {
	if m, ok := message.(proto.Message); ok {
		bytes.Add(float64(proto.Size(m)))
	}
}

func streamKind(i *grpc.StreamServerInfo) string {
	switch {
	case i.IsClientStream && i.IsServerStream:
		return "bidi_stream"
	case i.IsClientStream:
		return "client_stream"
	}
	return "server_stream"
}

// of returns the counters of a method with one message each way.
func (c *calls) of(full string) *counters {
	if m, ok := c.methods.Load(full); ok {
		return m.(*counters)
	}
	l := labels(unaryCall, full)
	m, _ := c.methods.LoadOrStore(full, &counters{labels: l, started: c.started.WithLabelValues(l...), received: c.received.WithLabelValues(l...),
		sent: c.sent.WithLabelValues(l...), good: c.handledAs(l, codes.OK), took: c.took.WithLabelValues(l...)})
	return m.(*counters)
}

// handledAs counts calls that have ended with a code.
func (c *calls) handledAs(labels []string, code codes.Code) prometheus.Counter {
	return c.handled.WithLabelValues(append(slices.Clip(labels), code.String())...)
}

// unary is the interceptor for calls of one message each way.
func (c *calls) unary(ctx context.Context, r any, i *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	m := c.of(i.FullMethod)
	m.started.Inc()
	m.received.Inc()
	count(c.bytesIn, r)
	began := time.Now()
	answer, err := next(ctx, r)
	m.took.Observe(time.Since(began).Seconds())
	if err != nil {
		c.handledAs(m.labels, status.Code(err)).Inc()
		return answer, err
	}
	m.sent.Inc()
	count(c.bytesOut, answer)
	m.good.Inc()
	return answer, err
}

// stream is the interceptor for streams.
func (c *calls) stream(srv any, stream grpc.ServerStream, i *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	l := labels(streamKind(i), i.FullMethod)
	c.started.WithLabelValues(l...).Inc()
	err := next(srv, &counted{stream, c, c.received.WithLabelValues(l...), c.sent.WithLabelValues(l...)})
	c.handledAs(l, status.Code(err)).Inc()
	return err
}

// counted is a stream whose messages are counted.
type counted struct {
	grpc.ServerStream
	c              *calls
	received, sent prometheus.Counter
}

func (c *counted) RecvMsg(m any) error {
	err := c.ServerStream.RecvMsg(m)
	if err == nil {
		c.received.Inc()
		count(c.c.bytesIn, m)
	}
	return err
}

func (c *counted) SendMsg(m any) error {
	err := c.ServerStream.SendMsg(m)
	if err == nil {
		c.sent.Inc()
		count(c.c.bytesOut, m)
	}
	return err
}
