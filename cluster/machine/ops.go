package machine

import (
	"bytes"
	"cmp"
	"errors"
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"raftlab/cluster/mvcc"
)

// Told is an error of the store as clients are told it.
func Told(err error) error {
	switch {
	case errors.Is(err, mvcc.ErrCompacted):
		return rpctypes.ErrGRPCCompacted
	case errors.Is(err, mvcc.ErrFuture):
		return rpctypes.ErrGRPCFutureRev
	}
	return err
}

// reader is a store, or a writer that sees what it has written.
type reader interface {
	Range(mvcc.Query) (mvcc.Result, error)
}

// Range executes a range request on a store.
func Range(s reader, r *pb.RangeRequest) (*pb.RangeResponse, error) {
	found, err := s.Range(mvcc.Query{Key: string(r.Key), End: string(r.RangeEnd), Revision: r.Revision, Limit: fetched(r), Count: r.CountOnly,
		Keys: r.KeysOnly && r.SortTarget != pb.RangeRequest_VALUE})
	if err != nil {
		return nil, Told(err)
	}
	kvs := sorted(r, filtered(r, found.KVs))
	answer := &pb.RangeResponse{Header: header(found.Revision), Count: found.Count}
	if r.Limit > 0 && int64(len(kvs)) > r.Limit {
		kvs, answer.More = kvs[:r.Limit], true
	}
	if r.KeysOnly {
		for _, kv := range kvs {
			kv.Value = nil
		}
	}
	answer.Kvs = kvs
	return answer, nil
}

// fetched is how many keys have to be read for a request: one more than wanted, so as to know
// whether there are more, or all if some of them may be left out or change places.
func fetched(r *pb.RangeRequest) int64 {
	if r.Limit <= 0 || r.SortOrder != pb.RangeRequest_NONE || filters(r) {
		return 0
	}
	return r.Limit + 1
}

func filters(r *pb.RangeRequest) bool {
	return r.MinModRevision != 0 || r.MaxModRevision != 0 || r.MinCreateRevision != 0 || r.MaxCreateRevision != 0
}

func filtered(r *pb.RangeRequest, kvs []*mvccpb.KeyValue) []*mvccpb.KeyValue {
	if !filters(r) {
		return kvs
	}
	within := func(v, least, most int64) bool { return v >= least && (most == 0 || v <= most) }
	return slices.DeleteFunc(kvs, func(kv *mvccpb.KeyValue) bool {
		return !within(kv.ModRevision, r.MinModRevision, r.MaxModRevision) ||
			!within(kv.CreateRevision, r.MinCreateRevision, r.MaxCreateRevision)
	})
}

// sorted sorts what was found, which is in the order of the keys.
func sorted(r *pb.RangeRequest, kvs []*mvccpb.KeyValue) []*mvccpb.KeyValue {
	by := map[pb.RangeRequest_SortTarget]func(a, b *mvccpb.KeyValue) int{
		pb.RangeRequest_KEY:     func(a, b *mvccpb.KeyValue) int { return bytes.Compare(a.Key, b.Key) },
		pb.RangeRequest_VERSION: func(a, b *mvccpb.KeyValue) int { return cmp.Compare(a.Version, b.Version) },
		pb.RangeRequest_CREATE:  func(a, b *mvccpb.KeyValue) int { return cmp.Compare(a.CreateRevision, b.CreateRevision) },
		pb.RangeRequest_MOD:     func(a, b *mvccpb.KeyValue) int { return cmp.Compare(a.ModRevision, b.ModRevision) },
		pb.RangeRequest_VALUE:   func(a, b *mvccpb.KeyValue) int { return bytes.Compare(a.Value, b.Value) },
	}[r.SortTarget]
	switch {
	case by == nil || (r.SortTarget == pb.RangeRequest_KEY && r.SortOrder != pb.RangeRequest_DESCEND):
	case r.SortOrder == pb.RangeRequest_DESCEND:
		slices.SortStableFunc(kvs, func(a, b *mvccpb.KeyValue) int { return by(b, a) })
	default: // a target without an order is sorted upwards
		slices.SortStableFunc(kvs, by)
	}
	return kvs
}

// current is what a key has now, or nil.
func (m *Machine) current(key []byte) *mvccpb.KeyValue {
	r, err := m.w.Range(mvcc.Query{Key: string(key)})
	if err != nil || len(r.KVs) == 0 {
		return nil
	}
	return r.KVs[0]
}

// put executes a put that may be a part of a transaction.
func (m *Machine) put(r *pb.PutRequest) (*pb.PutResponse, error) {
	if m.alarms.noSpace() {
		return nil, rpctypes.ErrGRPCNoSpace
	}
	if err := m.checkPut(r); err != nil {
		return nil, err
	}
	return m.doPut(r), nil
}

// checkPut says why a put cannot be done in the present state.
func (m *Machine) checkPut(r *pb.PutRequest) error {
	if r.Lease != 0 && !m.Lessor.Has(r.Lease) {
		return rpctypes.ErrGRPCLeaseNotFound
	}
	if (r.IgnoreValue || r.IgnoreLease) && m.current(r.Key) == nil {
		return rpctypes.ErrGRPCKeyNotFound
	}
	return nil
}

func (m *Machine) doPut(r *pb.PutRequest) *pb.PutResponse {
	answer := &pb.PutResponse{}
	value, id := r.Value, r.Lease
	if r.IgnoreValue || r.IgnoreLease || r.PrevKv {
		old := m.current(r.Key)
		if old != nil && r.IgnoreValue {
			value = old.Value
		}
		if old != nil && r.IgnoreLease {
			id = old.Lease
		}
		if r.PrevKv {
			answer.PrevKv = old
		}
	}
	answer.Header = header(m.w.Put(r.Key, value, id))
	m.Lessor.Attach(string(r.Key), id)
	return answer
}

func (m *Machine) deleteRange(r *pb.DeleteRangeRequest) (*pb.DeleteRangeResponse, error) {
	answer := &pb.DeleteRangeResponse{}
	if r.PrevKv {
		old, err := m.w.Range(mvcc.Query{Key: string(r.Key), End: string(r.RangeEnd)})
		if err != nil {
			return nil, Told(err)
		}
		answer.PrevKvs = old.KVs
	}
	keys, revision := m.w.Delete(string(r.Key), string(r.RangeEnd))
	for _, k := range keys {
		m.Lessor.Attach(k, 0)
	}
	answer.Header, answer.Deleted = header(revision), int64(len(keys))
	return answer, nil
}
