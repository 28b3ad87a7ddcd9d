package machine

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"raftlab/cluster/mvcc"
)

// MaxOps is how many comparisons, or operations of a branch, a transaction may have, those within
// it included.
const MaxOps = 128

// CheckRange says why a range can never be answered.
func CheckRange(r *pb.RangeRequest) error {
	if len(r.Key) == 0 {
		return rpctypes.ErrGRPCEmptyKey
	}
	_, order := pb.RangeRequest_SortOrder_name[int32(r.SortOrder)]
	_, target := pb.RangeRequest_SortTarget_name[int32(r.SortTarget)]
	if !order || !target {
		return rpctypes.ErrGRPCInvalidSortOption
	}
	return nil
}

// CheckStream says why a range cannot be answered in pieces: what is sorted or left out is not
// known before all is read. The texts are etcd's.
func CheckStream(r *pb.RangeRequest) error {
	switch err := CheckRange(r); {
	case err != nil:
		return err
	case r.SortOrder != pb.RangeRequest_NONE && (r.SortTarget != pb.RangeRequest_KEY || r.SortOrder != pb.RangeRequest_ASCEND):
		return status.Error(codes.Unimplemented, "RangeStream does not support custom sort orders")
	case filters(r):
		return status.Error(codes.Unimplemented, "RangeStream does not support revision filters")
	}
	return nil
}

// CheckPut says why a put can never be done.
func CheckPut(r *pb.PutRequest) error {
	switch {
	case len(r.Key) == 0:
		return rpctypes.ErrGRPCEmptyKey
	case r.IgnoreValue && len(r.Value) != 0:
		return rpctypes.ErrGRPCValueProvided
	case r.IgnoreLease && r.Lease != 0:
		return rpctypes.ErrGRPCLeaseProvided
	}
	return nil
}

// CheckDelete says why a deletion can never be done.
func CheckDelete(r *pb.DeleteRangeRequest) error {
	if len(r.Key) == 0 {
		return rpctypes.ErrGRPCEmptyKey
	}
	return nil
}

// CheckTxn says why a transaction can never be done.
func CheckTxn(r *pb.TxnRequest) error {
	if err := checkTxn(r, MaxOps); err != nil {
		return err
	}
	if _, err := keysOf(r.Success); err != nil {
		return err
	}
	_, err := keysOf(r.Failure)
	return err
}

func checkTxn(r *pb.TxnRequest, most int) error {
	n := max(len(r.Compare), len(r.Success), len(r.Failure))
	if n > most {
		return rpctypes.ErrGRPCTooManyOps
	}
	for _, c := range r.Compare {
		if len(c.Key) == 0 {
			return rpctypes.ErrGRPCEmptyKey
		}
	}
	for _, ops := range [][]*pb.RequestOp{r.Success, r.Failure} {
		for _, op := range ops {
			if err := checkOp(op, most-n); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkOp(op *pb.RequestOp, most int) error {
	switch {
	case op.GetRequestRange() != nil:
		return CheckRange(op.GetRequestRange())
	case op.GetRequestPut() != nil:
		return CheckPut(op.GetRequestPut())
	case op.GetRequestDeleteRange() != nil:
		return CheckDelete(op.GetRequestDeleteRange())
	case op.GetRequestTxn() != nil:
		return checkTxn(op.GetRequestTxn(), most)
	}
	return rpctypes.ErrGRPCKeyNotFound // an operation that is none
}

// written is what a list of operations may write.
type written struct {
	puts map[string]bool
	dels []*pb.DeleteRangeRequest
}

func (w *written) deletes(key string) bool {
	for _, d := range w.dels {
		from, end := string(d.Key), string(d.RangeEnd)
		// etcd does not look at deletions without an end here, and what is written after one in a
		// transaction stays.
		if end != mvcc.OpenEnd && mvcc.Within(key, from, end) {
			return true
		}
	}
	return false
}

// keysOf makes sure that no key is written twice, whichever way transactions in the list go. The
// two ways of one may write the same.
func keysOf(ops []*pb.RequestOp) (w written, err error) {
	w.puts = map[string]bool{}
	for _, op := range ops {
		if d := op.GetRequestDeleteRange(); d != nil {
			w.dels = append(w.dels, d)
		}
	}
	for _, op := range ops {
		if t := op.GetRequestTxn(); t != nil {
			if err := w.include(t); err != nil {
				return w, err
			}
		}
	}
	for _, op := range ops {
		if p := op.GetRequestPut(); p != nil {
			key := string(p.Key)
			if w.puts[key] || w.deletes(key) {
				return w, rpctypes.ErrGRPCDuplicateKey
			}
			w.puts[key] = true
		}
	}
	return w, nil
}

// include adds what a transaction may write.
func (w *written) include(t *pb.TxnRequest) error {
	yes, err := keysOf(t.Success)
	if err != nil {
		return err
	}
	no, err := keysOf(t.Failure)
	if err != nil {
		return err
	}
	for key := range yes.puts {
		if w.puts[key] || w.deletes(key) {
			return rpctypes.ErrGRPCDuplicateKey
		}
	}
	for key := range no.puts {
		if w.puts[key] || w.deletes(key) {
			return rpctypes.ErrGRPCDuplicateKey
		}
	}
	for _, puts := range []map[string]bool{yes.puts, no.puts} {
		for key := range puts {
			w.puts[key] = true
		}
	}
	w.dels = append(append(w.dels, yes.dels...), no.dels...)
	return nil
}
