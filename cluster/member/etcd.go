package member

import (
	"fmt"
	"net"

	"raftlab/cluster/etcd"
	"raftlab/cluster/machine"
	"raftlab/cluster/replica"
	"raftlab/labrpc"
)

// startEtcd starts the service that has etcd's API.
func (m *Member) startEtcd(config replica.Config, peers *labrpc.Server) error {
	f, me := m.c.Folder, m.c.Member
	c := etcd.Config{Config: config, Cluster: f.Cluster, File: f.Database(me), Quota: f.Quota, Metrics: m.metrics}
	if f.Compaction != [2]string{} {
		var err error
		if c.Compact, err = etcd.ParseCompaction(f.Compaction[0], f.Compaction[1]); err != nil {
			return fmt.Errorf("reading what the cluster compacts by itself: %w", err)
		}
	}
	for _, a := range f.Members {
		c.Members = append(c.Members, etcd.Member{Name: a.Name, Peers: a.Peers, Clients: a.Etcd})
	}
	if f.Record {
		r, err := machine.NewRecorder(f.Applied(me))
		if err != nil {
			return err
		}
		c.OnApply = r.Apply
	}
	server, err := etcd.Start(c)
	if err != nil {
		return err
	}
	peers.AddService(server.Inside())
	m.server = server
	return nil
}

// serveEtcd lets clients of etcd in, if there are any.
func (m *Member) serveEtcd() error {
	server, ok := m.server.(*etcd.Server)
	if !ok {
		return nil
	}
	l, err := net.Listen("tcp", m.c.Folder.Members[m.c.Member].Etcd)
	if err != nil {
		m.server.Kill()
		return fmt.Errorf("listening for clients of etcd: %w", err)
	}
	server.Serve(l, sameOrigin(server.Web()))
	m.c.Logf("serves clients of etcd at %s", l.Addr())
	return nil
}
