package etcd

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"

	"raftlab/cluster/lease"
	"raftlab/cluster/machine"
	"raftlab/cluster/transport"
)

// leaseService is etcd's Lease.
type leaseService struct {
	pb.UnimplementedLeaseServer
	s *Server
}

func (l *leaseService) LeaseGrant(ctx context.Context, r *pb.LeaseGrantRequest) (*pb.LeaseGrantResponse, error) {
	for r.ID == 0 {
		r.ID = rand.Int64() // chosen here, so that all members have the same
	}
	if err := l.s.room(ctx, 0); err != nil {
		return nil, err
	}
	answer := &pb.LeaseGrantResponse{}
	if err := l.s.write(ctx, &pb.InternalRaftRequest{LeaseGrant: r}, answer); err != nil {
		return nil, err
	}
	l.s.c.Metrics.leases.granted.Inc()
	l.s.fill(answer.Header)
	return answer, nil
}

func (l *leaseService) LeaseRevoke(ctx context.Context, r *pb.LeaseRevokeRequest) (*pb.LeaseRevokeResponse, error) {
	answer := &pb.LeaseRevokeResponse{}
	if err := l.s.write(ctx, &pb.InternalRaftRequest{LeaseRevoke: r}, answer); err != nil {
		return nil, err
	}
	l.s.c.Metrics.leases.revoked.Inc()
	l.s.fill(answer.Header)
	return answer, nil
}

func (l *leaseService) LeaseKeepAlive(stream grpc.BidiStreamingServer[pb.LeaseKeepAliveRequest, pb.LeaseKeepAliveResponse]) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer, err := l.s.atLeader(stream.Context(), &LeaseArgs{ID: r.ID, Renew: true})
		if err != nil {
			return err
		}
		if err := stream.Send(&pb.LeaseKeepAliveResponse{Header: l.s.fill(nil), ID: r.ID, TTL: answer.Remaining}); err != nil {
			return err
		}
	}
}

// noLease is the time to live of a lease that there is not.
const noLease = -1

func (l *leaseService) LeaseTimeToLive(ctx context.Context, r *pb.LeaseTimeToLiveRequest) (*pb.LeaseTimeToLiveResponse, error) {
	state, err := l.s.atLeader(ctx, &LeaseArgs{ID: r.ID})
	if err != nil {
		return nil, err
	}
	answer := &pb.LeaseTimeToLiveResponse{Header: l.s.fill(nil), ID: r.ID, TTL: state.Remaining, GrantedTTL: state.Granted}
	if !state.There {
		answer.TTL = noLease
	}
	if r.Keys {
		for _, k := range state.Keys {
			answer.Keys = append(answer.Keys, []byte(k))
		}
	}
	return answer, nil
}

func (l *leaseService) LeaseLeases(ctx context.Context, _ *pb.LeaseLeasesRequest) (*pb.LeaseLeasesResponse, error) {
	if err := l.s.linearize(ctx); err != nil {
		return nil, err
	}
	answer := &pb.LeaseLeasesResponse{Header: l.s.fill(nil)}
	for _, id := range l.s.machine.Lessor.List() {
		answer.Leases = append(answer.Leases, &pb.LeaseStatus{ID: id})
	}
	return answer, nil
}

// LeaseArgs asks the leader for a lease.
type LeaseArgs struct {
	ID    int64
	Renew bool // give it its whole time again
}

// LeaseReply is the leader's answer.
type LeaseReply struct {
	Counts             bool // this member leads, and counts; otherwise the rest means nothing
	There              bool
	Granted, Remaining int64 // seconds
	Keys               []string
}

// Lease tells of a lease, if this member leads.
func (e *Etcd) Lease(args *LeaseArgs, reply *LeaseReply) { *reply = e.s.lease(args) }

// lease tells of a lease by this member's clock, or renews it. The clock is read before the
// leadership is confirmed: the other way round this member could be stopped in between, and be
// deposed.
func (s *Server) lease(args *LeaseArgs) (r LeaseReply) {
	term, counts := s.machine.Lessor.Counts()
	now := time.Now()
	if !counts || s.replica.ReadBarrier(context.Background()) != nil || s.machine.Term() != term {
		return r
	}
	if args.Renew {
		r.Remaining, r.Counts = s.machine.Lessor.Renew(args.ID, term, now)
		if r.There = r.Remaining > 0; r.There {
			s.c.Metrics.leases.renewed.Inc()
		}
		return r
	}
	r.Counts = true
	var state *lease.State
	if state = s.machine.Lessor.Look(args.ID, now); state != nil {
		r.There, r.Granted, r.Remaining, r.Keys = true, state.Granted, state.Remaining, state.Keys
	}
	return r
}

// atLeader asks the leader for a lease, whoever that is. Asking twice does no harm.
func (s *Server) atLeader(ctx context.Context, args *LeaseArgs) (r LeaseReply, err error) {
	ctx, stop := context.WithTimeoutCause(ctx, patience, rpctypes.ErrGRPCTimeout)
	defer stop()
	err = s.within(ctx, func() error {
		for ctx.Err() == nil {
			switch to := s.leader.Load().member; {
			case to == s.c.Me:
				r = s.lease(args)
			case to != nobody:
				r = LeaseReply{}
				if outcome, _ := s.c.Routes[to].Ask("Etcd.Lease", args, &r); outcome != transport.Answered {
					r.Counts = false
				}
			}
			if r.Counts {
				return nil
			}
			time.Sleep(leaderTick)
		}
		return context.Cause(ctx)
	})
	return r, err
}

// The limits of what expires.
const (
	expireTick = 200 * time.Millisecond
	maxExpired = 200 // revocations at a time, so that there are a thousand in a second, as in etcd
)

// runExpiry is the goroutine that has leases revoked whose time is over, while this member leads.
func (s *Server) runExpiry() {
	tick := time.NewTicker(expireTick)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
		ids, term := s.machine.Lessor.Expired(time.Now())
		ids = ids[:min(len(ids), maxExpired)]
		over := make(chan error)
		for _, id := range ids {
			go func() {
				r := &pb.InternalRaftRequest{LeaseRevoke: &pb.LeaseRevokeRequest{ID: id}}
				over <- s.execute(context.Background(), machine.Item{Term: term, Request: r}, &pb.LeaseRevokeResponse{})
			}()
		}
		for range ids {
			if err := <-over; err == nil { // one that fails is still expired, and comes again
				s.c.Metrics.leases.expired.Inc()
			}
		}
	}
}
