package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/backend"
	"raftlab/cluster/mvcc"
)

// bench is a machine that a test drives.
type bench struct {
	*Machine
	t    *testing.T
	path string
}

func newBench(t *testing.T) bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	m, err := Open(path, backend.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return bench{m, t, path}
}

// do executes one request as a log entry.
func (b bench) do(i Item, answer proto.Message) error {
	b.t.Helper()
	return DecodeResult(b.Apply(b.Applied()+1, [][]byte{i.Encode()}, true)[0], answer)
}

func (b bench) put(key, value string, lease int64) error {
	r := &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte(key), Value: []byte(value), Lease: lease}}
	return b.do(Item{Request: r}, &pb.PutResponse{})
}

func (b bench) txn(r *pb.TxnRequest) (*pb.TxnResponse, error) {
	answer := &pb.TxnResponse{}
	if err := CheckTxn(r); err != nil {
		return nil, err
	}
	return answer, b.do(Item{Request: &pb.InternalRaftRequest{Txn: r}}, answer)
}

func (b bench) value(key string) string {
	r, err := b.Store.Range(mvcc.Query{Key: key})
	require.NoError(b.t, err)
	if len(r.KVs) == 0 {
		return ""
	}
	return string(r.KVs[0].Value)
}

func putOp(key, value string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte(key), Value: []byte(value)}}}
}

func deleteOp(key, end string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: []byte(key), RangeEnd: []byte(end)}}}
}

func getOp(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: []byte(key)}}}
}

func txnOp(r *pb.TxnRequest) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestTxn{RequestTxn: r}}
}

func valueIs(key, value string) *pb.Compare {
	return &pb.Compare{Target: pb.Compare_VALUE, Key: []byte(key), TargetUnion: &pb.Compare_Value{Value: []byte(value)}}
}

// A revision is what a write has changed: a transaction with many keys is one, and one that changes
// nothing is none.
func TestRevisions(t *testing.T) {
	b := newBench(t)
	require.Equal(t, int64(1), b.Store.Revision())
	require.NoError(t, b.put("a", "1", 0))
	require.Equal(t, int64(2), b.Store.Revision())
	r, err := b.txn(&pb.TxnRequest{Compare: []*pb.Compare{valueIs("a", "2")}, Success: []*pb.RequestOp{putOp("a", "3")}, Failure: []*pb.RequestOp{getOp("a")}})
	require.NoError(t, err)
	require.False(t, r.Succeeded)
	require.Equal(t, int64(2), r.Header.Revision, "a failed comparison has no revision")
	r, err = b.txn(&pb.TxnRequest{Success: []*pb.RequestOp{deleteOp("x", "")}})
	require.NoError(t, err)
	require.Equal(t, int64(2), r.Header.Revision, "nor has a deletion of nothing")
	r, err = b.txn(&pb.TxnRequest{Compare: []*pb.Compare{valueIs("a", "1")}, Success: []*pb.RequestOp{putOp("b", "1"), putOp("c", "1"), getOp("b"), deleteOp("a", "")}})
	require.NoError(t, err)
	require.True(t, r.Succeeded)
	require.Equal(t, int64(3), r.Header.Revision)
	require.Equal(t, int64(1), r.Responses[2].GetResponseRange().Count, "a transaction sees what it has written")
	require.Equal(t, int64(1), r.Responses[3].GetResponseDeleteRange().Deleted)
	require.Equal(t, int64(3), b.Store.Revision())
}

// A transaction compares with what the requests before it have left, those of the same entry too.
func TestEntryInOrder(t *testing.T) {
	b := newBench(t)
	item := func(r *pb.TxnRequest) []byte {
		return Item{Request: &pb.InternalRaftRequest{Txn: r}}.Encode()
	}
	put, swap := &pb.TxnRequest{Success: []*pb.RequestOp{putOp("a", "1")}},
		&pb.TxnRequest{Compare: []*pb.Compare{valueIs("a", "1")}, Success: []*pb.RequestOp{putOp("a", "2")}}
	results := b.Apply(1, [][]byte{item(put), item(swap), item(swap)}, true)
	for i, succeeds := range []bool{true, true, false} {
		answer := &pb.TxnResponse{}
		require.NoError(t, DecodeResult(results[i], answer))
		require.Equal(t, succeeds, answer.Succeeded, "request %d", i)
	}
	require.Equal(t, "2", b.value("a"))
	require.Equal(t, int64(3), b.Store.Revision())
}

// A cluster that is said to be corrupt changes nothing any more.
func TestCorrupt(t *testing.T) {
	b := newBench(t)
	for _, action := range []pb.AlarmRequest_AlarmAction{pb.AlarmRequest_ACTIVATE, pb.AlarmRequest_DEACTIVATE} {
		r := &pb.AlarmRequest{Action: action, MemberID: 5, Alarm: pb.AlarmType_CORRUPT}
		require.NoError(t, b.do(Item{Request: &pb.InternalRaftRequest{Alarm: r}}, &pb.AlarmResponse{}))
		err := b.put("a", "1", 0)
		if action == pb.AlarmRequest_ACTIVATE {
			require.ErrorContains(t, err, "corrupt cluster")
			require.NoError(t, b.do(Item{Term: 4, Request: &pb.InternalRaftRequest{}}, &pb.InternalRaftRequest{}), "a leader can still begin")
		} else {
			require.NoError(t, err)
		}
	}
}

