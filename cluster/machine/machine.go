package machine

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"raftlab/cluster/backend"
	"raftlab/cluster/lease"
	"raftlab/cluster/mvcc"
)

// Rows of the bucket "meta", under etcd's names.
var (
	appliedKey = []byte("consistent_index")
	termKey    = []byte("term")
)

// Machine is a member's state: a replica.Machine. One goroutine applies; any number reads.
type Machine struct {
	Backend *backend.Backend
	Store   *mvcc.Store
	Lessor  *lease.Lessor

	applied atomic.Int64  // everything up to it can be read
	term    atomic.Uint64 // the newest that an applied barrier has told of
	alarms  alarms

	// OnApply, if there is one, is told of each entry before that is executed.
	OnApply func(index int, ops [][]byte)
	// Took, if there is one, is told how long each entry took.
	Took func(time.Duration)

	tx *backend.Tx // of the entry that is being applied
	w  *mvcc.Writer
}

// Open opens the state in a database file.
func Open(path string, o backend.Options) (*Machine, error) {
	b, err := backend.Open(path, o)
	if err != nil {
		return nil, err
	}
	m := &Machine{Backend: b, Lessor: lease.New()}
	if m.Store, err = mvcc.Open(b); err == nil {
		err = m.load()
	}
	if err != nil {
		_ = b.Abandon()
		return nil, err
	}
	return m, nil
}

// load reads what is kept in memory beside the index.
func (m *Machine) load() error {
	if err := m.loadRows(); err != nil {
		return err
	}
	m.Store.Leases(m.Lessor.Attach)
	return nil
}

// loadRows has a read transaction of its own: two at a time could wait for a defragmentation, and
// that for the first.
func (m *Machine) loadRows() error {
	tx := m.Backend.Read()
	defer tx.Close()
	if err := m.alarms.load(tx); err != nil {
		return err
	}
	if err := m.Lessor.Load(tx); err != nil {
		return err
	}
	m.term.Store(number(tx.Get(backend.Meta, termKey)))
	m.applied.Store(int64(number(tx.Get(backend.Meta, appliedKey))))
	return nil
}

func number(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// Close stores everything and closes the database.
func (m *Machine) Close() error {
	m.Store.Rest()
	return m.Backend.Close()
}

// Applied is the index of the last entry that was applied.
func (m *Machine) Applied() int { return int(m.applied.Load()) }

// Term is the newest term whose barrier was applied.
func (m *Machine) Term() uint64 { return m.term.Load() }

// Commit makes durable what has been applied.
func (m *Machine) Commit() error {
	m.Backend.ForceCommit()
	return nil
}

// CopyTo copies the database into a new file, and returns the index up to which that has all
// entries.
func (m *Machine) CopyTo(name string) (index int, err error) {
	err = m.Backend.CopyTo(name, func(get func(backend.Bucket, []byte) []byte) {
		index = int(number(get(backend.Meta, appliedKey)))
	})
	return index, err
}

// Replace gives the state up, has swap put another database in its place, and reads that.
func (m *Machine) Replace(swap func() error) error {
	if err := m.Store.Replace(func() error { return m.Backend.Replace(swap) }); err != nil {
		return err
	}
	return m.load()
}

// Apply executes the items of the next log entry, which may have none. What they do becomes visible
// together, and the applied index is in the same transaction of the database.
func (m *Machine) Apply(index int, ops [][]byte, wanted bool) [][]byte {
	if applied := m.Applied(); index != applied+1 {
		panic(fmt.Sprintf("machine: entry %d is applied after %d", index, applied))
	}
	if m.OnApply != nil {
		m.OnApply(index, ops)
	}
	began := time.Now()
	m.Backend.Throttle()
	m.tx = m.Backend.Begin()
	m.w = m.Store.Write(m.tx)
	results := make([][]byte, len(ops))
	for i, op := range ops {
		item, err := DecodeItem(op)
		if err != nil {
			panic(fmt.Sprintf("machine: request %d of entry %d cannot be read: %v", i, index, err))
		}
		answer, err := m.do(item)
		m.w.Next()
		if wanted {
			results[i] = encodeResult(answer, err)
		}
	}
	m.tx.Put(backend.Meta, appliedKey, binary.BigEndian.AppendUint64(nil, uint64(index)))
	m.w.End()
	m.tx, m.w = nil, nil
	m.applied.Store(int64(index))
	if m.Took != nil {
		m.Took(time.Since(began))
	}
	return results
}

func (m *Machine) do(i Item) (proto.Message, error) {
	r := i.Request
	switch {
	case m.alarms.on(pb.AlarmType_CORRUPT) && r.Alarm == nil && !i.barrier():
		return nil, rpctypes.ErrGRPCCorrupt
	case r.Put != nil:
		return m.put(r.Put)
	case r.Txn != nil:
		return m.txn(r.Txn)
	case r.DeleteRange != nil:
		return m.deleteRange(r.DeleteRange)
	case r.Compaction != nil:
		return m.compact(r.Compaction)
	case r.LeaseGrant != nil:
		return m.grant(r.LeaseGrant, time.Now())
	case r.LeaseRevoke != nil:
		return m.revoke(r.LeaseRevoke, i.Term)
	case r.Alarm != nil:
		return m.alarm(r.Alarm), nil
	case i.barrier() && i.Term > m.term.Load():
		m.term.Store(i.Term)
		m.tx.Put(backend.Meta, termKey, binary.BigEndian.AppendUint64(nil, i.Term))
	}
	return nil, nil
}

// header is the header of an answer in which the revision alone is known.
func header(revision int64) *pb.ResponseHeader { return &pb.ResponseHeader{Revision: revision} }
