package etcd

import (
	"context"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// clusterService is etcd's Cluster. Members do not change, so that everything else answers Unimplemented.
type clusterService struct {
	pb.UnimplementedClusterServer
	s *Server
}

func (c *clusterService) MemberList(ctx context.Context, r *pb.MemberListRequest) (*pb.MemberListResponse, error) {
	if r.Linearizable {
		if err := c.s.linearize(ctx); err != nil {
			return nil, err
		}
	}
	answer := &pb.MemberListResponse{Header: c.s.fill(nil)}
	for i, m := range c.s.c.Members {
		answer.Members = append(answer.Members, &pb.Member{ID: c.s.memberID(i), Name: fmt.Sprintf("member-%d", i),
			PeerURLs: []string{"http://" + m.Peers}, ClientURLs: []string{"http://" + m.Clients}})
	}
	return answer, nil
}
