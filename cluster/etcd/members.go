package etcd

import (
	"cmp"
	"context"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// clusterService is etcd's Cluster. Members do not change, so that everything else answers
// Unimplemented.
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
	answer.Header.Revision = 0 // members have none, as in etcd
	for i, m := range c.s.c.Members {
		one := &pb.Member{ID: c.s.memberIDs[i], Name: cmp.Or(m.Name, fmt.Sprintf("member-%d", i)), PeerURLs: []string{"http://" + m.Peers}}
		if clients := c.s.clientsOf(i); clients != "" {
			one.ClientURLs = []string{"http://" + clients}
		}
		answer.Members = append(answer.Members, one)
	}
	return answer, nil
}

// clientsOf is where a member listens for clients: as this member was told, or as that one says.
func (s *Server) clientsOf(i int) string {
	if here := s.c.Members[i].Clients; here != "" {
		return here
	}
	who, _ := s.who(i)
	return who.Clients
}
