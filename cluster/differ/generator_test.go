package differ

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// generator draws requests. It knows how far the revision is, so that most ask for something that is there.
type generator struct {
	*rand.Rand
	revision int64
	last     string

	compactions map[int64]bool // revisions at which one was asked for
}

// header is an answer with a header.
type header interface{ GetHeader() *pb.ResponseHeader }

var spaces = regexp.MustCompile(`[ \t]+`)

func clean(m proto.Message) {
	if h, ok := m.(header); ok && h.GetHeader() != nil {
		h.GetHeader().ClusterId, h.GetHeader().MemberId, h.GetHeader().RaftTerm = 0, 0, 0
	}
	switch m := m.(type) {
	case *pb.LeaseTimeToLiveResponse:
		if m.TTL > 0 {
			m.TTL = 1 // a second may pass in between
		}
		slices.SortFunc(m.Keys, func(a, b []byte) int { return strings.Compare(string(a), string(b)) })
	case *pb.LeaseLeasesResponse:
		slices.SortFunc(m.Leases, func(a, b *pb.LeaseStatus) int { return int(a.ID - b.ID) })
	}
}

// request is one that is sent to both sides, with each its own copy.
func request[Q proto.Message, A proto.Message](g *generator, q Q, send func(side, context.Context, Q) (A, error)) func(context.Context, side) string {
	g.last = fmt.Sprintf("%T %s", q, prototext.MarshalOptions{}.Format(q))
	return func(ctx context.Context, s side) string {
		ctx, stop := context.WithTimeout(ctx, 20*time.Second)
		defer stop()
		answer, err := send(s, ctx, proto.Clone(q).(Q))
		if err != nil {
			return tell(nil, err)
		}
		if h, ok := any(answer).(header); ok && h.GetHeader() != nil {
			g.revision = max(g.revision, h.GetHeader().Revision)
		}
		return tell(answer, nil)
	}
}

func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

func (g *generator) key() []byte {
	if g.chance(60) {
		return nil
	}
	return []byte{byte('a' + g.IntN(7))}
}

func (g *generator) end() []byte {
	switch g.IntN(6) {
	case 0:
		return []byte{0}
	case 1, 2:
		return []byte{byte('a' + g.IntN(9))}
	}
	return nil
}

func (g *generator) at() int64 {
	if g.chance(3) {
		return g.revision + 2 - g.Int64N(min(g.revision+2, 40))
	}
	return 0
}

func (g *generator) value() []byte { return []byte(fmt.Sprint(g.IntN(5))) }

func (g *generator) rangeRequest() *pb.RangeRequest {
	r := &pb.RangeRequest{Key: g.key(), RangeEnd: g.end(), Revision: g.at(), Serializable: g.chance(3), KeysOnly: g.chance(5), CountOnly: g.chance(8)}
	if g.chance(3) {
		r.Limit = int64(g.IntN(5))
	}
	if g.chance(3) {
		r.SortOrder = pb.RangeRequest_SortOrder(g.IntN(4))
		r.SortTarget = pb.RangeRequest_SortTarget(g.IntN(6))
	}
	bound := func() int64 {
		if g.chance(6) {
			return g.Int64N(g.revision + 2)
		}
		return 0
	}
	r.MinModRevision, r.MaxModRevision, r.MinCreateRevision, r.MaxCreateRevision = bound(), bound(), bound(), bound()
	return r
}

func (g *generator) putRequest() *pb.PutRequest {
	r := &pb.PutRequest{Key: g.key(), Value: g.value(), PrevKv: g.chance(3), IgnoreValue: g.chance(12), IgnoreLease: g.chance(12)}
	if r.IgnoreValue && !g.chance(5) {
		r.Value = nil
	}
	if g.chance(5) && (!r.IgnoreLease || g.chance(5)) {
		r.Lease = 1 + g.Int64N(4)
	}
	return r
}

func (g *generator) deleteRequest() *pb.DeleteRangeRequest {
	return &pb.DeleteRangeRequest{Key: g.key(), RangeEnd: g.end(), PrevKv: g.chance(3)}
}

