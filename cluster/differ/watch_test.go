package differ

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// watching is a stream with some watchers, and what is done while they are there.
type watching struct {
	creates []*pb.WatchCreateRequest
	cancels []int64
	writes  []func(context.Context, side) string
	future  bool // one of them begins later than that: etcd does not say how far it is, and we do
}

// watch opens a stream, and takes what its watchers get until the stream says that this is all.
func (g *generator) watch() func(context.Context, side) string {
	w := &watching{}
	for range 1 + g.IntN(3) {
		w.creates = append(w.creates, g.watcher())
	}
	told := fmt.Sprint("watch ", w.creates)
	if g.chance(3) {
		w.cancels = []int64{g.Int64N(3), g.Int64N(3)}
		told = fmt.Sprint(told, ", cancel ", w.cancels)
	}
	if g.chance(2) {
		if g.chance(2) {
			w.creates[0].StartRevision, w.future = g.revision+1+g.Int64N(4), true
		}
		for range 1 + g.IntN(4) {
			w.writes = append(w.writes, g.written())
			told += "; " + g.last
		}
	}
	g.last = told
	return func(ctx context.Context, s side) string {
		ctx, stop := context.WithTimeout(ctx, 20*time.Second)
		defer stop()
		opened, err := s.watch.Watch(ctx)
		if err != nil {
			return tell(nil, err)
		}
		t := &taker{stream: newStream(opened), perWatch: map[int64][]string{}, future: w.future}
		if err := t.all(ctx, s, w); err != nil {
			return strings.Join(t.told, "\n") + tell(nil, err)
		}
		return t.text()
	}
}

// written draws a request that may change something.
func (g *generator) written() func(context.Context, side) string {
	switch g.IntN(3) {
	case 0:
		return request(g, g.deleteRequest(), deletes)
	case 1:
		return request(g, g.txnRequest(1), txns)
	}
	return request(g, g.putRequest(), puts)
}

func (g *generator) watcher() *pb.WatchCreateRequest {
	c := &pb.WatchCreateRequest{Key: g.key(), RangeEnd: g.end(), PrevKv: g.chance(2), Fragment: g.chance(3)}
	if !g.chance(4) {
		c.StartRevision = g.revision - g.Int64N(min(g.revision, 60))
	}
	if g.chance(20) {
		c.StartRevision = -1 - g.Int64N(3)
	}
	if g.chance(5) {
		c.WatchId = g.Int64N(3)
	}
	if g.chance(4) {
		c.Filters = append(c.Filters, pb.WatchCreateRequest_FilterType(g.IntN(2)))
	}
	return c
}

// taker takes what comes on a stream.
type taker struct {
	*stream
	told     []string
	perWatch map[int64][]string
	future   bool
	alive    int // watchers
	ended    int // by a compaction
}

func (t *taker) text() string {
	for _, id := range []int64{0, 1, 2, 3, 4, 5} {
		t.told = append(t.told, fmt.Sprint(id, ": ", strings.Join(t.perWatch[id], "; ")))
	}
	return strings.Join(t.told, "\n")
}

// all has the watchers made, the writes done, some watchers ended, and takes what there is.
func (t *taker) all(ctx context.Context, s side, w *watching) error {
	for _, c := range w.creates {
		if err := t.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: c}}); err != nil {
			return err
		}
		if err := t.until(func(r *pb.WatchResponse) bool { return r.Created }); err != nil {
			return err
		}
	}
	for _, do := range w.writes {
		t.told = append(t.told, do(ctx, s))
	}
	if err := t.untilQuiet(); err != nil {
		return err
	}
	for _, id := range w.cancels {
		c := &pb.WatchRequest{RequestUnion: &pb.WatchRequest_CancelRequest{CancelRequest: &pb.WatchCancelRequest{WatchId: id}}}
		if err := t.Send(c); err != nil {
			return err
		}
	}
	if len(w.cancels) > 0 {
		return t.untilQuiet()
	}
	return nil
}

// until takes what comes until an answer is the one.
func (t *taker) until(is func(*pb.WatchResponse) bool) error {
	for {
		r, err := t.receive(20 * time.Second)
		if err != nil {
			return err
		}
		if r == nil {
			return context.DeadlineExceeded
		}
		if !is(r) {
			t.note(r)
			continue
		}
		t.told = append(t.told, tell(r, nil))
		if !r.Canceled {
			t.alive++
		}
		return nil
	}
}

// note keeps what a watcher has got.
func (t *taker) note(r *pb.WatchResponse) {
	for _, e := range r.Events {
		t.perWatch[r.WatchId] = append(t.perWatch[r.WatchId], spaces.ReplaceAllString(e.String(), " "))
	}
	if r.Canceled {
		t.perWatch[r.WatchId] = append(t.perWatch[r.WatchId], "canceled", r.CancelReason, fmt.Sprint(r.CompactRevision))
		t.alive--
		if r.CompactRevision != 0 {
			t.ended++
		}
	}
}

const (
	soon  = 10 * time.Millisecond
	quiet = 150 * time.Millisecond
)

// untilQuiet takes what comes until the stream says that this is all. etcd's does not say so any
// more when one of its watchers has ended because of a compaction, or begins in the future; then it
// is over when nothing comes for a while.
func (t *taker) untilQuiet() error {
	ask := &pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}}
	for asked := false; ; {
		silent := t.ended > 0 || t.alive <= 0 || t.future
		wait := soon
		if silent {
			wait = quiet
		}
		r, err := t.receive(wait)
		switch {
		case err != nil:
			return err
		case r == nil && silent:
			return nil
		case r == nil:
			if err := t.Send(ask); err != nil {
				return err
			}
			asked = true
		case r.WatchId != -1:
			t.note(r)
		case asked && !silent:
			all := fmt.Sprint("all up to ", r.Header.Revision)
			if !slices.Contains(t.told, all) { // it may have been asked more than once
				t.told = append(t.told, all)
			}
			return nil
		}
	}
}
