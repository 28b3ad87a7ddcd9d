package differ

import (
	"context"
	"fmt"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// watching is a stream with some watchers, and what is done while they are there.
type watching struct {
	creates []*pb.WatchCreateRequest
	cancels []int64
	writes  []func(context.Context, side) string
	future  int64 // one of them begins at this revision, which the writes may not come to
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
			w.future = g.revision + 1 + g.Int64N(4)
			w.creates[0].StartRevision = w.future
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
		t := &taker{stream: newStream(opened), perWatch: map[int64][]string{}}
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
	alive    int     // watchers
	ended    []int64 // by a compaction, and nobody has canceled them since
	owed     int     // answers to those who cancel them
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
	if err := reach(ctx, s, w.future); err != nil {
		return err
	}
	if err := t.untilAll(); err != nil {
		return err
	}
	for _, id := range w.cancels {
		if err := t.cancel(id); err != nil {
			return err
		}
	}
	// Watchers of nothing are refused: after what the stream says to that no answer is left.
	nothing := &pb.WatchCreateRequest{Key: []byte("b"), RangeEnd: []byte("a")}
	if err := t.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: nothing}}); err != nil {
		return err
	}
	return t.until(func(r *pb.WatchResponse) bool { return r.Created })
}

// reach writes until the store has come to a revision. Up to there etcd does not say how far a
// stream is one of whose watchers begins with it.
func reach(ctx context.Context, s side, revision int64) error {
	for now := int64(0); now < revision; {
		a, err := s.kv.Put(ctx, &pb.PutRequest{Key: []byte("g"), Value: []byte("once more")})
		if err != nil {
			return err
		}
		now = a.Header.Revision
	}
	return nil
}

func (t *taker) cancel(id int64) error {
	return t.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CancelRequest{CancelRequest: &pb.WatchCancelRequest{WatchId: id}}})
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
	if !r.Canceled {
		return
	}
	t.perWatch[r.WatchId] = append(t.perWatch[r.WatchId], "canceled", r.CancelReason, fmt.Sprint(r.CompactRevision))
	if r.CompactRevision != 0 {
		t.alive--
		t.ended = append(t.ended, r.WatchId)
	} else if t.owed > 0 {
		t.owed--
	}
}

// soon is after how long a stream that says nothing is asked how far it is.
const soon = 10 * time.Millisecond

// untilAll takes what comes until the stream says that this is all, after whatever time: how busy
// the machine is makes no difference. While a watcher that a compaction has ended keeps its ID
// etcd's stream does not say so: it is canceled, which is answered.
func (t *taker) untilAll() error {
	ask := &pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}}
	for t.alive > 0 || len(t.ended) > 0 || t.owed > 0 {
		for _, id := range t.ended {
			if err := t.cancel(id); err != nil {
				return err
			}
			t.owed++
		}
		t.ended = nil
		r, err := t.receive(soon)
		switch {
		case err != nil:
			return err
		case r == nil:
			if err := t.Send(ask); err != nil {
				return err
			}
		case r.WatchId != -1:
			t.note(r)
		case t.owed == 0 && t.alive > 0:
			t.told = append(t.told, fmt.Sprint("all up to ", r.Header.Revision))
			return nil
		}
	}
	return nil
}
