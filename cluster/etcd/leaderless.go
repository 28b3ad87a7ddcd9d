package etcd

import (
	"context"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// A client can say in the metadata of a request that it rather hears of a lost leader than waits.

// needsLeader says whether it has.
func needsLeader(ctx context.Context) bool {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, v := range md.Get(rpctypes.MetadataRequireLeaderKey) {
		if v == rpctypes.MetadataHasLeader {
			return true
		}
	}
	return false
}

func (s *Server) unary(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if needsLeader(ctx) && s.leader.Load().member == nobody {
		return nil, rpctypes.ErrGRPCNoLeader
	}
	return next(ctx, r)
}

// leaderless is how long nobody may lead before streams that need a leader end.
const leaderless = 3 * electionTimeout

func (s *Server) streamed(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if !needsLeader(stream.Context()) {
		return next(srv, stream)
	}
	if s.leader.Load().member == nobody {
		return rpctypes.ErrGRPCNoLeader
	}
	ctx, stop := context.WithCancelCause(stream.Context())
	defer stop(nil)
	go s.watchLeaderFor(ctx, stop)
	err := next(srv, &within{stream, ctx})
	if context.Cause(ctx) == rpctypes.ErrGRPCNoLeader {
		return rpctypes.ErrGRPCNoLeader
	}
	return err
}

// within is a stream that ends with a context.
type within struct {
	grpc.ServerStream
	ctx context.Context
}

func (w *within) Context() context.Context { return w.ctx }

// watchLeaderFor ends a context when nobody has led for long.
func (s *Server) watchLeaderFor(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(electionTimeout / 4)
	defer tick.Stop()
	seen := time.Now()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if s.leader.Load().member != nobody {
			seen = time.Now()
		} else if time.Since(seen) > leaderless {
			stop(rpctypes.ErrGRPCNoLeader)
			return
		}
	}
}