// What only reads does without the log, and so do transactions within it; and it answers what the
// log would.
func TestReads(t *testing.T) {
	b := newBench(t)
	require.NoError(t, b.put("a", "1", 0))
	looks := &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: []byte("a")}}}
	only := &pb.TxnRequest{Compare: []*pb.Compare{valueIs("a", "2")}, Success: []*pb.RequestOp{looks}, Failure: []*pb.RequestOp{looks, looks}}
	within := &pb.TxnRequest{Success: []*pb.RequestOp{looks, txnOp(only)}}
	puts := &pb.TxnRequest{Success: []*pb.RequestOp{looks}, Failure: []*pb.RequestOp{putOp("a", "1")}}
	require.True(t, Reads(only))
	require.True(t, Reads(within))
	require.False(t, Reads(puts))
	require.False(t, Reads(&pb.TxnRequest{Failure: []*pb.RequestOp{looks, txnOp(puts)}}))
	require.False(t, Nests(only))
	require.True(t, Nests(within))

	logged, err := b.txn(within)
	require.NoError(t, err)
	read, err := ReadTxn(b.Store, within)
	require.NoError(t, err)
	require.Equal(t, logged.String(), read.String())
	require.Len(t, read.Responses[1].GetResponseTxn().Responses, 2)
}

// All comparisons look at the state before the transaction; if anything in it cannot be done
// nothing is.
func TestNestedTxn(t *testing.T) {
	b := newBench(t)
	r, err := b.txn(&pb.TxnRequest{Success: []*pb.RequestOp{putOp("a", "1"),
		txnOp(&pb.TxnRequest{Compare: []*pb.Compare{valueIs("a", "1")}, Success: []*pb.RequestOp{putOp("b", "yes")}, Failure: []*pb.RequestOp{putOp("b", "no")}})}})
	require.NoError(t, err)
	require.False(t, r.Responses[1].GetResponseTxn().Succeeded)
	require.Equal(t, "no", b.value("b"))

	keep := &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte("none"), IgnoreValue: true}}}
	_, err = b.txn(&pb.TxnRequest{Success: []*pb.RequestOp{putOp("a", "2"), txnOp(&pb.TxnRequest{Success: []*pb.RequestOp{keep}})}})
	require.Equal(t, rpctypes.ErrGRPCKeyNotFound.Error(), err.Error())
	require.Equal(t, "1", b.value("a"))
	require.Equal(t, int64(2), b.Store.Revision())
}

func TestChecks(t *testing.T) {
	var many []*pb.RequestOp
	for i := range MaxOps + 1 {
		many = append(many, putOp(fmt.Sprint(i), ""))
	}
	either := txnOp(&pb.TxnRequest{Success: []*pb.RequestOp{putOp("a", "")}, Failure: []*pb.RequestOp{putOp("a", "")}})
	for name, c := range map[string]struct {
		ops  []*pb.RequestOp
		want error
	}{
		"as many as may be":         {many[1:], nil},
		"one too many":              {many, rpctypes.ErrGRPCTooManyOps},
		"too many within":           {append([]*pb.RequestOp{txnOp(&pb.TxnRequest{Success: many[:2]})}, many[:MaxOps-2]...), rpctypes.ErrGRPCTooManyOps},
		"no key":                    {[]*pb.RequestOp{putOp("", "")}, rpctypes.ErrGRPCEmptyKey},
		"nothing":                   {[]*pb.RequestOp{{}}, rpctypes.ErrGRPCKeyNotFound},
		"put twice":                 {[]*pb.RequestOp{putOp("a", ""), putOp("a", "")}, rpctypes.ErrGRPCDuplicateKey},
		"put and deleted":           {[]*pb.RequestOp{putOp("b", ""), deleteOp("a", "c")}, rpctypes.ErrGRPCDuplicateKey},
		"put beside what goes":      {[]*pb.RequestOp{putOp("c", ""), deleteOp("a", "c")}, nil},
		"deleted twice":             {[]*pb.RequestOp{deleteOp("a", "c"), deleteOp("b", "")}, nil},
		"on both ways":              {[]*pb.RequestOp{either}, nil},
		"on a way and outside":      {[]*pb.RequestOp{either, putOp("a", "")}, rpctypes.ErrGRPCDuplicateKey},
		"on a way, deleted outside": {[]*pb.RequestOp{either, deleteOp("a", "b")}, rpctypes.ErrGRPCDuplicateKey},
		"deleted without an end":    {[]*pb.RequestOp{either, deleteOp("a", "\x00")}, nil},
	} {
		require.Equal(t, c.want, CheckTxn(&pb.TxnRequest{Success: c.ops}), name)
		require.Equal(t, c.want, CheckTxn(&pb.TxnRequest{Failure: c.ops}), name)
	}
}

