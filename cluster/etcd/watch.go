package etcd

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"raftlab/cluster/mvcc"
)

// watchService is etcd's Watch.
type watchService struct {
	pb.UnimplementedWatchServer
	s *Server
}

// progressEvery is how often a watcher that wants to know hears how far it is, if it hears nothing
// else; etcd's default.
const progressEvery = 10 * time.Minute

// nobodysWatch is the ID in answers that concern no watcher, or all.
const nobodysWatch = -1

// Watch serves one stream, which has any number of watchers.
func (w *watchService) Watch(stream grpc.BidiStreamingServer[pb.WatchRequest, pb.WatchResponse]) error {
	st := &watchStream{s: w.s, stream: stream, watchers: map[int64]*watcher{}, taken: map[int64]bool{}, wake: make(chan struct{}, 1)}
	requests, ctx := make(chan *pb.WatchRequest), stream.Context()
	var broken error
	go func() {
		defer close(requests)
		for {
			r, err := stream.Recv()
			if err != nil {
				broken = err
				return
			}
			select {
			case requests <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer st.close()
	w.s.c.Metrics.streams.Inc()
	defer w.s.c.Metrics.streams.Dec()
	err := st.run(ctx, requests)
	if errors.Is(err, errGone) && !errors.Is(broken, io.EOF) { // broken was set before requests was closed
		return broken
	} else if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// errGone: the client sends nothing any more.
var errGone = errors.New("the client has gone")

// watchStream is a stream and its watchers. One goroutine does everything with it, so that a client
// that reads slowly holds up itself alone: what its watchers have to get stays in the store.
type watchStream struct {
	s        *Server
	stream   grpc.BidiStreamingServer[pb.WatchRequest, pb.WatchResponse]
	watchers map[int64]*watcher
	taken    map[int64]bool // IDs; one that a compaction has ended keeps its own, as in etcd
	next     int64          // ID of the next watcher that brings none
	progress bool           // the client wants to know how far all of them are

	mu    sync.Mutex
	ready []*watcher // there may be something for them
	wake  chan struct{}
}

// watcher is one of the stream's watchers.
type watcher struct {
	*mvcc.Watcher
	id       int64
	start    int64 // the revision that it has asked for
	gone     bool
	queued   bool // it is in ready; guarded by the stream's mu
	prev     bool
	fragment bool
	drop     map[mvccpb.Event_EventType]bool
	notify   bool // it wants to know now and then how far it is
	quiet    bool // it has heard nothing since it was last told
}

func (st *watchStream) close() {
	for _, w := range st.watchers {
		w.Close()
	}
}

// run serves the stream until the client goes away.
func (st *watchStream) run(ctx context.Context, requests <-chan *pb.WatchRequest) error {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		var err error
		select {
		case r, ok := <-requests:
			if !ok {
				return errGone
			}
			err = st.request(r)
		case <-st.wake:
		case <-tick.C:
			err = st.tellQuiet()
		case <-ctx.Done():
			return ctx.Err()
		case <-st.s.done:
			return rpctypes.ErrGRPCStopped // so that the client looks for another member
		}
		if err == nil {
			err = st.deliver()
		}
		if err != nil {
			return err
		}
	}
}

func (st *watchStream) send(r *pb.WatchResponse, revision int64) error {
	r.Header = st.s.fill(&pb.ResponseHeader{Revision: revision})
	return st.stream.Send(r)
}

func (st *watchStream) request(r *pb.WatchRequest) error {
	switch {
	case r.GetCreateRequest() != nil:
		return st.create(r.GetCreateRequest())
	case r.GetCancelRequest() != nil:
		if w := st.watchers[r.GetCancelRequest().WatchId]; w != nil {
			st.forget(w)
			delete(st.taken, w.id)
			return st.send(&pb.WatchResponse{WatchId: w.id, Canceled: true}, 0)
		}
		if id := r.GetCancelRequest().WatchId; st.taken[id] { // a compaction has ended it, and nobody has given its ID back
			delete(st.taken, id)
			return st.send(&pb.WatchResponse{WatchId: id, Canceled: true}, 0)
		}
	case r.GetProgressRequest() != nil:
		st.progress = true
	}
	return nil
}

// Why a watcher cannot be made, in etcd's words.
const (
	whyTaken = "mvcc: duplicate watch ID provided on the WatchStream"
	whyEmpty = "mvcc: watcher range is empty"
)

// create makes a watcher. If that starts before what the store still knows it is told so, and ends.
func (st *watchStream) create(r *pb.WatchCreateRequest) error {
	key, end := string(r.Key), string(r.RangeEnd)
	if key == "" {
		key = "\x00" // the smallest that there is
	}
	w := &watcher{id: r.WatchId, start: r.StartRevision, prev: r.PrevKv, fragment: r.Fragment, notify: r.ProgressNotify, quiet: true,
		drop: map[mvccpb.Event_EventType]bool{}}
	why := ""
	switch {
	case r.StartRevision < 0:
		why = rpctypes.ErrorDesc(rpctypes.ErrGRPCCompacted)
	case end != "" && end != mvcc.OpenEnd && key >= end:
		why = whyEmpty
	case w.id != 0 && st.taken[w.id]:
		why = whyTaken
	}
	if why != "" {
		return st.send(&pb.WatchResponse{WatchId: nobodysWatch, Created: true, Canceled: true, CancelReason: why}, 0)
	}
	for w.id == 0 {
		w.id = st.next
		st.next++
		if !st.taken[w.id] {
			break
		}
		w.id = 0
	}
	st.taken[w.id] = true
	for _, f := range r.Filters {
		w.drop[map[pb.WatchCreateRequest_FilterType]mvccpb.Event_EventType{
			pb.WatchCreateRequest_NOPUT: mvccpb.Event_PUT, pb.WatchCreateRequest_NODELETE: mvccpb.Event_DELETE}[f]] = true
	}
	var revision int64
	w.Watcher, revision = st.s.machine.Store.Watch(key, end, r.StartRevision, func() { st.enqueue(w) })
	st.watchers[w.id] = w
	if err := st.send(&pb.WatchResponse{WatchId: w.id, Created: true}, revision); err != nil {
		return err
	}
	if compacted := st.s.machine.Store.Compacted(); r.StartRevision > 0 && r.StartRevision < compacted {
		return st.compacted(w)
	}
	st.enqueue(w)
	return nil
}

// forget ends a watcher.
func (st *watchStream) forget(w *watcher) {
	w.gone = true
	w.Close()
	delete(st.watchers, w.id)
}

// compacted ends a watcher that has missed something for good.
func (st *watchStream) compacted(w *watcher) error {
	st.forget(w)
	return st.send(&pb.WatchResponse{WatchId: w.id, Canceled: true, CompactRevision: st.s.machine.Store.Compacted()}, 0)
}

// enqueue notes that there may be something for a watcher. It is called by the store, too, and does
// not block.
func (st *watchStream) enqueue(w *watcher) {
	st.mu.Lock()
	if !w.queued {
		w.queued = true
		st.ready = append(st.ready, w)
	}
	st.mu.Unlock()
	select {
	case st.wake <- struct{}{}:
	default:
	}
}

// deliver sends a batch to each watcher for which there is something, and then how far they are, if
// the client has asked.
func (st *watchStream) deliver() error {
	st.mu.Lock()
	all := st.ready
	st.ready = nil
	for _, w := range all {
		w.queued = false
	}
	st.mu.Unlock()
	for _, w := range all {
		if w.gone {
			continue
		}
		if _, _, err := st.take(w); err != nil {
			return err
		}
	}
	if st.progress && len(st.watchers) > 0 {
		return st.tellProgress()
	}
	return nil
}

// take sends a watcher's next batch, and returns up to which revision it has everything, and
// whether there is more for it.
func (st *watchStream) take(w *watcher) (upTo int64, more bool, err error) {
	b, err := w.Next()
	if err != nil {
		return 0, false, st.compacted(w)
	}
	if b.More {
		st.enqueue(w)
	}
	events := st.dress(w, b.Events)
	if len(events) == 0 {
		return b.Revision, b.More, nil
	}
	w.quiet = false
	st.s.c.Metrics.events.Add(float64(len(events)))
	return b.Revision, b.More, st.sendEvents(w, events, b.Revision)
}

// dress leaves out what a watcher does not want, and adds what was there before.
func (st *watchStream) dress(w *watcher, events []*mvccpb.Event) (list []*mvccpb.Event) {
	for _, e := range events {
		if w.drop[e.Type] {
			continue
		}
		if w.prev && (e.Type == mvccpb.Event_DELETE || e.Kv.Version > 1) {
			e = &mvccpb.Event{Type: e.Type, Kv: e.Kv} // the store's is shared
			before, err := st.s.machine.Store.Range(mvcc.Query{Key: string(e.Kv.Key), Revision: e.Kv.ModRevision - 1})
			if err == nil && len(before.KVs) > 0 { // it may have been compacted
				e.PrevKv = before.KVs[0]
			}
		}
		list = append(list, e)
	}
	return list
}

// sendEvents sends whole revisions; a message that is too large is cut only for a client that puts
// it together again.
func (st *watchStream) sendEvents(w *watcher, events []*mvccpb.Event, revision int64) error {
	for w.fragment && len(events) > 1 {
		n, size := 0, 0
		for n < len(events) && (n == 0 || size < maxRequest) {
			size += proto.Size(events[n])
			n++
		}
		if n == len(events) {
			break
		}
		if err := st.send(&pb.WatchResponse{WatchId: w.id, Events: events[:n], Fragment: true}, revision); err != nil {
			return err
		}
		events = events[n:]
	}
	return st.send(&pb.WatchResponse{WatchId: w.id, Events: events}, revision)
}

// tellProgress says up to which revision all watchers of the stream have got everything. Those that
// have not come to the newest revision get it first.
func (st *watchStream) tellProgress() error {
	now := st.s.machine.Store.Revision()
	least, behind := now, false
	for _, w := range st.watchers {
		if now < w.start {
			// A client that has come from another member has more than this one. What that would
			// say is nothing new to it.
			st.progress = false
			return nil
		}
		upTo, more, err := st.take(w)
		if err != nil {
			return err
		}
		if !w.gone {
			least, behind = min(least, upTo), behind || more
		}
	}
	if behind {
		return nil // those who are behind are in ready
	}
	st.progress = false
	return st.send(&pb.WatchResponse{WatchId: nobodysWatch}, least)
}

// tellQuiet tells watchers that have heard nothing for long how far they are.
func (st *watchStream) tellQuiet() error {
	for _, w := range st.watchers {
		if !w.notify {
			continue
		}
		upTo, _, err := st.take(w)
		if err == nil && w.quiet && !w.gone && upTo >= w.start {
			err = st.send(&pb.WatchResponse{WatchId: w.id}, upTo)
		}
		if err != nil {
			return err
		}
		w.quiet = true
	}
	return nil
}
