package machine

import (
	"bytes"
	"cmp"
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"raftlab/cluster/mvcc"
)

// txn executes a transaction. All comparisons, those of transactions within it too, look at the
// state before it; then everything that will be done is checked; only then is anything done.
func (m *Machine) txn(r *pb.TxnRequest) (*pb.TxnResponse, error) {
	if m.alarms.noSpace() && Puts(r) {
		return nil, rpctypes.ErrGRPCNoSpace
	}
	path := decide(m.w, r)
	if err := path.check(m); err != nil {
		return nil, err
	}
	answer := path.run(m)
	answer.Header.Revision = m.w.Revision()
	return answer, nil
}

// ReadTxn executes a transaction that writes nothing on the store as it is.
func ReadTxn(s *mvcc.Store, r *pb.TxnRequest) (*pb.TxnResponse, error) {
	for {
		// All of it has to see one state: the newest at the beginning, unless it asks for another.
		revision := s.Revision()
		at := pinned{s, revision}
		answer, err := decide(at, r).read(at)
		if s.Compacted() > revision {
			continue // that state has gone meanwhile, and comparisons may have missed keys
		}
		if err == nil {
			answer.Header.Revision = revision
		}
		return answer, err
	}
}

// pinned is a store at one revision.
type pinned struct {
	s        *mvcc.Store
	revision int64
}

func (p pinned) Range(q mvcc.Query) (mvcc.Result, error) {
	if q.Revision > p.revision {
		return mvcc.Result{}, mvcc.ErrFuture
	}
	if q.Revision < 0 && q.Revision < p.s.Compacted() { // as in a transaction that writes
		return mvcc.Result{}, mvcc.ErrCompacted
	}
	if q.Revision <= 0 {
		q.Revision = p.revision
	}
	r, err := p.s.Range(q)
	r.Revision = p.revision
	return r, err
}

// path is what a transaction will do.
type path struct {
	succeeded bool
	ops       []*pb.RequestOp
	nested    map[int]*path // by place in ops
}

func decide(s reader, r *pb.TxnRequest) *path {
	p := &path{succeeded: true, nested: map[int]*path{}}
	for _, c := range r.Compare {
		if p.succeeded = holds(s, c); !p.succeeded {
			break
		}
	}
	if p.ops = r.Success; !p.succeeded {
		p.ops = r.Failure
	}
	for i, op := range p.ops {
		if t := op.GetRequestTxn(); t != nil {
			p.nested[i] = decide(s, t)
		}
	}
	return p
}

// holds says whether a comparison is true of every key in its range. A key that is not there
// compares like one with zero revisions and version, and its value like none: with no value is it
// equal, greater or less.
func holds(s reader, c *pb.Compare) bool {
	r, err := s.Range(mvcc.Query{Key: string(c.Key), End: string(c.RangeEnd)})
	if err != nil {
		return false
	}
	if len(r.KVs) == 0 {
		return c.Target != pb.Compare_VALUE && compares(c, &mvccpb.KeyValue{})
	}
	for _, kv := range r.KVs {
		if !compares(c, kv) {
			return false
		}
	}
	return true
}

func compares(c *pb.Compare, kv *mvccpb.KeyValue) bool {
	result := 0
	switch c.Target {
	case pb.Compare_VALUE:
		result = bytes.Compare(kv.Value, c.GetValue())
	case pb.Compare_CREATE:
		result = cmp.Compare(kv.CreateRevision, c.GetCreateRevision())
	case pb.Compare_MOD:
		result = cmp.Compare(kv.ModRevision, c.GetModRevision())
	case pb.Compare_VERSION:
		result = cmp.Compare(kv.Version, c.GetVersion())
	case pb.Compare_LEASE:
		result = cmp.Compare(kv.Lease, c.GetLease())
	}
	switch c.Result {
	case pb.Compare_EQUAL:
		return result == 0
	case pb.Compare_NOT_EQUAL:
		return result != 0
	case pb.Compare_GREATER:
		return result > 0
	case pb.Compare_LESS:
		return result < 0
	}
	return true
}