// A lease takes its keys along, at one revision. What a leader of another term has decided is void.
func TestLease(t *testing.T) {
	b := newBench(t)
	grant := func(id, ttl int64) error {
		return b.do(Item{Request: &pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: id, TTL: ttl}}}, &pb.LeaseGrantResponse{})
	}
	revoke := func(id int64, term uint64) error {
		return b.do(Item{Term: term, Request: &pb.InternalRaftRequest{LeaseRevoke: &pb.LeaseRevokeRequest{ID: id}}}, &pb.LeaseRevokeResponse{})
	}
	barrier := func(term uint64) {
		require.NoError(t, b.do(Item{Term: term, Request: &pb.InternalRaftRequest{}}, &pb.InternalRaftRequest{}))
	}
	require.ErrorContains(t, b.put("a", "1", 7), "lease not found")
	require.NoError(t, grant(7, 10))
	require.NoError(t, grant(8, 10))
	require.ErrorContains(t, grant(7, 10), "already exists")
	require.ErrorContains(t, grant(9, 9_000_000_001), "too large")
	for _, k := range []string{"c", "a", "b", "moved", "left"} {
		require.NoError(t, b.put(k, "1", 7))
	}
	require.NoError(t, b.put("moved", "2", 8))
	require.NoError(t, b.put("left", "2", 0))
	require.Equal(t, []string{"a", "b", "c"}, b.Lessor.Look(7, time.Now()).Keys)
	barrier(3)
	require.Error(t, revoke(7, 2))
	require.Equal(t, "1", b.value("a"))
	before := b.Store.Revision()
	require.NoError(t, revoke(7, 3))
	require.Equal(t, before+1, b.Store.Revision())
	require.Equal(t, [4]string{"", "", "2", "2"}, [4]string{b.value("a"), b.value("b"), b.value("moved"), b.value("left")})
	require.ErrorContains(t, revoke(7, 0), "lease not found")
	require.Equal(t, []int64{8}, b.Lessor.List())
	barrier(2)
	require.Equal(t, uint64(3), b.Term(), "a barrier that is late")
}

// Whether there is space is decided by the alarm alone. What makes space, and what ends the alarm,
// is done all the same.
func TestNoSpace(t *testing.T) {
	b := newBench(t)
	require.NoError(t, b.put("a", strings.Repeat("1", 1<<20), 0))
	require.NoError(t, b.Commit())
	require.NoError(t, b.put("a", "1", 0), "how large the file is is another thing at each member")
	alarm := func(action pb.AlarmRequest_AlarmAction) *pb.AlarmResponse {
		answer := &pb.AlarmResponse{}
		require.NoError(t, b.do(Item{Request: &pb.InternalRaftRequest{Alarm: &pb.AlarmRequest{Action: action, MemberID: 5, Alarm: pb.AlarmType_NOSPACE}}}, answer))
		return answer
	}
	require.Len(t, alarm(pb.AlarmRequest_ACTIVATE).Alarms, 1)
	require.ErrorContains(t, b.put("a", "2", 0), "space exceeded")
	_, err := b.txn(&pb.TxnRequest{Success: []*pb.RequestOp{putOp("a", "2")}})
	require.ErrorContains(t, err, "space exceeded")
	_, err = b.txn(&pb.TxnRequest{Success: []*pb.RequestOp{deleteOp("a", "")}})
	require.NoError(t, err)
	require.Len(t, b.Alarms(pb.AlarmType_NONE), 1)
	require.Len(t, alarm(pb.AlarmRequest_DEACTIVATE).Alarms, 1)
	require.Empty(t, alarm(pb.AlarmRequest_DEACTIVATE).Alarms)
	require.NoError(t, b.put("a", "2", 0))
}

// The state in another machine's place is the state of the one that was copied: store, leases,
// alarms and term.
func TestReplace(t *testing.T) {
	a, b := newBench(t), newBench(t)
	require.NoError(t, a.do(Item{Request: &pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 7, TTL: 60}}}, &pb.LeaseGrantResponse{}))
	require.NoError(t, a.put("x", "1", 7))
	require.NoError(t, a.do(Item{Term: 9, Request: &pb.InternalRaftRequest{}}, &pb.InternalRaftRequest{}))
	require.NoError(t, b.put("y", "1", 0))
	w, _ := b.Store.Watch("x", "", 0, func() {})
	require.NoError(t, a.put("x", "2", 7))
	copied := filepath.Join(t.TempDir(), "copy")
	index, err := a.CopyTo(copied)
	require.NoError(t, err)
	require.Equal(t, 4, index)
	require.NoError(t, b.Replace(func() error { return os.Rename(copied, b.path) }))
	require.Equal(t, 4, b.Applied())
	require.Equal(t, uint64(9), b.Term())
	require.Equal(t, "", b.value("y"))
	require.Equal(t, []string{"x"}, b.Lessor.Look(7, time.Now()).Keys)
	batch, err := w.Next()
	require.NoError(t, err)
	require.Len(t, batch.Events, 1, "a watcher goes on at the revision that it had come to")
	require.Equal(t, "2", string(batch.Events[0].Kv.Value))
	w.Close()
}
