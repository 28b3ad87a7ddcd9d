package machine

import (
	"fmt"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/backend"
	"raftlab/cluster/lease"
)

func (m *Machine) compact(r *pb.CompactionRequest) (*pb.CompactionResponse, error) {
	if err := m.w.Compact(r.Revision); err != nil {
		return nil, Told(err)
	}
	return &pb.CompactionResponse{Header: header(m.w.Revision())}, nil
}

// MinTTL is the shortest time to live, in seconds: one and a half election timeouts, as in etcd.
const MinTTL = 2

// grant makes a lease. Only a leader counts from now on; nothing that is replicated depends on it.
func (m *Machine) grant(r *pb.LeaseGrantRequest, now time.Time) (*pb.LeaseGrantResponse, error) {
	ttl := max(r.TTL, MinTTL)
	switch {
	case m.alarms.noSpace():
		return nil, rpctypes.ErrGRPCNoSpace
	case r.ID == 0:
		return nil, rpctypes.ErrGRPCLeaseNotFound
	case r.TTL > lease.MaxTTL:
		return nil, rpctypes.ErrGRPCLeaseTTLTooLarge
	case !m.Lessor.Grant(m.tx, r.ID, ttl, now):
		return nil, rpctypes.ErrGRPCLeaseExist
	}
	return &pb.LeaseGrantResponse{Header: header(m.w.Revision()), ID: r.ID, TTL: ttl}, nil
}

// revoke ends a lease. A leader's decision, which has a term, is void once another term has begun.
func (m *Machine) revoke(r *pb.LeaseRevokeRequest, term uint64) (*pb.LeaseRevokeResponse, error) {
	if term != 0 && term != m.term.Load() {
		return nil, rpctypes.ErrGRPCLeaderChanged
	}
	keys, ok := m.Lessor.Revoke(m.tx, r.ID)
	if !ok {
		return nil, rpctypes.ErrGRPCLeaseNotFound
	}
	for _, k := range keys {
		m.w.Delete(k, "")
	}
	return &pb.LeaseRevokeResponse{Header: header(m.w.Revision())}, nil
}

// alarms are what an operator has to look at. Whether there is space is decided by these and not by
// the size of a member's file, which is another one on each member.
type alarms struct {
	mu  sync.RWMutex
	all map[pb.AlarmType]map[uint64]bool
}

func (a *alarms) load(tx *backend.ReadTx) (err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = map[pb.AlarmType]map[uint64]bool{}
	tx.Range(backend.Alarm, nil, nil, func(k, _ []byte) bool {
		var m pb.AlarmMember
		if err = proto.Unmarshal(k, &m); err != nil {
			err = fmt.Errorf("reading an alarm of the database: %w", err)
			return false
		}
		a.set(m.Alarm, m.MemberID)
		return true
	})
	return err
}

func (a *alarms) set(kind pb.AlarmType, member uint64) {
	if a.all[kind] == nil {
		a.all[kind] = map[uint64]bool{}
	}
	a.all[kind][member] = true
}

func (a *alarms) noSpace() bool { return a.on(pb.AlarmType_NOSPACE) }

// on says whether some member has raised an alarm.
func (a *alarms) on(kind pb.AlarmType) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return len(a.all[kind]) > 0
}

// Alarms lists those that are on, of one kind or of all.
func (m *Machine) Alarms(kind pb.AlarmType) (list []*pb.AlarmMember) {
	m.alarms.mu.RLock()
	defer m.alarms.mu.RUnlock()
	for _, k := range []pb.AlarmType{pb.AlarmType_NOSPACE, pb.AlarmType_CORRUPT} {
		for member := range m.alarms.all[k] {
			if kind == pb.AlarmType_NONE || kind == k {
				list = append(list, &pb.AlarmMember{MemberID: member, Alarm: k})
			}
		}
	}
	return list
}

func (m *Machine) alarm(r *pb.AlarmRequest) *pb.AlarmResponse {
	answer := &pb.AlarmResponse{Header: header(m.w.Revision())}
	one := &pb.AlarmMember{MemberID: r.MemberID, Alarm: r.Alarm}
	a := &m.alarms
	a.mu.RLock()
	on := a.all[r.Alarm][r.MemberID]
	a.mu.RUnlock()
	row, err := proto.Marshal(one)
	if err != nil {
		panic("machine: an alarm cannot be encoded: " + err.Error()) // there is nothing in it that could fail
	}
	switch r.Action {
	case pb.AlarmRequest_GET:
		answer.Alarms = m.Alarms(r.Alarm)
	case pb.AlarmRequest_ACTIVATE:
		if r.Alarm == pb.AlarmType_NONE {
			break
		}
		a.mu.Lock()
		a.set(r.Alarm, r.MemberID)
		a.mu.Unlock()
		m.tx.Put(backend.Alarm, row, nil)
		answer.Alarms = []*pb.AlarmMember{one}
	case pb.AlarmRequest_DEACTIVATE:
		if !on {
			break
		}
		a.mu.Lock()
		delete(a.all[r.Alarm], r.MemberID)
		a.mu.Unlock()
		m.tx.Delete(backend.Alarm, row)
		answer.Alarms = []*pb.AlarmMember{one}
	}
	return answer
}
