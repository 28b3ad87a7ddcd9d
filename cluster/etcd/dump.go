package etcd

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"raftlab/cluster/machine"
	"raftlab/raftapi"
)

// Hash is the checksum of all that this member has in its database; those of two members differ by
// their applied indexes.
func (m *maintenanceService) Hash(context.Context, *pb.HashRequest) (*pb.HashResponse, error) {
	defer since(m.s.c.Metrics.hashes, time.Now())
	sum, err := m.s.machine.Backend.Hash()
	if err != nil {
		return nil, fmt.Errorf("summing up the database: %w", err)
	}
	return &pb.HashResponse{Header: m.s.fill(nil), Hash: sum}, nil
}

// HashKV is the checksum of the store at a revision, which members that are compacted alike have in
// common.
func (m *maintenanceService) HashKV(_ context.Context, r *pb.HashKVRequest) (*pb.HashKVResponse, error) {
	defer since(m.s.c.Metrics.hashesAt, time.Now())
	h, err := m.s.machine.Store.HashAt(r.Revision)
	if err != nil {
		return nil, machine.Told(err)
	}
	return &pb.HashKVResponse{Header: m.s.fill(&pb.ResponseHeader{Revision: h.Newest}), Hash: h.Sum,
		CompactRevision: h.Compacted, HashRevision: h.Revision}, nil
}

// chunk is how much of a snapshot goes into a message.
const chunk = 32 << 10

// Snapshot sends the database, and behind it the SHA-256 of that. It is copied first, so that a
// client that is slow holds up nobody.
func (m *maintenanceService) Snapshot(_ *pb.SnapshotRequest, stream grpc.ServerStreamingServer[pb.SnapshotResponse]) error {
	defer since(m.s.c.Metrics.backups, time.Now())
	name := m.s.newBackup()
	defer os.Remove(name)
	if _, err := m.s.machine.CopyTo(name); err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	sum, left, header := sha256.New(), info.Size(), m.s.fill(nil)
	for b := make([]byte, chunk); left > 0; {
		n, err := io.ReadFull(file, b)
		if n == 0 || (err != nil && !errors.Is(err, io.ErrUnexpectedEOF)) {
			return fmt.Errorf("reading the copy of the database: %w", err)
		}
		left -= int64(n)
		sum.Write(b[:n])
		if err := stream.Send(&pb.SnapshotResponse{Header: header, RemainingBytes: uint64(left), Blob: b[:n], Version: storageVersion}); err != nil {
			return err
		}
	}
	return stream.Send(&pb.SnapshotResponse{Header: header, Blob: sum.Sum(nil), Version: storageVersion})
}

// Defragment gives room that deleted data has left back to the file system, at this member.
func (m *maintenanceService) Defragment(context.Context, *pb.DefragmentRequest) (*pb.DefragmentResponse, error) {
	defer since(m.s.c.Metrics.defrags, time.Now())
	m.s.c.Metrics.defrag.Inc()
	defer m.s.c.Metrics.defrag.Dec()
	before, _ := m.s.machine.Backend.Size()
	if err := m.s.machine.Backend.Defrag(); err != nil {
		return nil, err
	}
	after, _ := m.s.machine.Backend.Size()
	m.s.c.Logf("defragmented the database: %d bytes before, %d now", before, after)
	return &pb.DefragmentResponse{Header: m.s.fill(nil)}, nil
}

// MoveLeader hands the leadership to another member.
func (m *maintenanceService) MoveLeader(ctx context.Context, r *pb.MoveLeaderRequest) (*pb.MoveLeaderResponse, error) {
	s := m.s
	if _, leads := s.replica.GetState(); !leads {
		return nil, rpctypes.ErrGRPCNotLeader
	}
	for i := range s.c.Members {
		if s.memberIDs[i] != r.TargetID {
			continue
		}
		err := s.within(ctx, func() error {
			if i == s.c.Me {
				return nil
			}
			if _, can := s.peer.(raftapi.LeadershipTransferrer); !can {
				return status.Error(codes.Unimplemented, "this cluster's peer cannot hand its leadership over")
			}
			if !s.handOver(i) {
				return rpctypes.ErrGRPCTimeout
			}
			return nil
		})
		return &pb.MoveLeaderResponse{Header: s.fill(nil)}, err
	}
	return nil, rpctypes.ErrGRPCBadLeaderTransferee
}

func (s *Server) handOver(to int) bool {
	peer, ok := s.peer.(raftapi.LeadershipTransferrer)
	return ok && peer.TransferLeadership(to)
}