// deleteInTxn has an end. After one without etcd takes a put of the same key, and forgets that put if a compaction comes at
// just that revision.
func (g *generator) deleteInTxn() *pb.DeleteRangeRequest {
	r := g.deleteRequest()
	if string(r.RangeEnd) == "\x00" {
		r.RangeEnd = nil
	}
	return r
}

func (g *generator) compare() *pb.Compare {
	c := &pb.Compare{Key: g.key(), Result: pb.Compare_CompareResult(g.IntN(4)), Target: pb.Compare_CompareTarget(g.IntN(5))}
	if g.chance(6) {
		c.RangeEnd = g.end()
	}
	near := g.revision - g.Int64N(min(g.revision, 10))
	switch c.Target {
	case pb.Compare_VALUE:
		c.TargetUnion = &pb.Compare_Value{Value: g.value()}
	case pb.Compare_VERSION:
		c.TargetUnion = &pb.Compare_Version{Version: g.Int64N(4)}
	case pb.Compare_CREATE:
		c.TargetUnion = &pb.Compare_CreateRevision{CreateRevision: near * g.Int64N(2)}
	case pb.Compare_MOD:
		c.TargetUnion = &pb.Compare_ModRevision{ModRevision: near}
	case pb.Compare_LEASE:
		c.TargetUnion = &pb.Compare_Lease{Lease: g.Int64N(4)}
	}
	return c
}

func (g *generator) ops(depth int) (ops []*pb.RequestOp) {
	for range g.IntN(4) {
		op := &pb.RequestOp{}
		switch n := g.IntN(10); {
		case n < 3:
			op.Request = &pb.RequestOp_RequestRange{RequestRange: g.rangeRequest()}
		case n < 6:
			op.Request = &pb.RequestOp_RequestPut{RequestPut: g.putRequest()}
		case n < 8:
			op.Request = &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: g.deleteInTxn()}
		case depth > 0:
			op.Request = &pb.RequestOp_RequestTxn{RequestTxn: g.txnRequest(depth - 1)}
		default:
			continue
		}
		ops = append(ops, op)
	}
	return ops
}

func (g *generator) txnRequest(depth int) *pb.TxnRequest {
	r := &pb.TxnRequest{Success: g.ops(depth), Failure: g.ops(depth)}
	for range g.IntN(3) {
		r.Compare = append(r.Compare, g.compare())
	}
	return r
}

// next draws a request.
func (g *generator) next() (name string, do func(context.Context, side) string) {
	switch n := g.IntN(100); {
	case n < 28:
		return "range", request(g, g.rangeRequest(), func(s side, ctx context.Context, q *pb.RangeRequest) (*pb.RangeResponse, error) {
			return s.kv.Range(ctx, q)
		})
	case n < 50:
		return "put", request(g, g.putRequest(), func(s side, ctx context.Context, q *pb.PutRequest) (*pb.PutResponse, error) { return s.kv.Put(ctx, q) })
	case n < 57:
		return "delete", request(g, g.deleteRequest(), func(s side, ctx context.Context, q *pb.DeleteRangeRequest) (*pb.DeleteRangeResponse, error) {
			return s.kv.DeleteRange(ctx, q)
		})
	case n < 82:
		return "txn", request(g, g.txnRequest(2), func(s side, ctx context.Context, q *pb.TxnRequest) (*pb.TxnResponse, error) { return s.kv.Txn(ctx, q) })
	case n < 84:
		q := &pb.CompactionRequest{Revision: g.revision + 2 - g.Int64N(min(g.revision+2, 30)), Physical: true}
		g.compactions[q.Revision] = true
		return "compact", request(g, q, func(s side, ctx context.Context, q *pb.CompactionRequest) (*pb.CompactionResponse, error) {
			return s.kv.Compact(ctx, q)
		})
	case n < 87:
		q := &pb.HashKVRequest{Revision: g.at()}
		if g.compactions[q.Revision] || g.compactions[g.revision] {
			return g.next() // etcd answers with the sum that it took then, under the compaction before
		}
		return "hash", request(g, q, func(s side, ctx context.Context, q *pb.HashKVRequest) (*pb.HashKVResponse, error) {
			return s.maintenance.HashKV(ctx, q)
		})
	case n < 95:
		return g.leaseRequest()
	}
	return "watch", g.watch()
}

