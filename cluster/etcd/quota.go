package etcd

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// defaultQuota is how large the database may get, in bytes; etcd's default.
const defaultQuota = 2 << 30

// room makes sure that there is room for a request of a size. If there is not this member raises
// the alarm: from then on all members refuse what takes room, until somebody ends it.
func (s *Server) room(ctx context.Context, size int) error {
	file, _ := s.machine.Backend.Size()
	if file+int64(size) <= s.c.Quota {
		return nil
	}
	for _, a := range s.machine.Alarms(pb.AlarmType_NOSPACE) {
		if a.MemberID == s.memberIDs[s.c.Me] {
			return rpctypes.ErrGRPCNoSpace
		}
	}
	s.c.Logf("the database has %d bytes, and may have %d: raising the alarm NOSPACE", file, s.c.Quota)
	alarm := &pb.AlarmRequest{Action: pb.AlarmRequest_ACTIVATE, MemberID: s.memberIDs[s.c.Me], Alarm: pb.AlarmType_NOSPACE}
	if err := s.write(ctx, &pb.InternalRaftRequest{Alarm: alarm}, &pb.AlarmResponse{}); err != nil {
		return err
	}
	return rpctypes.ErrGRPCNoSpace
}
