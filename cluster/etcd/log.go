package etcd

import (
	"context"
	"errors"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/machine"
	"raftlab/cluster/replica"
	"raftlab/raftapi"
)

// The limits on what gets into the log; etcd has the same.
const (
	maxRequest = 3 << 19 // bytes of one request: 1.5 MiB
	header     = 14      // of them, which etcd's own ID of a request takes; here an entry has one
	maxBehind  = 5000    // entries that are committed and not applied, before requests are refused
)

// tooLarge says whether a request is too large for the log.
func tooLarge(r *pb.InternalRaftRequest) bool { return proto.Size(r)+header > maxRequest }

// write has a request executed, wherever the leader is, and waits until this member has applied it,
// too.
func (s *Server) write(ctx context.Context, r *pb.InternalRaftRequest, answer proto.Message) error {
	if tooLarge(r) {
		return rpctypes.ErrGRPCRequestTooLarge
	}
	if peer, ok := s.peer.(raftapi.CommitIndexer); ok && peer.CommitIndex() > s.machine.Applied()+maxBehind {
		return rpctypes.ErrGRPCRequestTooManyRequests
	}
	s.c.Metrics.pending.Inc()
	defer s.c.Metrics.pending.Dec()
	return s.execute(ctx, machine.Item{Request: r}, answer)
}

// execute has an item executed, and waits until this member has applied it.
func (s *Server) execute(ctx context.Context, i machine.Item, answer proto.Message) error {
	result, index, err := s.replica.Execute(ctx, i.Encode())
	if err != nil {
		s.c.Metrics.failed.Inc()
		return s.told(err)
	}
	if s.machine.Applied() < index {
		s.replica.Hurry()
		if err := s.replica.AwaitApplied(ctx, index); ctx.Err() != nil {
			return s.told(ctx.Err())
		} else if err != nil {
			return rpctypes.ErrGRPCTimeoutWaitAppliedIndex
		}
	}
	return machine.DecodeResult(result, answer)
}

// slowRead is how long a linearizable read may wait before it counts as slow; after so long etcd
// asks its leader again.
const slowRead = 500 * time.Millisecond

// linearize waits until the store has everything that was complete when it was called.
func (s *Server) linearize(ctx context.Context) error {
	began := time.Now()
	err := s.replica.ReadBarrier(ctx)
	if time.Since(began) > slowRead {
		s.c.Metrics.slow.Inc()
	}
	if err != nil && ctx.Err() == nil {
		s.c.Metrics.unread.Inc()
	}
	return s.told(err)
}

// told is an error of the replica as clients are told it.
func (s *Server) told(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return rpctypes.ErrGRPCCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return rpctypes.ErrGRPCDeadlineExceeded
	case s.leader.Load().member != nobody:
		return rpctypes.ErrGRPCTimeout
	case errors.Is(err, replica.ErrNotExecuted):
		return rpctypes.ErrGRPCNoLeader
	}
	return rpctypes.ErrGRPCTimeoutDueToLeaderFail
}

// within waits for do until the client has lost its patience, or the server ends.
func (s *Server) within(ctx context.Context, do func() error) error {
	over := make(chan error, 1)
	go func() { over <- do() }()
	select {
	case err := <-over:
		return err
	case <-ctx.Done():
		return s.told(ctx.Err())
	case <-s.done:
		return rpctypes.ErrGRPCStopped
	}
}
