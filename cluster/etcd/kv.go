package etcd

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/machine"
)

// kvService is etcd's KV.
type kvService struct {
	pb.UnimplementedKVServer
	s *Server
}

// fill completes the header of an answer.
func (s *Server) fill(h *pb.ResponseHeader) *pb.ResponseHeader {
	if h == nil {
		h = &pb.ResponseHeader{}
	}
	h.ClusterId, h.MemberId = s.clusterID, s.memberIDs[s.c.Me]
	term, _ := s.replica.GetState()
	h.RaftTerm = uint64(term)
	if h.Revision == 0 {
		h.Revision = s.machine.Store.Revision()
	}
	return h
}

func (k *kvService) Range(ctx context.Context, r *pb.RangeRequest) (*pb.RangeResponse, error) {
	k.s.c.Metrics.ranges.Inc()
	if err := machine.CheckRange(r); err != nil {
		return nil, err
	}
	if !r.Serializable {
		if err := k.s.linearize(ctx); err != nil {
			return nil, err
		}
	}
	answer, err := machine.Range(k.s.machine.Store, r)
	if err != nil {
		return nil, err
	}
	k.s.fill(answer.Header)
	return answer, nil
}

func (k *kvService) Put(ctx context.Context, r *pb.PutRequest) (*pb.PutResponse, error) {
	k.s.c.Metrics.puts.Inc()
	if err := machine.CheckPut(r); err != nil {
		return nil, err
	}
	if err := k.s.room(ctx, proto.Size(r)); err != nil {
		return nil, err
	}
	answer := &pb.PutResponse{}
	if err := k.s.write(ctx, &pb.InternalRaftRequest{Put: r}, answer); err != nil {
		return nil, err
	}
	k.s.fill(answer.Header)
	return answer, nil
}

func (k *kvService) DeleteRange(ctx context.Context, r *pb.DeleteRangeRequest) (*pb.DeleteRangeResponse, error) {
	k.s.c.Metrics.deletes.Inc()
	if err := machine.CheckDelete(r); err != nil {
		return nil, err
	}
	answer := &pb.DeleteRangeResponse{}
	if err := k.s.write(ctx, &pb.InternalRaftRequest{DeleteRange: r}, answer); err != nil {
		return nil, err
	}
	k.s.fill(answer.Header)
	return answer, nil
}

func (k *kvService) Txn(ctx context.Context, r *pb.TxnRequest) (*pb.TxnResponse, error) {
	k.s.c.Metrics.txns.Inc()
	if err := machine.CheckTxn(r); err != nil {
		return nil, err
	}
	if machine.Reads(r) {
		return k.readTxn(ctx, r)
	}
	if machine.Puts(r) {
		if err := k.s.room(ctx, proto.Size(r)); err != nil {
			return nil, err
		}
	}
	answer := &pb.TxnResponse{}
	if err := k.s.write(ctx, &pb.InternalRaftRequest{Txn: r}, answer); err != nil {
		return nil, err
	}
	k.s.fill(answer.Header)
	return answer, nil
}

// readTxn executes a transaction that writes nothing, without the log. In etcd one with another in
// it goes through the log whatever that does. So its size is bounded, it is never answered from an
// old state, and it is refused while there is the alarm CORRUPT; here as well.
func (k *kvService) readTxn(ctx context.Context, r *pb.TxnRequest) (*pb.TxnResponse, error) {
	nests := machine.Nests(r)
	if nests && tooLarge(&pb.InternalRaftRequest{Txn: r}) {
		return nil, rpctypes.ErrGRPCRequestTooLarge
	}
	if nests || !machine.Serializable(r) {
		if err := k.s.linearize(ctx); err != nil {
			return nil, err
		}
	}
	if nests && len(k.s.machine.Alarms(pb.AlarmType_CORRUPT)) > 0 {
		return nil, rpctypes.ErrGRPCCorrupt
	}
	answer, err := machine.ReadTxn(k.s.machine.Store, r)
	if err != nil {
		return nil, err
	}
	k.s.fill(answer.Header)
	return answer, nil
}

func (k *kvService) Compact(ctx context.Context, r *pb.CompactionRequest) (*pb.CompactionResponse, error) {
	answer := &pb.CompactionResponse{}
	if err := k.s.write(ctx, &pb.InternalRaftRequest{Compaction: r}, answer); err != nil {
		return nil, err
	}
	if r.Physical {
		err := k.s.within(ctx, func() error {
			<-k.s.machine.Store.Compacting()
			k.s.machine.Backend.ForceCommit() // gone means gone after a crash, too
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	k.s.fill(answer.Header)
	return answer, nil
}

// streamedKeys is how many keys go into a message of a streamed range.
const streamedKeys = 1000

// RangeStream answers a range in pieces, all of which are of one revision.
func (k *kvService) RangeStream(r *pb.RangeRequest, stream grpc.ServerStreamingServer[pb.RangeStreamResponse]) error {
	if err := machine.CheckStream(r); err != nil {
		return err
	}
	whole, err := k.Range(stream.Context(), r)
	if err != nil {
		return err
	}
	for kvs := whole.Kvs; len(kvs) > streamedKeys; kvs = kvs[streamedKeys:] {
		if err := stream.Send(&pb.RangeStreamResponse{RangeResponse: &pb.RangeResponse{Kvs: kvs[:streamedKeys]}}); err != nil {
			return err
		}
		whole.Kvs = kvs[streamedKeys:]
	}
	return stream.Send(&pb.RangeStreamResponse{RangeResponse: whole})
}