// check says why the path cannot be gone.
func (p *path) check(m *Machine) error {
	for i, op := range p.ops {
		var err error
		switch {
		case op.GetRequestRange() != nil:
			err = Told(m.w.Check(op.GetRequestRange().Revision))
		case op.GetRequestPut() != nil:
			err = m.checkPut(op.GetRequestPut())
		case p.nested[i] != nil:
			err = p.nested[i].check(m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *path) answer() *pb.TxnResponse {
	return &pb.TxnResponse{Header: &pb.ResponseHeader{}, Succeeded: p.succeeded, Responses: make([]*pb.ResponseOp, len(p.ops))}
}

// run executes what was checked.
func (p *path) run(m *Machine) *pb.TxnResponse {
	answer := p.answer()
	for i, op := range p.ops {
		o := &pb.ResponseOp{}
		switch {
		case op.GetRequestRange() != nil:
			r, err := Range(m.w, op.GetRequestRange())
			if err != nil {
				panic("machine: a range fails that was checked: " + err.Error())
			}
			o.Response = &pb.ResponseOp_ResponseRange{ResponseRange: r}
		case op.GetRequestPut() != nil:
			o.Response = &pb.ResponseOp_ResponsePut{ResponsePut: m.doPut(op.GetRequestPut())}
		case op.GetRequestDeleteRange() != nil:
			r, err := m.deleteRange(op.GetRequestDeleteRange())
			if err != nil {
				panic("machine: the newest state cannot be read: " + err.Error())
			}
			o.Response = &pb.ResponseOp_ResponseDeleteRange{ResponseDeleteRange: r}
		case p.nested[i] != nil:
			o.Response = &pb.ResponseOp_ResponseTxn{ResponseTxn: p.nested[i].run(m)}
		}
		answer.Responses[i] = o
	}
	return answer
}

// read executes a path that has ranges only.
func (p *path) read(s reader) (*pb.TxnResponse, error) {
	answer := p.answer()
	for i, op := range p.ops {
		o := &pb.ResponseOp{}
		if nested := p.nested[i]; nested != nil {
			r, err := nested.read(s)
			if err != nil {
				return nil, err
			}
			o.Response = &pb.ResponseOp_ResponseTxn{ResponseTxn: r}
		} else {
			r, err := Range(s, op.GetRequestRange())
			if err != nil {
				return nil, err
			}
			o.Response = &pb.ResponseOp_ResponseRange{ResponseRange: r}
		}
		answer.Responses[i] = o
	}
	return answer, nil
}

// Puts says whether a transaction may put something.
func Puts(r *pb.TxnRequest) bool {
	return some(r, func(op *pb.RequestOp) bool { return op.GetRequestPut() != nil })
}

// Reads says whether a transaction only reads, those within it too.
func Reads(r *pb.TxnRequest) bool {
	return !some(r, func(op *pb.RequestOp) bool { return op.GetRequestRange() == nil })
}

// Nests says whether a transaction has another in it.
func Nests(r *pb.TxnRequest) bool {
	return slices.ContainsFunc(slices.Concat(r.Success, r.Failure), func(op *pb.RequestOp) bool { return op.GetRequestTxn() != nil })
}

// Serializable says whether all ranges of a transaction may be answered from an old state.
func Serializable(r *pb.TxnRequest) bool {
	return !some(r, func(op *pb.RequestOp) bool {
		return op.GetRequestRange() == nil || !op.GetRequestRange().Serializable
	})
}

// some says whether a condition holds of any operation in a transaction, whichever way it goes.
func some(r *pb.TxnRequest, is func(*pb.RequestOp) bool) bool {
	for _, ops := range [][]*pb.RequestOp{r.Success, r.Failure} {
		for _, op := range ops {
			if t := op.GetRequestTxn(); t != nil {
				if some(t, is) {
					return true
				}
			} else if is(op) {
				return true
			}
		}
	}
	return false
}