func (g *generator) leaseRequest() (name string, do func(context.Context, side) string) {
	id := 1 + g.Int64N(4)
	switch g.IntN(6) {
	case 0, 1:
		q := &pb.LeaseGrantRequest{ID: id, TTL: 1000 + g.Int64N(2)*9_000_000_000}
		return "grant", request(g, q, func(s side, ctx context.Context, q *pb.LeaseGrantRequest) (*pb.LeaseGrantResponse, error) {
			return s.lease.LeaseGrant(ctx, q)
		})
	case 2, 3:
		q := &pb.LeaseRevokeRequest{ID: id}
		return "revoke", request(g, q, func(s side, ctx context.Context, q *pb.LeaseRevokeRequest) (*pb.LeaseRevokeResponse, error) {
			return s.lease.LeaseRevoke(ctx, q)
		})
	case 4:
		q := &pb.LeaseTimeToLiveRequest{ID: id, Keys: g.chance(2)}
		return "timetolive", request(g, q, func(s side, ctx context.Context, q *pb.LeaseTimeToLiveRequest) (*pb.LeaseTimeToLiveResponse, error) {
			return s.lease.LeaseTimeToLive(ctx, q)
		})
	}
	return "leases", request(g, &pb.LeaseLeasesRequest{}, func(s side, ctx context.Context, q *pb.LeaseLeasesRequest) (*pb.LeaseLeasesResponse, error) {
		return s.lease.LeaseLeases(ctx, q)
	})
}

// watch opens a stream with some watchers, and takes what they get until the stream says that this is all.
func (g *generator) watch() func(context.Context, side) string {
	var creates []*pb.WatchCreateRequest
	for range 1 + g.IntN(3) {
		c := &pb.WatchCreateRequest{Key: g.key(), RangeEnd: g.end(), PrevKv: g.chance(2), Fragment: g.chance(3)}
		if !g.chance(4) {
			// Not in the future: there etcd does not say how far it is, and we do.
			c.StartRevision = g.revision - g.Int64N(min(g.revision, 60))
		}
		if g.chance(5) {
			c.WatchId = g.Int64N(3)
		}
		if g.chance(4) {
			c.Filters = append(c.Filters, pb.WatchCreateRequest_FilterType(g.IntN(2)))
		}
		creates = append(creates, c)
	}
	g.last = fmt.Sprint("watch ", creates)
	return func(ctx context.Context, s side) string {
		ctx, stop := context.WithTimeout(ctx, 20*time.Second)
		defer stop()
		opened, err := s.watch.Watch(ctx)
		if err != nil {
			return tell(nil, err)
		}
		stream := newStream(opened)
		var told []string
		perWatch, alive, ended := map[int64][]string{}, 0, 0
		for _, c := range creates {
			if err := stream.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: c}}); err != nil {
				return tell(nil, err)
			}
			for created := false; !created; {
				r, err := stream.receive(20 * time.Second)
				if err != nil || r == nil {
					return strings.Join(told, "\n") + tell(nil, err)
				}
				if created = r.Created; created {
					told = append(told, tell(r, nil))
					if !r.Canceled {
						alive++
					}
				} else {
					ended += note(perWatch, r)
				}
			}
		}
		if told, err = untilQuiet(stream, told, perWatch, alive, ended); err != nil {
			return tell(nil, err)
		}
		for _, id := range []int64{0, 1, 2, 3, 4, 5} {
			told = append(told, fmt.Sprint(id, ": ", strings.Join(perWatch[id], "; ")))
		}
		return strings.Join(told, "\n")
	}
}
