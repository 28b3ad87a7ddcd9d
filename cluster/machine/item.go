package machine

import (
	"encoding/binary"
	"errors"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Item is one request in the log.
type Item struct {
	// Term says in which term an item holds. A barrier (no request) tells that a term has begun; a
	// revocation that a leader has decided is void in any other term. 0: always.
	Term    uint64
	Request *pb.InternalRaftRequest
}

// barrier says whether it is one: an item that asks for nothing.
func (i Item) barrier() bool { return proto.Size(i.Request) == 0 }

// Encode writes an item: the term, and the request.
func (i Item) Encode() []byte {
	out, err := proto.MarshalOptions{}.MarshalAppend(binary.AppendUvarint(nil, i.Term), i.Request)
	if err != nil {
		panic("machine: a request cannot be encoded: " + err.Error()) // it came over the wire, or is ours
	}
	return out
}

// DecodeItem is the inverse of Encode.
func DecodeItem(b []byte) (i Item, err error) {
	term, n := binary.Uvarint(b)
	if n <= 0 {
		return i, errors.New("it has no term")
	}
	i = Item{term, &pb.InternalRaftRequest{}}
	return i, proto.Unmarshal(b[n:], i.Request)
}

// The first byte of a result.
const (
	resultAnswer = 0
	resultError  = 1 // then a code of gRPC, and a text
)

func encodeResult(answer proto.Message, err error) []byte {
	if err != nil {
		st := status.Convert(err)
		return append([]byte{resultError, byte(st.Code())}, st.Message()...)
	}
	if answer == nil {
		return []byte{resultAnswer}
	}
	b, err := proto.MarshalOptions{}.MarshalAppend([]byte{resultAnswer}, answer)
	if err != nil {
		panic("machine: an answer cannot be encoded: " + err.Error()) // it was read from the store
	}
	return b
}

// DecodeResult reads what an item came to: an answer of a known type, or an error that clients are
// told.
func DecodeResult(b []byte, answer proto.Message) error {
	switch {
	case len(b) > 1 && b[0] == resultError:
		return status.Error(codes.Code(b[1]), string(b[2:]))
	case len(b) == 0 || b[0] != resultAnswer:
		return fmt.Errorf("reading the result of a request: it has %d bytes and no kind", len(b))
	}
	return proto.Unmarshal(b[1:], answer)
}
