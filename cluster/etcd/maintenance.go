package etcd

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/api/v3/version"

	"raftlab/raftapi"
)

// maintenanceService is etcd's Maintenance.
type maintenanceService struct {
	pb.UnimplementedMaintenanceServer
	s *Server
}

// storageVersion is the one whose format the database has.
const storageVersion = "3.7.0"

func (m *maintenanceService) Status(context.Context, *pb.StatusRequest) (*pb.StatusResponse, error) {
	s := m.s
	size, inUse := s.machine.Backend.Size()
	answer := &pb.StatusResponse{Header: s.fill(nil), Version: version.Version, StorageVersion: storageVersion,
		DbSize: size, DbSizeInUse: inUse, DbSizeQuota: s.c.Quota, RaftAppliedIndex: uint64(s.machine.Applied()),
		DowngradeInfo: &pb.DowngradeInfo{}}
	answer.RaftTerm = answer.Header.RaftTerm
	answer.RaftIndex = answer.RaftAppliedIndex
	if peer, ok := s.peer.(raftapi.CommitIndexer); ok {
		answer.RaftIndex = max(answer.RaftIndex, uint64(peer.CommitIndex()))
	}
	if l := s.leader.Load(); l.member != nobody {
		answer.Leader = s.memberIDs[l.member]
	} else {
		answer.Errors = append(answer.Errors, rpctypes.ErrorDesc(rpctypes.ErrGRPCNoLeader))
	}
	for _, a := range s.machine.Alarms(pb.AlarmType_NONE) {
		answer.Errors = append(answer.Errors, a.String())
	}
	return answer, nil
}

func (m *maintenanceService) Alarm(ctx context.Context, r *pb.AlarmRequest) (*pb.AlarmResponse, error) {
	if r.Action == pb.AlarmRequest_GET { // etcdctl endpoint health asks this at each member, and nothing has to be written for it
		if err := m.s.linearize(ctx); err != nil {
			return nil, err
		}
		return &pb.AlarmResponse{Header: m.s.fill(nil), Alarms: m.s.machine.Alarms(r.Alarm)}, nil
	}
	answer := &pb.AlarmResponse{}
	if err := m.s.write(ctx, &pb.InternalRaftRequest{Alarm: r}, answer); err != nil {
		return nil, err
	}
	m.s.fill(answer.Header)
	return answer, nil
}
