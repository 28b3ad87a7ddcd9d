package differ

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"
)

// leaseID draws one of a few. A lease 0 is none, and etcd makes an ID up for it.
func (g *generator) leaseID() int64 {
	if g.chance(20) {
		return -1
	}
	return 1 + g.Int64N(4)
}

func (g *generator) leaseRequest() (name string, do func(context.Context, side) string) {
	id := g.leaseID()
	switch g.IntN(8) {
	case 0, 1:
		q := &pb.LeaseGrantRequest{ID: id, TTL: 1000 + g.Int64N(2)*9_000_000_000}
		return "grant", request(g, q, grant)
	case 2, 3:
		return "revoke", request(g, &pb.LeaseRevokeRequest{ID: id}, revoke)
	case 4:
		q := &pb.LeaseTimeToLiveRequest{ID: id, Keys: g.chance(2)}
		return "timetolive", request(g, q, func(s side, ctx context.Context, q *pb.LeaseTimeToLiveRequest) (*pb.LeaseTimeToLiveResponse, error) {
			return s.lease.LeaseTimeToLive(ctx, q)
		})
	case 5:
		return "keepalive", request(g, &pb.LeaseKeepAliveRequest{ID: id}, keepAlive)
	case 6:
		return "short", g.short()
	}
	return "leases", request(g, &pb.LeaseLeasesRequest{}, func(s side, ctx context.Context, q *pb.LeaseLeasesRequest) (*pb.LeaseLeasesResponse, error) {
		return s.lease.LeaseLeases(ctx, q)
	})
}

func grant(s side, ctx context.Context, q *pb.LeaseGrantRequest) (*pb.LeaseGrantResponse, error) {
	return s.lease.LeaseGrant(ctx, q)
}

func revoke(s side, ctx context.Context, q *pb.LeaseRevokeRequest) (*pb.LeaseRevokeResponse, error) {
	return s.lease.LeaseRevoke(ctx, q)
}

func keepAlive(s side, ctx context.Context, q *pb.LeaseKeepAliveRequest) (*pb.LeaseKeepAliveResponse, error) {
	stream, err := s.lease.LeaseKeepAlive(ctx)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(q); err != nil {
		return nil, err
	}
	return stream.Recv()
}

// short grants a lease that would soon be over, and revokes it before that.
func (g *generator) short() func(context.Context, side) string {
	q := &pb.LeaseGrantRequest{ID: 99, TTL: g.Int64N(4) - 1}
	return sequence(request(g, q, grant), request(g, &pb.LeaseRevokeRequest{ID: 99}, revoke))
}

// sequence does one thing after the other.
func sequence(all ...func(context.Context, side) string) func(context.Context, side) string {
	return func(ctx context.Context, s side) string {
		var told []string
		for _, do := range all {
			told = append(told, do(ctx, s))
		}
		return strings.Join(told, "\n")
	}
}

// alarm raises an alarm, tries what is refused then and what is not, and ends it.
func (g *generator) alarm() func(context.Context, side) string {
	alarm := func(s side, ctx context.Context, q *pb.AlarmRequest) (*pb.AlarmResponse, error) {
		return s.maintenance.Alarm(ctx, q)
	}
	kind, member := pb.AlarmType(1+g.IntN(2)), 1+g.Uint64N(2)
	all := []func(context.Context, side) string{
		request(g, &pb.AlarmRequest{Action: pb.AlarmRequest_ACTIVATE, Alarm: kind, MemberID: member}, alarm),
		request(g, &pb.AlarmRequest{Alarm: pb.AlarmType(g.IntN(3))}, alarm)}
	told := g.last
	for range 4 {
		_, do := g.next()
		all, told = append(all, do), told+"; "+g.last
	}
	all = append(all, request(g, &pb.AlarmRequest{Action: pb.AlarmRequest_DEACTIVATE, Alarm: kind, MemberID: member}, alarm),
		request(g, &pb.AlarmRequest{Action: pb.AlarmRequest_DEACTIVATE, Alarm: kind, MemberID: member}, alarm))
	g.last = fmt.Sprintf("alarm %v of %d; %s; its end, twice", kind, member, told)
	return sequence(all...)
}

// stream is a range whose answer comes in pieces, which are put together. With a limit and something
// to sort by, and no order, etcd counts what comes behind the last key, and not behind the last in
// its order.
func (g *generator) stream() func(context.Context, side) string {
	q := g.rangeRequest()
	if q.Limit > 0 && q.SortOrder == pb.RangeRequest_NONE {
		q.SortTarget = pb.RangeRequest_KEY
	}
	return request(g, q, func(s side, ctx context.Context, q *pb.RangeRequest) (*pb.RangeStreamResponse, error) {
		stream, err := s.kv.RangeStream(ctx, q)
		if err != nil {
			return nil, err
		}
		whole := &pb.RangeStreamResponse{}
		for {
			part, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				if h := whole.GetRangeResponse().GetHeader(); h != nil {
					clean(whole.RangeResponse)
				}
				return whole, nil
			}
			if err != nil {
				return nil, err
			}
			proto.Merge(whole, part)
		}
	})
}
