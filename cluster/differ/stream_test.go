package differ

import (
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// stream is a watch stream that one goroutine reads, so that others can stop waiting.
type stream struct {
	pb.Watch_WatchClient
	got chan received
}

type received struct {
	r   *pb.WatchResponse
	err error
}

func newStream(c pb.Watch_WatchClient) *stream {
	s := &stream{c, make(chan received, 1000)}
	go func() {
		for {
			r, err := c.Recv()
			s.got <- received{r, err}
			if err != nil {
				return
			}
		}
	}()
	return s
}

// receive returns nothing if nothing comes for so long.
func (s *stream) receive(within time.Duration) (*pb.WatchResponse, error) {
	select {
	case g := <-s.got:
		return g.r, g.err
	case <-time.After(within):
		return nil, nil
	}
}
