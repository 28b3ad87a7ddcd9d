package mvcc

import "go.etcd.io/etcd/api/v3/mvccpb"

// revisionEvents is what one revision has changed.
type revisionEvents struct {
	revision int64
	events   []*mvccpb.Event
}

// Bounds of what is kept in memory for watchers.
const (
	maxRecent      = 8192    // events
	maxRecentBytes = 8 << 20 // of keys and values
)

// recent is the newest events. Watchers that keep up read from here, and never from the database.
type recent struct {
	from   int64 // revisions from here on are complete
	list   []revisionEvents
	events int
	bytes  int
}

func weight(e revisionEvents) (bytes int) {
	for _, ev := range e.events {
		bytes += len(ev.Kv.Key) + len(ev.Kv.Value)
	}
	return bytes
}

func (r *recent) add(list []revisionEvents) {
	for _, e := range list {
		r.list = append(r.list, e)
		r.events += len(e.events)
		r.bytes += weight(e)
	}
	drop := 0
	for drop < len(r.list)-1 && (r.events > maxRecent || r.bytes > maxRecentBytes) {
		r.events -= len(r.list[drop].events)
		r.bytes -= weight(r.list[drop])
		r.from = r.list[drop].revision + 1
		drop++
	}
	r.list = r.list[drop:] // what is before it goes when the list is moved to grow; to move it each time would cost more than all the rest
}

// since returns the events from a revision on, or says that they are not all here.
func (r *recent) since(revision int64) ([]revisionEvents, bool) {
	if revision < r.from {
		return nil, false
	}
	if len(r.list) == 0 {
		return nil, true
	}
	i := max(revision-r.list[0].revision, 0) // revisions have no gaps
	return r.list[min(i, int64(len(r.list))):], true
}
