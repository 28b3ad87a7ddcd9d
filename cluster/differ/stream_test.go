package differ

import (
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// note keeps what a watcher has got, and returns 1 if that is its end.
func note(all map[int64][]string, r *pb.WatchResponse) (ended int) {
	for _, e := range r.Events {
		all[r.WatchId] = append(all[r.WatchId], spaces.ReplaceAllString(e.String(), " "))
	}
	if r.Canceled {
		all[r.WatchId] = append(all[r.WatchId], "canceled", r.CancelReason, time.Duration(r.CompactRevision).String())
		return 1
	}
	return 0
}

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

const quiet = 150 * time.Millisecond

// untilQuiet takes what comes until the stream says that this is all. etcd's does not say so any more when one of its
// watchers has ended because of a compaction; then it is over when nothing comes for a while.
func untilQuiet(s *stream, told []string, all map[int64][]string, alive, ended int) ([]string, error) {
	ask := &pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}}
	for asked := false; ; {
		r, err := s.receive(quiet)
		switch {
		case err != nil:
			return told, err
		case r == nil && (ended > 0 || alive == 0):
			return told, nil
		case r == nil:
			if err := s.Send(ask); err != nil {
				return told, err
			}
			asked = true
		case r.WatchId != -1:
			ended += note(all, r)
		case asked && ended == 0:
			return append(told, fmt.Sprint("all up to ", r.Header.Revision)), nil
		}
	}
}
