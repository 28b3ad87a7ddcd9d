package differ

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// generator draws requests. It knows how far the revision is, so that most ask for something that
// is there.
type generator struct {
	*rand.Rand
	last string

	mu       sync.Mutex // both sides answer at the same time
	revision int64
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
	case *pb.AlarmResponse: // etcd has no order either
		slices.SortFunc(m.Alarms, func(a, b *pb.AlarmMember) int {
			return cmp.Or(cmp.Compare(a.Alarm, b.Alarm), cmp.Compare(a.MemberID, b.MemberID))
		})
	case *pb.LeaseLeasesResponse:
		slices.SortFunc(m.Leases, func(a, b *pb.LeaseStatus) int { return int(a.ID - b.ID) })
	}
}

// request is one that is sent to both sides, with each its own copy.
func request[Q proto.Message, A proto.Message](g *generator, q Q, send func(side, context.Context, Q) (A, error)) func(context.Context, side) string {
	g.last = fmt.Sprintf("%T %s", q, prototext.MarshalOptions{}.Format(q))
	if n := len(g.last); n > 10_000 {
		g.last = fmt.Sprintf("%s... (%d bytes) ...%s", g.last[:300], n, g.last[n-300:])
	}
	return func(ctx context.Context, s side) string {
		ctx, stop := context.WithTimeout(ctx, 20*time.Second)
		defer stop()
		answer, err := send(s, ctx, proto.Clone(q).(Q))
		if err != nil {
			return tell(nil, err)
		}
		if h, ok := any(answer).(header); ok && h.GetHeader() != nil {
			g.mu.Lock()
			g.revision = max(g.revision, h.GetHeader().Revision)
			g.mu.Unlock()
		}
		return tell(answer, nil)
	}
}

func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// odd are keys, and ends of ranges, that are easily forgotten.
var odd = []string{"", "\x00", "\x00\x00", "\xff", "\xff\xff", "a\x00", "b\xff", strings.Repeat("k", 5000)}

func (g *generator) key() []byte {
	if g.chance(25) {
		return []byte(odd[g.IntN(len(odd))])
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
	if g.chance(25) {
		return []byte(odd[g.IntN(len(odd))])
	}
	return nil
}

func (g *generator) at() int64 {
	if g.chance(60) {
		return -1 - g.Int64N(3)
	}
	if g.chance(3) {
		return g.revision + 2 - g.Int64N(min(g.revision+2, 40))
	}
	return 0
}

// largest is about what a request may have.
const largest = 3 << 19

func (g *generator) value() []byte {
	if g.chance(600) {
		return bytes.Repeat([]byte{byte('0' + g.IntN(5))}, largest-40+g.IntN(60))
	}
	return []byte(fmt.Sprint(g.IntN(5)))
}

func (g *generator) rangeRequest() *pb.RangeRequest {
	r := &pb.RangeRequest{Key: g.key(), RangeEnd: g.end(), Revision: g.at(), Serializable: g.chance(3), KeysOnly: g.chance(5), CountOnly: g.chance(8)}
	if g.chance(3) {
		r.Limit = int64(g.IntN(6) - 1)
	}
	if g.chance(3) {
		r.SortOrder = pb.RangeRequest_SortOrder(g.IntN(4))
		r.SortTarget = pb.RangeRequest_SortTarget(g.IntN(6))
		if g.chance(30) {
			r.SortOrder = 7
		}
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
		r.Lease = g.leaseID()
	}
	return r
}

func (g *generator) deleteRequest() *pb.DeleteRangeRequest {
	return &pb.DeleteRangeRequest{Key: g.key(), RangeEnd: g.end(), PrevKv: g.chance(3)}
}

// deleteInTxn has an end. After one without etcd takes a put of the same key, and forgets that put
// if a compaction comes at just that revision.
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

// many is how many operations a list has: sometimes about as many as it may.
func (g *generator) many(most int) int {
	if g.chance(150) {
		return 127 + g.IntN(3)
	}
	return g.IntN(most)
}

func (g *generator) ops(depth int) (ops []*pb.RequestOp) {
	for range g.many(4) {
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
	for range g.many(3) {
		r.Compare = append(r.Compare, g.compare())
	}
	return r
}

// next draws a request.
func (g *generator) next() (name string, do func(context.Context, side) string) {
	switch n := g.IntN(100); {
	case n < 3:
		return "stream", g.stream()
	case n < 28:
		return "range", request(g, g.rangeRequest(), func(s side, ctx context.Context, q *pb.RangeRequest) (*pb.RangeResponse, error) {
			return s.kv.Range(ctx, q)
		})
	case n < 50:
		return "put", request(g, g.putRequest(), puts)
	case n < 57:
		return "delete", request(g, g.deleteRequest(), deletes)
	case n < 82:
		return "txn", request(g, g.txnRequest(2), txns)
	case n < 84:
		q := &pb.CompactionRequest{Revision: g.revision + 2 - g.Int64N(min(g.revision+2, 30)), Physical: true}
		if g.chance(8) {
			q.Revision = -g.Int64N(2)
		}
		return "compact", request(g, q, func(s side, ctx context.Context, q *pb.CompactionRequest) (*pb.CompactionResponse, error) {
			return s.kv.Compact(ctx, q)
		})
	case n < 87:
		q := &pb.HashKVRequest{Revision: g.at()}
		return "hash", request(g, q, func(s side, ctx context.Context, q *pb.HashKVRequest) (*pb.HashKVResponse, error) {
			return s.maintenance.HashKV(ctx, q)
		})
	case n < 95:
		return g.leaseRequest()
	case n < 96:
		return "alarm", g.alarm()
	}
	return "watch", g.watch()
}

func puts(s side, ctx context.Context, q *pb.PutRequest) (*pb.PutResponse, error) {
	return s.kv.Put(ctx, q)
}

func deletes(s side, ctx context.Context, q *pb.DeleteRangeRequest) (*pb.DeleteRangeResponse, error) {
	return s.kv.DeleteRange(ctx, q)
}

func txns(s side, ctx context.Context, q *pb.TxnRequest) (*pb.TxnResponse, error) {
	return s.kv.Txn(ctx, q)
}
